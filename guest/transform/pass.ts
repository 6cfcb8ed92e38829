/** What Binaryen's Asyncify pass calls things in the code that it makes. */

/** The global that says what the code is doing. */
export const STATE = "__asyncify_state";
export const NORMAL = 0;
export const UNWINDING = 1;
export const REWINDING = 2;

/** The global that says where the stack is. */
export const DATA = "__asyncify_data";
/** What lies there: an i32 for the top of the stack, an i32 for its end; the stack is behind it. */
export const HEADER_BYTES = 8;

/** Where a parked stack lies, its header first. Not at 0, so that a null pointer never hits it. */
export interface Room {
  readonly from: number;
  readonly to: number;
}

/** The block that is left where a call has unwound. */
export const UNWIND = "__asyncify_unwind";

/** The functions that the pass exports, under the same names. */
export const RUNTIME = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind", "get_state"].map(
  name => `asyncify_${name}`,
);
