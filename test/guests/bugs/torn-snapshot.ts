/** A snapshot read between two updates: the writer changes two values by two messages. */
import { assertEquals, callText, receive, register, replyText, spawn, whereis } from "isopod/guest";

export function values(): void {
  let left = 0;
  let right = 0;
  while (true) {
    const message = receive();
    const text = message.text();
    if (text === "left") left++;
    else if (text === "right") right++;
    replyText(message, `${left} ${right}`);
  }
}

export function writer(): void {
  for (let i = 0; i < 2; i++) {
    callText(whereis("values"), "left");
    callText(whereis("values"), "right");
  }
}

export function test(): void {
  register("values", spawn("bug", null, "values").pid);
  spawn("bug", null, "writer");
  const seen = callText(whereis("values"), "read").text().split(" ");
  assertEquals<string>(seen[0], seen[1], "left and right are always the same");
}
