// Plays ping-pong: sends a payload to pong.ts, waits until it comes back, and sends it again. After
// `every` round trips, the actor `report` gets a u32, their number, and an f64, the nanoseconds of
// the last round trip. Args: u64 pong, u32 length of the payload, u32 rounds (0: for ever), u64
// report, u32 every (0: no reports).

import { args, forward, now, Reader, receive, send, Writer } from "isopod/guest";

export function run(): void {
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
  send(pong, payload);
  while (true) {
    const ball = receive();
    if (++sinceReport === every) {
      const nanoseconds = (now() - start) * 1e6;
      writer.reset().u32(every).f64(nanoseconds).send(report);
      sinceReport = 0;
    }
    if (++round === rounds) return;
    // Only the last round trip before a report is timed, because reading the clock costs more than
    // a message.
    if (sinceReport + 1 === every) start = now();
    forward(pong, ball);
  }
}
