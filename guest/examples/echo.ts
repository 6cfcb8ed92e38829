// A process that returns each message to its sender, with the same bytes and the same tag.

import { forward, receive } from "isopod/guest";

export function run(): void {
  while (true) {
    const message = receive();
    forward(message.from, message);
  }
}
