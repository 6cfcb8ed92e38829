import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { guestScenario } from "../harness/guest-scenario.ts";

export const memory = guestScenario({
  name: "memory",
  summary: "resident memory of a parked actor that has state",
  operation: "an actor spawned, which then parks",
  parameters: { actors: 1_000_000 },
  peerParameters: { actors: 10_000 },
  mostRounds: 3,
  note: "1,000,000 actors; the peers have 10,000",
  ownRuntime: true,
  guest: "memory",
  peerFile: "lives",
  operations: ({ actors }) => actors,
  async around(_runtime, { actors }) {
    // The memory of the round before goes with the second collection, after a turn of the event loop.
    collect();
    await new Promise(resolve => setTimeout(resolve, 10));
    collect();
    const before = process.memoryUsage.rss();
    return () => {
      collect();
      // Not below 0, because the engine may release other memory meanwhile.
      return { bytesEach: Math.max(0, Math.round((process.memoryUsage.rss() - before) / actors)) };
    };
  },
});

/** Collects garbage, so that the memory of the round before is gone. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
