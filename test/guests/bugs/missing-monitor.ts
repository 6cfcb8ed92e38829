/** A missing monitor: the client waits for ever for the answer of a server that has ended. */
import { receive, sendText, spawn } from "isopod/guest";

export function server(): void {
  while (true) {
    const message = receive();
    sendText(message.from, "answer");
  }
}

export function test(): void {
  const server = spawn("bug", null, "server").pid;
  for (let i = 0; i < 3; i++) {
    sendText(server, "question");
    receive();
  }
}
