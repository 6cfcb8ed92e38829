/** What a script waits for: answers and timers, by the refs that their items bear. And what the host refuses. */
import * as native from "isopod:native";

const NOT_GRANTED = -100;
const OVER_LIMIT = -101;

/** The host has not granted this to the actor. */
export class NotGrantedError extends Error {
  name = "NotGrantedError";
}

/** It would be more than a limit of the actor allows. */
export class LimitError extends Error {
  name = "LimitError";
}

/** Throws for the two statuses that every import has, else answers the status. */
export function checked(status, what, grant, limit) {
  if (status === NOT_GRANTED) throw new NotGrantedError(`${what}: the host has not granted ${grant}`);
  if (status === OVER_LIMIT) throw new LimitError(`${what}: a limit is reached (${limit})`);
  return status;
}

// What the script waits for: answers and timers, by the refs that their items bear.

export const waiting = new Map();

export function expect(ref, settle) {
  waiting.set(ref, settle);
  native.await(ref);
}

export function forget(ref) {
  if (waiting.delete(ref)) native.forget(ref);
}

/** An item that bears a ref has come. False: nobody waits for it. */
export function settle(message) {
  const ref = message.kind === "message" ? message.tag : message.ref;
  const found = waiting.get(ref);
  if (found === undefined) return false;
  forget(ref);
  found(message);
  return true;
}

// Timers.

/** Calls a function in so many milliseconds. Answers the ref of the timer. */
export function after(delayMs, call) {
  const delay = Math.min(2 ** 31 - 1, Math.max(0, Math.trunc(Number(delayMs)) || 0));
  const ref = checked(native.sendAfter(delay), "a timer", "", "timers");
  expect(ref, call);
  return ref;
}

export function cancel(ref) {
  if (!waiting.has(ref)) return;
  forget(ref);
  // If it has fired already, its item is in the mailbox.
  if (native.cancelTimer(ref) !== 1) native.demonitor(ref);
}
