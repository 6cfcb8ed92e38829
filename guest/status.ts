/** What every import answers that the host has not granted to the caller, and that a limit of the caller's stands against (docs/security.md). */

export const NOT_GRANTED: i32 = -100;
export const OVER_LIMIT: i32 = -101;

/** A ref, or the crash of a caller that has more of what the ref is for than its limits allow. */
export function refFrom(answer: i32, what: string): i32 {
  if (answer === OVER_LIMIT) throw new Error(`${what}: there are as many as the limits of this actor allow`);
  return answer;
}
