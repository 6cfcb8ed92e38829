// One side of a pair that plays ping-pong, as a handler. For its args see shared/player.ts.

import { forward, listen, received } from "isopod/guest";
import { Player } from "./shared/player";
import { BEGIN } from "./shared/round";

const player = new Player();
const serves = player.serves;
const trips = player.trips;
let balls: u32 = 0;

listen();

export function handle(n: i32): void {
  const ball = received(n);
  if (serves && ball.tag === BEGIN) {
    player.serve();
    return;
  }
  balls++;
  if (!serves || balls < trips) forward(ball.from, ball);
  if (balls === trips) player.end();
}
