// One actor, the conductor, sends to many.

import { args, Pid, Reader, receive, sendRaw } from "isopod/guest";
import { born, Round, share, sumOf, tell, toConductor } from "./shared/round";

export function run(): void {
  const round = new Round();
  const receivers = round.parameter();
  const each = share(round.parameter(), receivers);
  const pids = new StaticArray<Pid>(receivers);
  for (let i = 0; i < receivers; i++) pids[i] = born("receiver", toConductor().u32(each));
  sumOf(receivers);
  const number = memory.data(4, 4);
  round.begin();
  for (let i = 0; i < each; i++) {
    store<u32>(number, i);
    for (let j = 0; j < receivers; j++) sendRaw(pids[j], number, 4);
  }
  round.end(sumOf(receivers));
}

export function receiver(): void {
  const options = new Reader(args());
  const conductor = options.pid();
  const expected = options.u32();
  tell(conductor, 0);
  let received: u32 = 0;
  while (received < expected) {
    receive();
    received++;
  }
  tell(conductor, received);
}
