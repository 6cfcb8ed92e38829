// The partner of ping.ts: a process that sends every message back.

import { forward, receive } from "isopod/guest";

export function run(): void {
  while (true) {
    const message = receive();
    forward(message.from, message);
  }
}
