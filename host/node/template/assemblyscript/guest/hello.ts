// A process: it runs from top to bottom, can wait anywhere, and ends when it returns.

import { argsText, log } from "isopod/guest";

export function run(): void {
  log(`hello, ${argsText()}!`);
}
