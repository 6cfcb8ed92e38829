// Savina's fork and join: actors that compute a sine for each message (throughput), or for one
// message and then end (create).

import { args, Pid, Reader, receive, sendRaw, spawnMonitor } from "isopod/guest";
import { born, downsOf, Round, sumOf, tell, toConductor } from "./shared/round";

const THETA: f64 = 37.2;
const room: usize = memory.data(8, 8);

export function throughput(): void {
  const round = new Round();
  const actors = round.parameter();
  const messages = round.parameter();
  round.begin();
  const workers = new StaticArray<Pid>(actors);
  for (let i = 0; i < actors; i++) workers[i] = born("worker", toConductor().u32(messages));
  store<f64>(room, THETA);
  for (let i = 0; i < messages; i++) {
    for (let j = 0; j < actors; j++) sendRaw(workers[j], room, 8);
  }
  round.end(sumOf(actors));
}

export function worker(): void {
  const options = new Reader(args());
  const conductor = options.pid();
  const messages = options.u32();
  let received: u32 = 0;
  while (received < messages) {
    compute(receive().f64At(0));
    received++;
  }
  tell(conductor, received);
}

export function create(): void {
  const round = new Round();
  const workers = round.parameter();
  round.begin();
  store<f64>(room, THETA);
  for (let i = 0; i < workers; i++) {
    const child = spawnMonitor("guest", null, "once");
    if (!child.ok) throw new Error(`once: ${child}`);
    sendRaw(child.pid, room, 8);
  }
  round.end(downsOf(workers));
}

export function once(): void {
  compute(receive().f64At(0));
}

function compute(angle: f64): void {
  const sine = Math.sin(angle);
  if (!(sine * sine > 0)) throw new Error("the square of a sine");
}
