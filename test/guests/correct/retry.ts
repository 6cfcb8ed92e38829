/** No bug: a request that is tried again has a number, and is carried out once. The server may be killed. */
import { assert, callText, receive, register, replyText, spawn, whereis } from "isopod/guest";

export function server(): void {
  let value: i32 = 0;
  let last = "";
  while (true) {
    const message = receive();
    const text = message.text();
    if (text !== last) {
      last = text;
      value++;
    }
    replyText(message, value.toString());
  }
}

export function test(): void {
  register("server", spawn("bug", null, "server").pid);
  for (let number = 1; number <= 2; number++) {
    for (let tries = 0; tries < 20; tries++) {
      const server = whereis("server");
      // It was killed: nobody starts it again.
      if (server === 0) return;
      const reply = callText(server, number.toString(), 100);
      if (!reply.ok) continue;
      assert(I32.parseInt(reply.text()) === number, "each request is carried out once");
      break;
    }
  }
}
