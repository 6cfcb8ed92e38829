// The serving side of ping-pong, which looks at the clock whenever the ball comes back. Args as those of player.ts.

import { args, forward, now, Reader, receive, receiveTag, send, sendRaw } from "isopod/guest";
import { BEGIN, SAMPLES, tell } from "./round";

export function run(): void {
  const options = new Reader(args());
  const conductor = options.pid();
  const partner = options.pid();
  const bytes = options.u32();
  const trips = options.u32();
  const samples = new StaticArray<f64>(trips);
  receiveTag(BEGIN);
  let lastMs = now();
  send(partner, new Uint8Array(bytes));
  for (let received: u32 = 1; received <= trips; received++) {
    const ball = receive();
    const nowMs = now();
    samples[received - 1] = (nowMs - lastMs) * 1e6;
    lastMs = nowMs;
    if (received < trips) forward(ball.from, ball);
  }
  tell(conductor, trips);
  sendRaw(conductor, changetype<usize>(samples), 8 * trips, SAMPLES);
}
