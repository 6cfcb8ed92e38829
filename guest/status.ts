/**
 * Results that all imports share: the grant is missing, or the caller has reached a limit
 * (docs/security.md).
 */

export const NOT_GRANTED: i32 = -100;
export const OVER_LIMIT: i32 = -101;

/** The ref in the result of an import. 0, which is no ref, where the caller has reached a limit. */
export function refFrom(answer: i32): i32 {
  return answer === OVER_LIMIT ? 0 : answer;
}
