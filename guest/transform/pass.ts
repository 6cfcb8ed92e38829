/** The names and constants of Binaryen's Asyncify pass. */

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
