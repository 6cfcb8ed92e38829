/**
 * Binaryen's Asyncify pass: how it is run, and the names and constants in the code that it makes.
 */
import type binaryen from "binaryen";

type Binaryen = typeof binaryen;

/** The global with the state of the code: one of the next three. */
export const STATE = "__asyncify_state";
export const NORMAL = 0;
export const UNWINDING = 1;
export const REWINDING = 2;

/** The global with the address of the stack. */
export const DATA = "__asyncify_data";
/**
 * The header at that address: an i32 with the top of the stack, an i32 with its end. The stack
 * follows.
 */
export const HEADER_BYTES = 8;

/**
 * The addresses of a parked stack, which begins with its header. `from` is not 0, so that a null
 * pointer never hits it.
 */
export interface Room {
  readonly from: number;
  readonly to: number;
}

/** The block that the code leaves when a call has unwound. */
export const UNWIND = "__asyncify_unwind";

/** The functions that the pass exports, under the same names. */
export const RUNTIME = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind", "get_state"].map(
  name => `asyncify_${name}`,
);

/** Optimizes before the pass, which stores every live local. */
export function optimizeForPass(b: Binaryen, module: binaryen.Module): void {
  // These options are global to the process. All are set, so that a build does not depend on
  // earlier builds.
  b.setOptimizeLevel(3);
  b.setShrinkLevel(0);
  b.setAlwaysInlineMaxSize(12);
  b.setFlexibleInlineMaxSize(70);
  b.setOneCallerInlineMaxSize(200);
  b.setAllowInliningFunctionsWithLoops(true);
  b.setFastMath(false);
  b.setZeroFilledMemory(false);
  module.optimize();
}

/**
 * Runs the Asyncify pass.
 *
 * @param only internal names of the functions to instrument; default: all functions that need it
 */
export function runPass(b: Binaryen, module: binaryen.Module, imports: string, only: readonly string[] = []): void {
  b.setPassArgument("asyncify-imports", imports);
  if (only.length > 0) b.setPassArgument("asyncify-onlylist", only.join(","));
  try {
    module.runPasses(["asyncify"]);
  } finally {
    b.clearPassArguments();
  }
}
