// A message to each of many actors, one after the other: each is loaded, counts the message in its
// own state, answers, parks, and leaves its instance to others.

import { Pid, parent, receive, sendRaw, spawn } from "isopod/guest";
import { Round, sumOf, tell } from "./shared/round";

/** So many actors are awake at once, fewer than there are instances. */
const BATCH: i32 = 250;
const room: usize = memory.data(8, 8);

export function run(): void {
  const round = new Round();
  const actors = round.parameter();
  const isRandom = round.parameter() !== 0;
  const pids = new StaticArray<Pid>(actors);
  for (let i = 0; i < actors; i++) {
    const child = spawn("guest", null, "sleeper");
    if (!child.ok) throw new Error(`sleeper: ${child}`);
    pids[i] = child.pid;
    if (i % BATCH === BATCH - 1) sumOf(BATCH);
  }
  sumOf(actors % BATCH);
  if (isRandom) shuffle(pids);
  round.begin();
  let counted: f64 = 0;
  for (let first = 0; first < actors; first += BATCH) {
    const end = min(first + BATCH, actors);
    for (let i = first; i < end; i++) sendRaw(pids[i], room, 0);
    counted += sumOf(end - first);
  }
  round.report(counted);
  // The actors live as long as the runtime.
  receive();
}

class State {
  readonly counts: StaticArray<f64> = new StaticArray<f64>(2);
}

export function sleeper(): void {
  const conductor = parent();
  const state = new State();
  tell(conductor, state.counts[0]);
  while (true) {
    receive();
    state.counts[0]++;
    tell(conductor, state.counts[0]);
  }
}

/** Fisher and Yates, with the numbers of xorshift. */
function shuffle(pids: StaticArray<Pid>): void {
  let random: u32 = 2463534242;
  for (let i = pids.length - 1; i > 0; i--) {
    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    const other = (random % (i + 1)) as i32;
    const pid = pids[i];
    pids[i] = pids[other];
    pids[other] = pid;
  }
}
