/** Timers: one that was cancelled in time never comes, and the others come once, in the order of their times. */
import {
  assert,
  assertEquals,
  cancelTimer,
  Kind,
  parent,
  receive,
  receiveWithin,
  self,
  sendAfter,
  sendText,
  spawn,
} from "isopod/guest";

export function noise(): void {
  for (let i = 0; i < 3; i++) sendText(parent(), "noise");
}

export function test(): void {
  spawn("bug", null, "noise");
  const first = sendAfter(10, self());
  const second = sendAfter(20, self());
  const third = sendAfter(30, self());
  receive();
  const isCancelled = cancelTimer(second);
  let fired = 0;
  let last: i32 = 0;
  for (let item = receiveWithin(5_000); item !== null; item = receiveWithin(5_000)) {
    if (item.kind !== Kind.Timer) continue;
    fired++;
    if (item.ref === second) assert(!isCancelled, "a timer that was cancelled does not fire");
    if (item.ref === first) assert(last !== third, "the first comes before the third");
    last = item.ref;
  }
  assert(fired <= 3);
  assertEquals(last, third);
}
