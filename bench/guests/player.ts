// One side of ping-pong, as a process. Args: u64 conductor, u64 partner (0: it answers), u32 bytes, u32 how many balls it receives.

import { args, forward, Reader, receive, receiveTag, send } from "isopod/guest";
import { BEGIN, tell } from "./round";

export function run(): void {
  const options = new Reader(args());
  const conductor = options.pid();
  const partner = options.pid();
  const bytes = options.u32();
  const trips = options.u32();
  const serves = partner !== 0;
  if (serves) {
    receiveTag(BEGIN);
    send(partner, new Uint8Array(bytes));
  }
  for (let received: u32 = 1; received <= trips; received++) {
    const ball = receive();
    if (!serves || received < trips) forward(ball.from, ball);
  }
  tell(conductor, trips);
}
