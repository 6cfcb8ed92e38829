// The first guest: logs a greeting with its arguments, and ends.

import { argsText, log } from "isopod/guest";

export function run(): void {
  log(`hello, ${argsText()}!`);
}
