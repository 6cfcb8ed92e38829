// The conductor of ping-pong. It spawns all pairs of players before it starts the clock.

import { Pid, receiveTag, receiveWithin, sendTag, spawnLink } from "isopod/guest";
import { BEGIN, Round, SAMPLES, share, sumOf, toConductor } from "./shared/round";

export function run(): void {
  play(new Round(), "player");
}

/** Like `run`, but the serving side of each pair times every round trip. */
export function timed(): void {
  play(new Round(), "server");
}

function play(round: Round, server: string): void {
  const pairs = round.parameter();
  const bytes = round.parameter();
  const trips = share(round.parameter(), 2 * pairs);
  const serving = new StaticArray<Pid>(pairs);
  for (let i = 0; i < pairs; i++) serving[i] = player(server, player("player", 0, bytes, trips), bytes, trips);
  // Lets every player run until it waits.
  receiveWithin(1);
  round.begin();
  for (let i = 0; i < pairs; i++) sendTag(serving[i], BEGIN);
  const received = sumOf(2 * pairs);
  round.stop();
  if (server === "server") for (let i = 0; i < pairs; i++) round.samplesOf(receiveTag(SAMPLES));
  round.end(received);
}

function player(module: string, partner: Pid, bytes: i32, trips: i32): Pid {
  const child = spawnLink(module, toConductor().pid(partner).u32(bytes).u32(trips).toBytes());
  if (!child.ok) throw new Error(`${module}: ${child}`);
  return child.pid;
}
