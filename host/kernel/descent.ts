/** A function that calls itself: takes much of a stack, and throws if it is not there. */
export function descend(calls: i32): i32 {
  if (calls <= 0) return 0;
  return (descend((calls - 1) | 0) + 1) | 0;
}
