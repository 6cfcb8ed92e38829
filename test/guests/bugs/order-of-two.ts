/** Order assumed across two senders: what one actor has written arrives after the question of another one. */
import { assertEquals, callText, receive, register, replyText, sendText, spawn, whereis } from "isopod/guest";

export function store(): void {
  let value = "nothing";
  while (true) {
    const message = receive();
    if (message.ref !== 0) replyText(message, value);
    else value = message.text();
  }
}

export function writer(): void {
  sendText(whereis("store"), "written");
  sendText(whereis("test"), "look");
}

export function test(): void {
  register("test");
  register("store", spawn("bug", null, "store").pid);
  spawn("bug", null, "writer");
  receive();
  assertEquals<string>(callText(whereis("store"), "read").text(), "written");
}
