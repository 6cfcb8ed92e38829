/** Check-then-act on a name: between the look-up and the registration, another actor takes the name. */
import { assert, callText, Registered, receive, register, replyText, sendText, spawn, whereis } from "isopod/guest";

export function config(): void {
  while (true) replyText(receive(), "term 1");
}

export function candidate(): void {
  const test = whereis("test");
  if (whereis("leader") === 0) {
    callText(whereis("config"), "term");
    assert(register("leader") === Registered.Done, "the name was free when it looked");
  }
  sendText(test, "done");
  receive();
}

export function test(): void {
  register("test");
  register("config", spawn("bug", null, "config").pid);
  spawn("bug", null, "candidate");
  callText(whereis("config"), "warm up");
  callText(whereis("config"), "warm up");
  callText(whereis("config"), "warm up");
  spawn("bug", null, "candidate");
  for (let i = 0; i < 2; i++) receive();
}
