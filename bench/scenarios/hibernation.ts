import { guestScenario } from "../harness/guest-scenario.ts";

/** The actors are spawned before the clock starts. */
const shared = {
  operation: "a message to a hibernated actor: loaded, received, answered, parked and saved again",
  guest: "hibernation",
  styles: ["process"],
  mostRounds: 3,
  ownRuntime: true,
  operations: ({ actors }: Readonly<Record<string, number>>) => actors,
} as const;

export const hibernation = guestScenario({
  ...shared,
  name: "hibernation",
  summary: "a message to each of a million hibernated actors",
  parameters: { actors: 1_000_000, random: 0 },
});

export const hibernationRandom = guestScenario({
  ...shared,
  name: "hibernation-random",
  summary: "the same in random order",
  parameters: { actors: 1_000_000, random: 1 },
});
