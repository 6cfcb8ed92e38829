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
  /** The imports, for all cases that the kernel leaves to the host. */
  hostSend(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32;
  hostRequest(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32;
  hostDemonitor(ref: i32, flush: i32): i32;
  hostRecv(info: i32, pointer: i32, capacity: i32, timeout: i32): i32;
  hostRecvTag(info: i32, pointer: i32, capacity: i32, timeout: i32, tag: i32): i32;
  hostRecvMatch(info: i32, pointer: i32, capacity: i32, timeout: i32, predicate: i32): i32;
  /** The run queue is no longer empty. */
  hostCall(): void;
  /** The guest's memory has grown. */
  hostGrown(): void;
  /** The actor pays so many reductions; if it has none left, this throws. */
  hostCharge(reductions: i32): void;
  /** The actor is to end, but its predicate has answered. Throws. */
  hostDoomed(): void;
  /** `match_first` has answered a place where no item begins. Throws. */
  hostAstray(): void;
  /** A handler has left an item that is longer than its window. Throws. */
  hostLeft(length: i32): void;
  /** Writes bytes of a payload that the host keeps into the guest's memory. */
  hostShow(payload: i32, pointer: i32, length: i32): void;
  /** Drops a payload that the host keeps. */
  hostDrop(payload: i32): void;
  /** Throws if less than 64 KiB of the stack are left. */
  hostHeadroom(): void;
  /** The first turn: runs the guest's start function. */
  hostStart(): void;
  /** The stack of a preempted guest is put back. Answers what `resume:E` is called with. */
  hostGoOn(): i32;
  /** The answer of the embedder's function that the guest waits for; PARK: there is none yet. */
  hostAnswer(): i32;
  /** Cancels the timer of the receive. */
  hostDisarm(): void;
}

const missing = (): never => {
  throw new Error("the kernel has called what this test does not have");
};

const nothing: Outside = {
  callTurn: missing,
  callHandle: missing,
  callResume: missing,
  callMatch: missing,
  callMatchFirst: missing,
  hostSend: missing,
  hostRequest: missing,
  hostDemonitor: missing,
  hostRecv: missing,
  hostRecvTag: missing,
  hostRecvMatch: missing,
  hostCall: missing,
  hostGrown: missing,
  hostCharge: missing,
  hostDoomed: missing,
  hostAstray: missing,
  hostLeft: missing,
  hostShow: missing,
  hostDrop: missing,
  hostHeadroom: missing,
  hostStart: missing,
  hostGoOn: missing,
  hostAnswer: missing,
  hostDisarm: missing,
};

let outside = nothing;

/** The functions below call these from now on. */
export function useOutside(given: Partial<Outside>): void {
  outside = { ...nothing, ...given };
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

export function hostSend(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32 {
  return outside.hostSend(lo, hi, tag, pointer, length);
}

export function hostRequest(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32 {
  return outside.hostRequest(lo, hi, tag, pointer, length);
}

export function hostDemonitor(ref: i32, flush: i32): i32 {
  return outside.hostDemonitor(ref, flush);
}

export function hostRecv(info: i32, pointer: i32, capacity: i32, timeout: i32): i32 {
  return outside.hostRecv(info, pointer, capacity, timeout);
}

export function hostRecvTag(info: i32, pointer: i32, capacity: i32, timeout: i32, tag: i32): i32 {
  return outside.hostRecvTag(info, pointer, capacity, timeout, tag);
}

export function hostRecvMatch(info: i32, pointer: i32, capacity: i32, timeout: i32, predicate: i32): i32 {
  return outside.hostRecvMatch(info, pointer, capacity, timeout, predicate);
}

export function hostCall(): void {
  outside.hostCall();
}

export function hostGrown(): void {
  outside.hostGrown();
}

export function hostCharge(reductions: i32): void {
  outside.hostCharge(reductions);
}

export function hostDoomed(): void {
  outside.hostDoomed();
}

export function hostAstray(): void {
  outside.hostAstray();
}

export function hostLeft(length: i32): void {
  outside.hostLeft(length);
}

export function hostShow(payload: i32, pointer: i32, length: i32): void {
  outside.hostShow(payload, pointer, length);
}

export function hostDrop(payload: i32): void {
  outside.hostDrop(payload);
}

export function hostHeadroom(): void {
  outside.hostHeadroom();
}

export function hostStart(): void {
  outside.hostStart();
}

export function hostGoOn(): i32 {
  return outside.hostGoOn();
}

export function hostAnswer(): i32 {
  return outside.hostAnswer();
}

export function hostDisarm(): void {
  outside.hostDisarm();
}
