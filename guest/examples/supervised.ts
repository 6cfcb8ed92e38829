// Runs supervised-counter.ts under the name "counter", and restarts it when it crashes. After more
// than three restarts in a second it gives up and ends. The host must grant it to spawn
// "supervised-counter".

import { Child, Restart, Strategy, Supervisor, supervise } from "isopod/guest";

export function run(): void {
  const counter = new Child("supervised-counter");
  counter.name = "counter";
  counter.restart = Restart.Transient;
  supervise(new Supervisor(Strategy.OneForOne, 3, 1000), [counter]);
}
