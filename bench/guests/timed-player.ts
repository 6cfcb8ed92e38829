// The serving side of a pair that plays ping-pong, as a process that times each round trip. For its
// args see shared/player.ts.

import { forward, receive, receiveTag } from "isopod/guest";
import { TimedPlayer } from "./shared/player";
import { BEGIN } from "./shared/round";

export function run(): void {
  const player = new TimedPlayer();
  const trips = player.trips;
  receiveTag(BEGIN);
  player.serve();
  for (let received: u32 = 1; received <= trips; received++) {
    const ball = receive();
    player.returned();
    if (received < trips) forward(ball.from, ball);
  }
  player.end();
}
