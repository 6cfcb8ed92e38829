import { guestScenario } from "../harness/guest-scenario.ts";

export const memory = guestScenario({
  name: "memory",
  summary: "resident memory of a parked actor",
  operation: "an actor spawned, which then parks",
  parameters: { actors: 2000 },
  note: "2,000 actors instead of the peers' 10,000: those of all rounds must fit into the 30,000 that the engine allows",
  keepsActors: true,
  guest: "memory",
  peerFile: "lives",
  operations: ({ actors }) => actors,
  async around(_runtime, { actors }) {
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    return () => {
      globalThis.gc?.();
      // Not below 0, because the engine may release other memory meanwhile.
      return { bytesEach: Math.max(0, Math.round((process.memoryUsage.rss() - before) / actors)) };
    };
  },
});
