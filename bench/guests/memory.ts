// Actors with state that report once and then wait for a message that never comes.

import { parent, receive, spawn } from "isopod/guest";
import { Round, sumOf, tell } from "./shared/round";

/** The reports of so many actors are received before others are spawned, so mailboxes stay short. */
const BATCH: i32 = 1000;

class State {
  readonly counts: StaticArray<f64> = new StaticArray<f64>(2);
}

export function run(): void {
  const round = new Round();
  const actors = round.parameter();
  let counted: f64 = 0;
  round.begin();
  for (let left = actors; left > 0; left -= BATCH) {
    const batch = min(left, BATCH);
    for (let i = 0; i < batch; i++) {
      const child = spawn("guest", null, "parked");
      if (!child.ok) throw new Error(`parked: ${child}`);
    }
    counted += sumOf(batch);
  }
  round.report(counted);
  // The actors live as long as the runtime.
  receive();
}

export function parked(): void {
  const state = new State();
  state.counts[0]++;
  tell(parent(), state.counts[0]);
  receive();
  tell(parent(), state.counts[0]);
}
