// A process: it runs from top to bottom, waits where it likes, and ends when it returns.

import { argsText, log } from "isopod/guest";

export function run(): void {
  log(`hello, ${argsText()}!`);
}
