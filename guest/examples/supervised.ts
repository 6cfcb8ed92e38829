// Runs supervised-counter.ts under the name "counter" and starts it again when it crashes, but not more than three times in
// a second: then it gives up and ends. The host has to grant it the spawn of "supervised-counter".

import { Child, Restart, Strategy, Supervisor, supervise } from "isopod/guest";

export function run(): void {
  const counter = new Child("supervised-counter");
  counter.name = "counter";
  counter.restart = Restart.Transient;
  supervise(new Supervisor(Strategy.OneForOne, 3, 1000), [counter]);
}
