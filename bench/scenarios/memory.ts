import { guestScenario } from "../scenario.ts";

export const memory = guestScenario({
  name: "memory",
  summary: "resident memory of an actor that waits; those of all rounds live on until the end",
  operation: "an actor spawned, which then waits",
  parameters: { actors: 2000 },
  note: "2,000 actors where the peers have 10,000: those of seven rounds must fit below the ceiling of 30,000",
  guest: "memory",
  operations: ({ actors }) => actors,
  async around(_troupe, { actors }) {
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    return () => {
      globalThis.gc?.();
      // Never below nothing, where the engine gives back memory of its own meanwhile.
      return { bytesEach: Math.max(0, Math.round((process.memoryUsage.rss() - before) / actors)) };
    };
  },
});
