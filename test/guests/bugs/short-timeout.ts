/** A timeout shorter than a legal delay: the answer of a server that is alive and well comes later. */
import { assert, callText, forward, receive, register, replyText, spawn, whereis } from "isopod/guest";

export function server(): void {
  while (true) replyText(receive(), "answer");
}

export function relay(): void {
  while (true) {
    const message = receive();
    forward(whereis("server"), message);
  }
}

export function test(): void {
  register("server", spawn("bug", null, "server").pid);
  const relay = spawn("bug", null, "relay").pid;
  assert(callText(relay, "question", 200).ok, "the server is alive");
}
