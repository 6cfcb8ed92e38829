/**
 * The TypeScript that means the same as AssemblyScript: what the kernel's sources may use. Every
 * number in it is an i32, in JavaScript as well, so each sum must go through an operator that makes
 * it one again. Node types that are not listed here are refused.
 *
 * tsc and asc find the rest: wrong types, and functions as values.
 */
import { parseAst } from "vitest/node";

/** A node of the tree, as ESTree has it. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

/** Node types that need no other check than that of their parts. */
const PLAIN = new Set([
  ...["BlockStatement", "IfStatement", "WhileStatement", "DoWhileStatement"],
  ...["SwitchStatement", "SwitchCase", "BreakStatement", "ContinueStatement", "ReturnStatement"],
  ...["ExpressionStatement", "ParenthesizedExpression", "ConditionalExpression"],
  ...["ImportSpecifier", "ExportSpecifier", "TSTypeAnnotation"],
]);

const AT_TOP = new Set([
  ...["ImportDeclaration", "ExportNamedDeclaration", "FunctionDeclaration", "VariableDeclaration"],
]);

/** Their operands become i32 in JavaScript, too; so do their results, but that of `>>>`. */
const BITS = new Set(["&", "|", "^", "<<", ">>", ">>>"]);
const COMPARISONS = new Set(["===", "!==", "<", "<=", ">", ">="]);
/** Their results may be no i32 in JavaScript. */
const SUMS = new Set(["+", "-", ">>>"]);
const ASSIGNMENTS = new Set(["=", "&=", "|=", "^=", "<<=", ">>="]);

/** The parameters of memory.ts, by number, that may be any sum: the functions make each an i32. */
export const WRAPPING: Readonly<Record<string, readonly number[]>> = {
  load: [0],
  store: [0, 1],
  store2: [0, 1, 2],
  copy2: [0, 1],
  are2: [0],
  count: [0],
  add: [0],
  fits: [0, 1, 3],
  times: [0, 1],
  below: [0, 1],
  isInside: [0, 1],
  guestStore2: [0, 1, 2],
  guestCopy2: [0, 1],
  guestIsZero: [0],
  guestLineIs: [0, 1],
  guestLineDiffers: [0, 1],
  lineDiffers: [0, 1],
  guestLineIn: [0, 1],
  guestLineOut: [0, 1],
  guestTake2: [0, 1],
};

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

const parts = (node: Node): Node[] => Object.values(node).flat().filter(isNode);

/** What is not portable in a source text, each with its line. Empty: nothing. */
export function complaints(text: string): string[] {
  const tree = parseAst(text, { lang: "ts", preserveParens: true }) as unknown as Node;
  const found: string[] = [];
  const complain = (node: Node, what: string) =>
    found.push(`line ${text.slice(0, node.start).split("\n").length}: ${what}`);
  const scope = declaredIn(tree);
  const visit = (node: Node, ancestors: readonly Node[]) => {
    const what = complaintAbout(node, ancestors, scope);
    if (what !== undefined) complain(node, what);
    // One complaint about a thing is enough.
    else for (const part of parts(node)) visit(part, [node, ...ancestors]);
  };
  for (const statement of tree.body as Node[]) {
    if (AT_TOP.has(statement.type)) visit(statement, [tree]);
    else complain(statement, "only imports, exports, functions and variables can stand outside of functions");
  }
  return found;
}

/** The names that a file declares anywhere, and those among them that memory.ts has declared. */
interface Scope {
  readonly names: ReadonlySet<string>;
  readonly callable: ReadonlySet<string>;
  readonly ofMemory: ReadonlySet<string>;
}

function declaredIn(tree: Node): Scope {
  const names = new Set<string>();
  const callable = new Set<string>();
  const ofMemory = new Set<string>();
  const visit = (node: Node) => {
    const name = nameOf(node.type === "ImportSpecifier" ? node.local : node.id);
    if (node.type === "ImportDeclaration" && (node.source as Node).value === "./memory.ts")
      for (const { imported } of node.specifiers as Node[]) ofMemory.add(nameOf(imported));
    if (["ImportSpecifier", "FunctionDeclaration"].includes(node.type)) callable.add(name);
    if (["ImportSpecifier", "FunctionDeclaration", "VariableDeclarator"].includes(node.type)) names.add(name);
    if (node.type === "FunctionDeclaration")
      for (const parameter of node.params as Node[]) names.add(nameOf(parameter));
    for (const part of parts(node)) visit(part);
  };
  visit(tree);
  return { names, callable, ofMemory };
}

const nameOf = (node: unknown): string => (isNode(node) && node.type === "Identifier" ? String(node.name) : "");

