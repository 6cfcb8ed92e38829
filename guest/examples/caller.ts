// Calls a server again and again (supervised-counter.ts, say), and waits for each answer. After every `every` calls `report`
// gets a u32, their number, and an f64, how many nanoseconds the last of them took.
// Args: u64 server, u64 report, u32 every, then the request's bytes.

import { args, call, now, Reader, Writer } from "isopod/guest";

export function run(): void {
  const options = new Reader(args());
  const server = options.pid();
  const report = options.pid();
  const every = options.u32();
  const request = options.bytes();

  const writer = new Writer();
  while (true) {
    for (let i: u32 = 1; i < every; i++) call(server, request).message;
    // Only the last one is timed: a clock costs as much as half a call.
    const start = now();
    call(server, request).message;
    const nanoseconds = (now() - start) * 1e6;
    writer.reset().u32(every).f64(nanoseconds).send(report);
  }
}
