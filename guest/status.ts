/** What every import answers that the host has not granted to the caller, and that a limit of the caller's stands against (docs/security.md). */

export const NOT_GRANTED: i32 = -100;
export const OVER_LIMIT: i32 = -101;

/** A ref; 0, which is none, where a limit of the caller's stands against it. */
export function refFrom(answer: i32): i32 {
  return answer === OVER_LIMIT ? 0 : answer;
}
