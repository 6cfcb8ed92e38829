// The serving side of a pair that plays ping-pong, as a handler that times each round trip. For its
// args see shared/player.ts.

import { forward, listen, received } from "isopod/guest";
import { TimedPlayer } from "./shared/player";
import { BEGIN } from "./shared/round";

const player = new TimedPlayer();
const trips = player.trips;
let balls: u32 = 0;

listen();

export function handle(n: i32): void {
  const ball = received(n);
  if (ball.tag === BEGIN) {
    player.serve();
    return;
  }
  player.returned();
  if (++balls < trips) forward(ball.from, ball);
  else player.end();
}
