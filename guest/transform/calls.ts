/**
 * The calls of a module's functions, and the loops around each of them.
 */
import type binaryen from "binaryen";

type Binaryen = typeof binaryen;

export interface Call {
  /** The call itself, whose target can be changed. */
  readonly expression: binaryen.ExpressionRef;
  /** The internal name of the function that is called. */
  readonly target: string;
  /** The loops around it, the outermost first. */
  readonly loops: readonly binaryen.ExpressionRef[];
}

/** The properties of Binaryen's descriptions that are expressions, or lists of them. */
const CHILDREN = [
  "children",
  "operands",
  "condition",
  "ifTrue",
  "ifFalse",
  "body",
  "value",
  "target",
  "ptr",
  "left",
  "right",
  "delta",
  "dest",
  "source",
  "size",
];

/** The direct calls in each function that the module defines, by its internal name. */
export function callsOf(b: Binaryen, module: binaryen.Module): ReadonlyMap<string, readonly Call[]> {
  const found = new Map<string, readonly Call[]>();
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const { name, module: from, body } = b.getFunctionInfo(module.getFunctionByIndex(i));
    if (from) continue;
    const calls: Call[] = [];
    collect(b, body, [], calls);
    found.set(name, calls);
  }
  return found;
}

/** Makes a call reach another function of the same type. */
export function redirect(b: Binaryen, { expression }: Call, target: string): void {
  // Its types do not have this function.
  const { Call } = b as unknown as { Call: { setTarget(call: binaryen.ExpressionRef, target: string): void } };
  Call.setTarget(expression, target);
}

function collect(
  b: Binaryen,
  expression: binaryen.ExpressionRef,
  loops: readonly binaryen.ExpressionRef[],
  calls: Call[],
): void {
  const id = b.getExpressionId(expression);
  if (id === b.CallId) {
    calls.push({ expression, target: (b.getExpressionInfo(expression) as binaryen.CallInfo).target, loops });
  }
  const inner = id === b.LoopId ? [...loops, expression] : loops;
  for (const part of partsOf(b, expression)) collect(b, part, inner, calls);
}

/** The expressions directly inside of this one. */
export function partsOf(b: Binaryen, expression: binaryen.ExpressionRef): readonly binaryen.ExpressionRef[] {
  const id = b.getExpressionId(expression);
  // Binaryen does not describe the first two, and the value of a constant is no expression.
  if (id === b.NopId || id === b.UnreachableId || id === b.ConstId) return [];
  const info = b.getExpressionInfo(expression) as unknown as Readonly<Record<string, unknown>>;
  const given = CHILDREN.flatMap(name => info[name]);
  return given.filter(part => typeof part === "number" && part !== 0) as binaryen.ExpressionRef[];
}
