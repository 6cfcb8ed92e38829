/** A supervisor that gives up one restart early: it allows two, and gives up at the second. */
import {
  assert,
  callText,
  exitText,
  Kind,
  receive,
  register,
  replyText,
  spawn,
  spawnLink,
  trapExit,
  whereis,
} from "isopod/guest";

const MOST: i32 = 2;

export function worker(): void {
  while (true) replyText(receive(), "done");
}

export function boss(): void {
  trapExit();
  let restarts = 0;
  register("worker", spawnLink("bug", null, "worker").pid);
  while (true) {
    const message = receive();
    if (message.kind !== Kind.Exit) {
      replyText(message, "here");
      continue;
    }
    if (++restarts >= MOST) exitText("too many restarts");
    register("worker", spawnLink("bug", null, "worker").pid);
  }
}

export function test(): void {
  const boss = spawn("bug", null, "boss").pid;
  for (let i = 0; i < 5; i++) {
    callText(whereis("worker"), "work");
    assert(callText(boss, "here?").ok, "the worker was killed twice, and two restarts are allowed");
  }
}
