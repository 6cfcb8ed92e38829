/**
 * What the kernel calls outside of itself, for the kernel as TypeScript: the guest, the actors'
 * turns, and the host. `outside.as.ts` has the same functions for AssemblyScript, where each is an
 * import, or a call through a table.
 */

/** What stands for the guest and the host. Tests replace what they need. */
export interface Outside {
  /** Gives the actor of a slot its turn, and answers what is left to the host. */
  callTurn(slot: i32): i32;
  /** The guest's `handle`. */
  callHandle(length: i32): void;
  /** The guest's `resume:E`. */
  callResume(result: i32): i32;
  /** The guest's `match`. */
  callMatch(predicate: i32, pointer: i32, length: i32): i32;
  /** The guest's `match_first`. */
  callMatchFirst(predicate: i32, pointer: i32, length: i32): i32;
  /** The kernel's run queue is no longer empty. */
  hostCall(): void;
}

const nobody = (): never => {
  throw new Error("the kernel has called what this test does not have");
};

let outside: Outside = {
  callTurn: nobody,
  callHandle: nobody,
  callResume: nobody,
  callMatch: nobody,
  callMatchFirst: nobody,
  hostCall: nobody,
};

/** The functions below call these from now on. */
export function useOutside(others: Partial<Outside>): void {
  outside = { ...outside, ...others };
}

export function callTurn(slot: i32): i32 {
  return outside.callTurn(slot);
}

export function callHandle(length: i32): void {
  outside.callHandle(length);
}

export function callResume(result: i32): i32 {
  return outside.callResume(result);
}

export function callMatch(predicate: i32, pointer: i32, length: i32): i32 {
  return outside.callMatch(predicate, pointer, length);
}

export function callMatchFirst(predicate: i32, pointer: i32, length: i32): i32 {
  return outside.callMatchFirst(predicate, pointer, length);
}

export function hostCall(): void {
  outside.hostCall();
}
