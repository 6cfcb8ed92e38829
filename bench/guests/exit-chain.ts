// Actors linked in a chain. The first one gets an exit signal, and each passes it on to the next as
// it ends.

import { args, exitTo, monitor, Pid, Reader, Reason, receive, sendTag, spawn, spawnLink, Writer } from "isopod/guest";
import { downsOf, Round, toConductor } from "./shared/round";

const READY: i32 = 1;

export function run(): void {
  const round = new Round();
  const actors = round.parameter();
  // Not `born`: a link would end the conductor too.
  const first = spawn("guest", toConductor().u32(actors).toBytes(), "link");
  if (!first.ok) throw new Error(`link: ${first}`);
  for (let i = 0; i < actors; i++) monitor(receive().from);
  round.begin();
  exitTo(first.pid, Reason.Shutdown);
  round.end(downsOf(actors, Reason.Shutdown));
}

/** Spawns the rest of the chain, and waits. */
export function link(): void {
  const options = new Reader(args());
  const conductor: Pid = options.pid();
  const left = options.u32();
  if (left > 1) {
    const given = new Writer().pid(conductor).u32(left - 1);
    const next = spawnLink("guest", given.toBytes(), "link");
    if (!next.ok) throw new Error(`link: ${next}`);
  }
  sendTag(conductor, READY);
  receive();
}
