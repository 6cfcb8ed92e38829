// Many actors send to one actor, the conductor.

import { args, Pid, Reader, receive, receiveTag, sendRaw, sendTag } from "isopod/guest";
import { BEGIN, born, Round, share, sumOf, tell, toConductor } from "./shared/round";

const NUMBER: i32 = 1;

export function run(): void {
  const round = new Round();
  const senders = round.parameter();
  const each = share(round.parameter(), senders);
  const pids = new StaticArray<Pid>(senders);
  for (let i = 0; i < senders; i++) pids[i] = born("sender", toConductor().u32(each));
  sumOf(senders);
  let received = 0;
  round.begin();
  for (let i = 0; i < senders; i++) sendTag(pids[i], BEGIN);
  while (received < senders * each) {
    if (receive().tag === NUMBER) received++;
  }
  round.end(received);
}

export function sender(): void {
  const options = new Reader(args());
  const conductor = options.pid();
  const count = options.u32();
  tell(conductor, 0);
  receiveTag(BEGIN);
  const number = memory.data(4, 4);
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(number, i);
    sendRaw(conductor, number, 4, NUMBER);
  }
}
