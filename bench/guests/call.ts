// A client that calls a server of the guest library, one call after the other. The scenarios
// fairness, host-call and fault-recovery use this guest too.

import { call, Message, now, Pid, receiveWithin, Server, serve } from "isopod/guest";
import { born, Round, toConductor } from "./shared/round";

/** One of so many calls is timed, because reading the clock costs as much as half a call. */
const TIMED: i32 = 50;

export function run(): void {
  const round = new Round();
  const calls = round.parameter();
  play(round, calls, TIMED);
}

/** Like `run`, but every call is timed. */
export function beside(): void {
  const round = new Round();
  const calls = round.parameter();
  play(round, calls, 1);
}

function play(round: Round, calls: i32, every: i32): void {
  const server: Pid = born("doubler", toConductor());
  const request = new Uint8Array(4);
  receiveWithin(1);
  let answered = 0;
  round.begin();
  for (let i = 0; i < calls; i++) {
    store<u32>(request.dataStart, i);
    const timed = i % every === 0;
    const beganMs = timed ? now() : 0;
    if (call(server, request, -1).message.u32At(0) === 2 * i) answered++;
    if (timed) round.sample((now() - beganMs) * 1e6);
  }
  round.end(answered);
}

class Doubler extends Server {
  private readonly answer: Uint8Array = new Uint8Array(4);

  onCall(message: Message): void {
    store<u32>(this.answer.dataStart, 2 * message.u32At(0));
    this.reply(this.answer);
  }
}

/** The server. A request is a u32; a shorter one crashes it. */
export function doubler(): void {
  serve(new Doubler());
}
