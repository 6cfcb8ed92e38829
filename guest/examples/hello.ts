// The first guest: writes a greeting to the log, with what it was given at spawn, and ends.

import { argsText, log } from "isopod/guest";

export function run(): void {
  log(`hello, ${argsText()}!`);
}
