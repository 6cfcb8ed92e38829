// A counter that answers calls: "add 5" and "get" return the sum, "stop" stops it. Any other
// request crashes it, and its sum is lost. supervised.ts then restarts it.

import { Message, Server, serve } from "isopod/guest";

class Counter extends Server {
  private sum: i64 = 0;

  onCall(message: Message): void {
    const request = message.text();
    if (request.startsWith("add ")) this.sum += I64.parseInt(request.substring(4));
    else if (request === "stop") this.stop();
    else if (request !== "get") throw new Error(`not a request: ${request}`);
    this.replyText(`${this.sum}`);
  }
}

export function run(): void {
  serve(new Counter());
}
