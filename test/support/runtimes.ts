/** The runtimes of a test. They have one clock, which the test moves, and stop when it ends. */
import { afterEach } from "vitest";
import { Runtime, type RuntimeOptions } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";

let clock = new ManualClock();
const made: Runtime[] = [];

/** The clock of all runtimes of this test. */
export const testClock = (): ManualClock => clock;

/** A runtime that grants everything, unless the options say otherwise. */
export function newRuntime(options: RuntimeOptions = {}): Runtime {
  const runtime = new Runtime({ grants: "all", clock, ...options });
  made.push(runtime);
  return runtime;
}

afterEach(async () => {
  for (const runtime of made.splice(0)) await runtime.stop();
  clock = new ManualClock();
});
