// A counter that is called: "add 5" and "get" are answered with the sum, "stop" ends it in good order. It crashes on all
// else and loses its sum; supervised.ts then starts it again.

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
