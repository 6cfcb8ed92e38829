// timed-player.ts as a handler, with the same args.

import { args, forward, listen, now, Reader, received, send, sendRaw } from "isopod/guest";
import { BEGIN, SAMPLES, tell } from "./round";

const options = new Reader(args());
const conductor = options.pid();
const partner = options.pid();
const bytes = options.u32();
const trips = options.u32();
const samples = new StaticArray<f64>(trips);
let balls: u32 = 0;
let lastMs: f64 = 0;

listen();

export function handle(n: i32): void {
  const ball = received(n);
  const nowMs = now();
  if (ball.tag === BEGIN) {
    lastMs = nowMs;
    send(partner, new Uint8Array(bytes));
    return;
  }
  samples[balls++] = (nowMs - lastMs) * 1e6;
  lastMs = nowMs;
  if (balls < trips) {
    forward(ball.from, ball);
    return;
  }
  tell(conductor, trips);
  sendRaw(conductor, changetype<usize>(samples), 8 * trips, SAMPLES);
}
