// player.ts as a handler, with the same args.

import { args, forward, listen, Reader, received, send } from "isopod/guest";
import { BEGIN, tell } from "./round";

const options = new Reader(args());
const conductor = options.pid();
const partner = options.pid();
const bytes = options.u32();
const trips = options.u32();
const serves = partner !== 0;
let balls: u32 = 0;

listen();

export function handle(n: i32): void {
  const ball = received(n);
  if (serves && ball.tag === BEGIN) {
    send(partner, new Uint8Array(bytes));
    return;
  }
  balls++;
  if (!serves || balls < trips) forward(ball.from, ball);
  if (balls === trips) tell(conductor, trips);
}
