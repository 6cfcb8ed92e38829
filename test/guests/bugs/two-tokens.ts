/** A token duplicated after a lost answer: who passes it on and hears nothing in time makes another one. */
import { assertEquals, callText, parent, receive, register, replyText, sendText, spawn, whereis } from "isopod/guest";

export function ring(): void {
  while (true) {
    const message = receive();
    replyText(message, "taken");
    sendText(parent(), "holds");
  }
}

export function test(): void {
  register("next", spawn("bug", null, "ring").pid);
  let tokens = 1;
  if (callText(whereis("next"), "token", 100).ok) tokens--;
  // What was not taken is still here, it believes.
  receive();
  tokens++;
  assertEquals<i32>(tokens, 1, "tokens");
}
