// Savina's thread ring: a token goes round a ring of actors. After the last hop a message to leave
// goes round once.

import { args, Pid, Reader, receive, receiveTag, sendRaw } from "isopod/guest";
import { BEGIN, born, Round, sumOf, tell, toConductor } from "./shared/round";

const TOKEN: i32 = 1;
const LEAVE: i32 = 2;
const room: usize = memory.data(8, 8);

export function run(): void {
  const round = new Round();
  const actors = round.parameter();
  const hops = round.parameter();
  round.begin();
  const ring = new StaticArray<Pid>(actors);
  for (let i = 0; i < actors; i++) ring[i] = born("member", toConductor().u32(actors));
  for (let i = 0; i < actors; i++) {
    store<u64>(room, ring[(i + 1) % actors]);
    sendRaw(ring[i], room, 8, BEGIN);
  }
  pass(ring[0], TOKEN, hops);
  round.end(sumOf(actors));
}

export function member(): void {
  const options = new Reader(args());
  const conductor = options.pid();
  const actors = options.u32();
  const next: Pid = receiveTag(BEGIN).u64At(0);
  let received = 0;
  while (true) {
    const message = receive();
    const left = message.u32At(0);
    if (message.tag === TOKEN) {
      received++;
      if (left > 1) pass(next, TOKEN, left - 1);
      else pass(next, LEAVE, actors);
    } else {
      if (left > 1) pass(next, LEAVE, left - 1);
      tell(conductor, received);
      return;
    }
  }
}

function pass(to: Pid, tag: i32, left: u32): void {
  store<u32>(room, left);
  sendRaw(to, room, 4, tag);
}
