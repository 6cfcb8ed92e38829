/** No bug: both values change by one message, and an answer has both. */
import { assertEquals, callText, receive, register, replyText, spawn, whereis } from "isopod/guest";

export function values(): void {
  let value = 0;
  while (true) {
    const message = receive();
    if (message.text() === "both") value++;
    replyText(message, `${value} ${value}`);
  }
}

export function writer(): void {
  for (let i = 0; i < 3; i++) callText(whereis("values"), "both");
}

export function test(): void {
  register("values", spawn("bug", null, "values").pid);
  spawn("bug", null, "writer");
  const seen = callText(whereis("values"), "read").text().split(" ");
  assertEquals<string>(seen[0], seen[1], "left and right are always the same");
}
