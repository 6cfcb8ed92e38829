// The conductor of ping-pong: pairs of players, which are all there before the clock starts.

import { Pid, receiveWithin, sendTag, spawnLink } from "isopod/guest";
import { BEGIN, Round, share, sumOf, toConductor } from "./round";

export function run(): void {
  const round = new Round();
  const pairs = round.parameter();
  const bytes = round.parameter();
  const trips = share(round.parameter(), 2 * pairs);
  const serving = new StaticArray<Pid>(pairs);
  for (let i = 0; i < pairs; i++) serving[i] = player(player(0, bytes, trips), bytes, trips);
  // A turn for each of them, so that they wait.
  receiveWithin(1);
  round.begin();
  for (let i = 0; i < pairs; i++) sendTag(serving[i], BEGIN);
  round.end(sumOf(2 * pairs));
}

function player(partner: Pid, bytes: i32, trips: i32): Pid {
  const child = spawnLink("player", toConductor().pid(partner).u32(bytes).u32(trips).toBytes());
  if (!child.ok) throw new Error(`player: ${child}`);
  return child.pid;
}
