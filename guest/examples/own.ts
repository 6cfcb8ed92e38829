// A guest of your own: write it here. An actor begins in `run`,
// and ends when `run` returns. After a crash, its supervisor
// starts it again.

import { log } from "isopod/guest";

export function run(): void {
  log("an actor of my own");
}
