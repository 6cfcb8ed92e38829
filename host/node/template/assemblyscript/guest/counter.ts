// A server: it answers calls. An unknown request crashes it; its supervisor in host.ts restarts it.

import { Message, Server, serve } from "isopod/guest";

class Counter extends Server {
  private sum: i64 = 0;

  onCall(message: Message): void {
    const request = message.text();
    if (request.startsWith("add ")) this.sum += I64.parseInt(request.substring(4));
    else if (request !== "get") throw new Error(`not a request: ${request}`);
    this.replyText(`${this.sum}`);
  }
}

export function run(): void {
  serve(new Counter());
}
