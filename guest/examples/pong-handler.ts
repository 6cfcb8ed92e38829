// The other side of ping-handler.ts: a handler that sends every message back. Nothing blocks, nothing is allocated.

import { forward, listen, received } from "isopod/guest";

listen();

export function handle(n: i32): void {
  const message = received(n);
  forward(message.from, message);
}
