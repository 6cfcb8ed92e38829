// Sets timers that are due at random times within a span. The sample of each is how late it fires.

import { Kind, now, receive, self, sendAfter } from "isopod/guest";
import { nextRandom, Round } from "./shared/round";

export function run(): void {
  const round = new Round();
  const timers = round.parameter();
  const spanMs = round.parameter();
  const due = new Uint8Array(8);
  let random = 1;
  let fired = 0;
  round.begin();
  for (let i = 0; i < timers; i++) {
    random = nextRandom(random);
    const delayMs = random % spanMs;
    store<f64>(due.dataStart, now() + delayMs);
    sendAfter(delayMs, self(), due);
  }
  while (fired < timers) {
    const item = receive();
    if (item.kind !== Kind.Timer) continue;
    fired++;
    round.sample(max<f64>(0, (now() - item.f64At(0)) * 1e6));
  }
  round.end(fired);
}
