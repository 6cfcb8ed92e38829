/** Links: an exit signal for each that is not removed, none for one that was, and a chain that ends as one. */
import {
  assert,
  assertEquals,
  exitText,
  Kind,
  link,
  monitor,
  Reason,
  receive,
  receiveTag,
  receiveWithin,
  register,
  sendText,
  spawn,
  spawnLink,
  spawnMonitor,
  trapExit,
  unlink,
  whereis,
} from "isopod/guest";

/** Ends when it is told to, and all that are linked to it with it. */
export function leaf(): void {
  receive();
  exitText("over");
}

export function middle(): void {
  link(whereis("leaf"));
  sendText(whereis("test"), "linked", 1);
  receive();
}

export function test(): void {
  register("test");
  trapExit();
  register("leaf", spawn("bug", null, "leaf").pid);
  const middle = spawnMonitor("bug", null, "middle");
  receiveTag(1);
  const helper = spawnLink("bug", null, "leaf").pid;
  const kept = spawnLink("bug", null, "leaf").pid;
  unlink(helper);
  sendText(helper, "end");
  sendText(kept, "end");
  sendText(whereis("leaf"), "end");
  const down = receiveTag(middle.ref);
  assertEquals(down.reason, Reason.Own, "the middle ends as the leaf does");
  const exit = receive();
  assertEquals(exit.kind, Kind.Exit);
  assertEquals(exit.from, kept, "the helper was unlinked");
  const gone = monitor(helper);
  receiveTag(gone);
  assert(receiveWithin(5_000) === null, "and nothing else comes");
}
