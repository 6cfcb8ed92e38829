// The partner of ping-handler.ts: a handler that sends every message back. It neither waits nor
// allocates.

import { forward, listen, received } from "isopod/guest";

listen();

export function handle(n: i32): void {
  const message = received(n);
  forward(message.from, message);
}
