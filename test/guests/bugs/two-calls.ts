/** Deadlock of two calls: each of two servers waits for the other one's answer, and answers nobody meanwhile. */
import { callText, parent, receive, register, replyText, sendText, sleep, spawn, whereis } from "isopod/guest";

function serve(other: string): void {
  while (true) {
    const message = receive();
    if (message.text() === "get") {
      replyText(message, "value");
    } else {
      callText(whereis(other), "get", -1);
      sendText(parent(), "done");
    }
  }
}

export function left(): void {
  serve("right");
}

export function right(): void {
  serve("left");
}

export function test(): void {
  register("left", spawn("bug", null, "left").pid);
  register("right", spawn("bug", null, "right").pid);
  sendText(whereis("left"), "work");
  sleep(10);
  sendText(whereis("right"), "work");
  for (let i = 0; i < 2; i++) receive();
}
