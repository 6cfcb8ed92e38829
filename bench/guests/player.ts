// One side of a pair that plays ping-pong, as a process. For its args see shared/player.ts.

import { forward, receive, receiveTag } from "isopod/guest";
import { Player } from "./shared/player";
import { BEGIN } from "./shared/round";

export function run(): void {
  const player = new Player();
  const serves = player.serves;
  const trips = player.trips;
  if (serves) {
    receiveTag(BEGIN);
    player.serve();
  }
  for (let received: u32 = 1; received <= trips; received++) {
    const ball = receive();
    if (!serves || received < trips) forward(ball.from, ball);
  }
  player.end();
}
