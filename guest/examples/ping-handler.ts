// ping.ts as a handler, with the same args and the same reports. It plays with pong-handler.ts.
// Args: u64 pong, u32 length of the payload, u32 rounds (0: for ever), u64 report, u32 every (0: no
// reports).

import { args, exit, forward, listen, now, Reader, received, send, Writer } from "isopod/guest";

const options = new Reader(args());
const pong = options.pid();
const payload = new Uint8Array(options.u32());
const rounds = options.u32();
const report = options.pid();
const every = options.u32();

const writer = new Writer();
let round: u64 = 0;
let sinceReport: u64 = 0;
let start = now();

listen();
send(pong, payload);

export function handle(n: i32): void {
  const ball = received(n);
  if (++sinceReport === every) sendReport();
  if (++round === rounds) exit();
  // Only the last round trip before a report is timed, because reading the clock costs more than a
  // message.
  if (sinceReport + 1 === every) start = now();
  forward(pong, ball);
}

function sendReport(): void {
  const nanoseconds = (now() - start) * 1e6;
  writer.reset().u32(every).f64(nanoseconds).send(report);
  sinceReport = 0;
}
