/**
 * How code of ours suspends a guest by Asyncify: it begins to unwind the stack, and it is called
 * again when the stack was rewound. The pass instruments what calls this code, not the code itself.
 */
import type binaryen from "binaryen";
import { HEADER_BYTES, NORMAL, REWINDING, type Room, STATE, UNWINDING } from "./pass.ts";

type Binaryen = typeof binaryen;
type Code = binaryen.ExpressionRef;

/** The global with what `park` will return. */
export const RESULT = "isopod/result";

/** Returns the result where the stack was rewound to here. */
export function returnResult(b: Binaryen, module: binaryen.Module): Code {
  return module.if(
    module.i32.eq(module.global.get(STATE, b.i32), module.i32.const(REWINDING)),
    module.block(null, [setState(module, NORMAL), module.return(module.global.get(RESULT, b.i32))]),
  );
}

/** Begins to unwind. Its value is what the function has to return, and nobody uses it. */
export function unwind(b: Binaryen, module: binaryen.Module, { from, to }: Room): Code {
  const end = module.i64.const(BigInt(to) << 32n);
  return module.block(null, [setState(module, UNWINDING), beginStack(module, from, end), module.i32.const(0)], b.i32);
}

/**
 * Writes the header of an empty stack.
 *
 * @param end an i64 whose upper half is the address at which the stack must end
 */
export function beginStack(module: binaryen.Module, from: number, end: Code): Code {
  const begin = module.i64.const(BigInt(from + HEADER_BYTES));
  return module.i64.store(from, 4, module.i32.const(0), module.i64.or(end, begin));
}

export function setState(module: binaryen.Module, state: number): Code {
  return module.global.set(STATE, module.i32.const(state));
}
