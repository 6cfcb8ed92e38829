/** A retry that applies twice: the first request was carried out, only its answer was late. */
import { assertEquals, callText, receive, register, replyText, spawn, whereis } from "isopod/guest";

export function counter(): void {
  let value: i32 = 0;
  while (true) {
    const message = receive();
    if (message.text() === "add") value++;
    replyText(message, value.toString());
  }
}

export function test(): void {
  register("counter", spawn("bug", null, "counter").pid);
  while (!callText(whereis("counter"), "add", 100).ok) {}
  assertEquals<string>(callText(whereis("counter"), "get").text(), "1");
}
