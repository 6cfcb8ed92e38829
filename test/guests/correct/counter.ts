/** No bug: two clients have the counter add. */
import { assertEquals, callText, receive, register, replyText, sendText, spawn, whereis } from "isopod/guest";

export function counter(): void {
  let value: i64 = 0;
  while (true) {
    const message = receive();
    if (message.text() === "add") value++;
    replyText(message, value.toString());
  }
}

export function client(): void {
  const counter = whereis("counter");
  callText(counter, "add");
  callText(counter, "get");
  sendText(whereis("test"), "done");
}

export function test(): void {
  register("test");
  register("counter", spawn("bug", null, "counter").pid);
  for (let i = 0; i < 2; i++) spawn("bug", null, "client");
  for (let i = 0; i < 2; i++) receive();
  assertEquals<string>(callText(whereis("counter"), "get").text(), "2");
}
