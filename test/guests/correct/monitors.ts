/** Monitors: each brings one Down, after all that its target has sent, and none after it was removed. */
import {
  assert,
  assertEquals,
  demonitor,
  Kind,
  monitor,
  Pid,
  parent,
  receiveTag,
  receiveWithin,
  sendText,
  sleep,
  spawn,
} from "isopod/guest";

export function target(): void {
  for (let i = 0; i < 3; i++) {
    sendText(parent(), `${i}`);
    sleep(1);
  }
}

export function test(): void {
  const targets: Pid[] = [];
  for (let i = 0; i < 2; i++) targets.push(spawn("bug", null, "target").pid);
  const first = monitor(targets[0]);
  const second = monitor(targets[0]);
  const removed = monitor(targets[1]);
  assertEquals(receiveTag(first).kind, Kind.Down);
  demonitor(removed, true);
  let seen = 0;
  for (let item = receiveWithin(5_000); item !== null; item = receiveWithin(5_000)) {
    if (item.kind === Kind.Down) assertEquals(item.ref, second);
    else if (item.from === targets[0]) seen++;
  }
  assert(seen <= 3, "three messages at most");
  // A monitor of an actor that has ended brings its Down, too.
  const late = monitor(targets[0]);
  assertEquals(receiveTag(late).from, targets[0]);
  assert(receiveWithin(0) === null, "nothing comes after a Down");
}
