/** Lost update: two clients read the counter, and write what they have read plus one. */
import { assertEquals, callText, receive, register, replyText, sendText, sleep, spawn, whereis } from "isopod/guest";

export function counter(): void {
  let value: i64 = 0;
  while (true) {
    const message = receive();
    const text = message.text();
    if (text === "get") {
      replyText(message, value.toString());
    } else {
      value = I64.parseInt(text.slice(4));
      replyText(message, "ok");
    }
  }
}

export function client(): void {
  const counter = whereis("counter");
  const seen = I64.parseInt(callText(counter, "get").text());
  callText(counter, `set ${seen + 1}`);
  sendText(whereis("test"), "done");
}

export function test(): void {
  register("test");
  register("counter", spawn("bug", null, "counter").pid);
  spawn("bug", null, "client");
  sleep(10);
  spawn("bug", null, "client");
  for (let i = 0; i < 2; i++) receive();
  assertEquals<string>(callText(whereis("counter"), "get").text(), "2");
}
