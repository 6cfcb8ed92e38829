// Spawns actors that end at once and waits for their Downs: one after the other, or (storm) all
// spawned first.

import { Kind, Reason, receiveTag, spawnMonitor } from "isopod/guest";
import { downsOf, Round } from "./shared/round";

export function run(): void {
  const round = new Round();
  const count = round.parameter();
  let ended = 0;
  round.begin();
  for (let i = 0; i < count; i++) {
    const down = receiveTag(spawnMonitor("guest", null, "mayfly").ref);
    if (down.kind === Kind.Down && down.reason === Reason.Normal) ended++;
  }
  round.end(ended);
}

export function storm(): void {
  const round = new Round();
  const count = round.parameter();
  round.begin();
  for (let i = 0; i < count; i++) {
    const child = spawnMonitor("guest", null, "mayfly");
    if (!child.ok) throw new Error(`mayfly: ${child}`);
  }
  round.end(downsOf(count));
}

export function mayfly(): void {}
