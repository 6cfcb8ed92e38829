// Calls a server, for example supervised-counter.ts, again and again. After `every` calls, the actor `report` gets a u32,
// their number, and an f64, the nanoseconds of the last call.
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
    // Only the last call is timed, because reading the clock costs half as much as a call.
    const start = now();
    call(server, request).message;
    const nanoseconds = (now() - start) * 1e6;
    writer.reset().u32(every).f64(nanoseconds).send(report);
  }
}