function complaintAbout(node: Node, ancestors: readonly Node[], scope: Scope): string | undefined {
  const [parent] = ancestors;
  const operator = String(node.operator);
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
      if (isNode(node.source) && !/^\.\/[\w-]+\.ts$/.test(String(node.source.value)))
        return "an import must be of ./name.ts";
      return node.importKind === "type" ? "there are no types to import" : undefined;
    case "FunctionDeclaration":
      return complaintAboutFunction(node, parent);
    case "VariableDeclaration":
      return node.kind === "const" || node.kind === "let" ? undefined : `${node.kind} is not allowed`;
    case "VariableDeclarator":
      if (nameOf(node.id) === "") return "a variable must have a name";
      return node.init === null ? "a variable must have a value from the start" : undefined;
    case "ForStatement":
      // asc takes for a loop that ends what has no condition.
      return node.test === null ? "a loop without an end is while (true)" : undefined;
    case "TSTypeReference":
      return ["i32", "bool"].includes(nameOf(node.typeName)) ? undefined : "types are i32 and bool";
    case "TSVoidKeyword":
      return ancestors[1].type === "FunctionDeclaration" ? undefined : "only a result is void";
    case "Literal":
      return node === parent.source ? undefined : complaintAboutLiteral(node);
    case "Identifier":
      return complaintAboutName(node, parent, scope);
    case "CallExpression":
      if (!scope.callable.has(nameOf(node.callee))) return "only functions of the kernel can be called";
      return node.typeArguments == null ? undefined : "a call has no types";
    case "LogicalExpression":
      return operator === "&&" || operator === "||" ? undefined : `${operator} is not allowed`;
    case "AssignmentExpression":
      if (nameOf(node.left) === "") return "only a variable can be assigned to";
      return ASSIGNMENTS.has(operator) ? undefined : `${operator} is not allowed`;
    case "UnaryExpression":
      if (operator === "!" || operator === "~") return undefined;
      if (operator !== "-") return `${operator} is not allowed`;
      if ((node.argument as Node).type === "Literal")
        return (node.argument as Node).value === 0 ? "-0 is no i32" : undefined;
      return complaintAboutSum(node, ancestors, scope);
    case "BinaryExpression":
      if (SUMS.has(operator)) return complaintAboutSum(node, ancestors, scope);
      return BITS.has(operator) || COMPARISONS.has(operator) ? undefined : `${operator} is not allowed`;
    default:
      return PLAIN.has(node.type) ? undefined : `${node.type} is not allowed`;
  }
}

function complaintAboutFunction(node: Node, parent: Node): string | undefined {
  if (parent.type !== "Program" && parent.type !== "ExportNamedDeclaration")
    return "a function cannot be in another one";
  if (node.async === true || node.generator === true) return "a function must be plain";
  if (node.typeParameters != null) return "a function has no type parameters";
  const isTyped = (parameter: Node) =>
    nameOf(parameter) !== "" && parameter.typeAnnotation != null && parameter.optional !== true;
  if (!(node.params as Node[]).every(isTyped)) return "a parameter must have a name and a type, and no default";
  return node.returnType == null ? "a function must say what it answers" : undefined;
}

function complaintAboutLiteral(node: Node): string | undefined {
  if (typeof node.value === "boolean") return undefined;
  if (typeof node.value === "string") return "strings are not allowed";
  if (typeof node.value !== "number" || !/^(0x[\da-fA-F_]+|[\d_]+)$/.test(String(node.raw))) return "numbers are whole";
  return node.value > 0x7fffffff ? "this number is no i32" : undefined;
}

function complaintAboutName(node: Node, parent: Node, scope: Scope): string | undefined {
  // What a file exports of another one, it does not declare.
  if (parent.type === "ExportSpecifier" || parent.type === "ImportSpecifier" || parent.type === "TSTypeReference")
    return undefined;
  return scope.names.has(String(node.name)) ? undefined : `${node.name} is not of the kernel`;
}

/** The result of a sum may be no i32 in JavaScript: whatever takes it must make it one. */
function complaintAboutSum(node: Node, ancestors: readonly Node[], scope: Scope): string | undefined {
  let inner = node;
  for (const outer of ancestors) {
    const operator = String(outer.operator);
    const isSum =
      (outer.type === "BinaryExpression" && (operator === "+" || operator === "-")) ||
      (outer.type === "UnaryExpression" && operator === "-");
    if (outer.type !== "ParenthesizedExpression" && !isSum) {
      const bits =
        (outer.type === "BinaryExpression" && BITS.has(operator)) ||
        (outer.type === "UnaryExpression" && operator === "~") ||
        (outer.type === "AssignmentExpression" && operator !== "=" && ASSIGNMENTS.has(operator));
      const callee = nameOf(outer.callee);
      const argument = outer.type === "CallExpression" ? (outer.arguments as Node[]).indexOf(inner) : -1;
      const wraps = scope.ofMemory.has(callee) && WRAPPING[callee]?.includes(argument) === true;
      return bits || wraps ? undefined : `${node.operator} must be inside of ( … ) | 0`;
    }
    inner = outer;
  }
  return undefined;
}
