// One link of a chain: passes every message on to the pid in its args, for ever.
import { args, forward, Reader, receive } from "isopod/guest";

export function run(): void {
  const next = new Reader(args()).pid();
  while (true) forward(next, receive());
}
