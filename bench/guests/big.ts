// Savina's big: each actor sends a ping to a random actor, waits for its pong, and repeats.
// Meanwhile it answers the others.

import { args, Pid, Reader, receive, sendTag, Writer } from "isopod/guest";
import { BEGIN, born, nextRandom, Round, sumOf, tell, toConductor } from "./shared/round";

const PING: i32 = 1;
const PONG: i32 = 2;
const LEAVE: i32 = 3;

export function run(): void {
  const round = new Round();
  const actors = round.parameter();
  const pings = round.parameter();
  round.begin();
  const pids = new StaticArray<Pid>(actors);
  for (let i = 0; i < actors; i++) pids[i] = born("gossip", toConductor().u32(i).u32(pings));
  const all = new Writer(8 * actors);
  for (let i = 0; i < actors; i++) all.pid(pids[i]);
  for (let i = 0; i < actors; i++) all.send(pids[i], BEGIN);
  sumOf(actors);
  for (let i = 0; i < actors; i++) sendTag(pids[i], LEAVE);
  round.end(sumOf(actors));
}

export function gossip(): void {
  const options = new Reader(args());
  const conductor = options.pid();
  let random = options.u32() as i32;
  let left = options.u32();
  let all = new StaticArray<Pid>(0);
  let target: Pid = 0;
  let received = 0;
  while (true) {
    const message = receive();
    if (message.tag === LEAVE) break;
    if (message.tag === BEGIN) {
      all = new StaticArray<Pid>(message.length / 8);
      for (let i = 0; i < all.length; i++) all[i] = message.u64At(8 * i);
    } else {
      received++;
      if (message.tag === PING) {
        sendTag(message.from, PONG);
        continue;
      }
      if (message.from !== target) throw new Error("a pong from the wrong actor");
      if (--left === 0) {
        tell(conductor, 1);
        continue;
      }
    }
    random = nextRandom(random);
    target = all[random % all.length];
    sendTag(target, PING);
  }
  tell(conductor, received);
}
