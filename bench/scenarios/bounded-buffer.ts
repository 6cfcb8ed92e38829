import { guestScenario } from "../harness/guest-scenario.ts";

export const boundedBuffer = guestScenario({
  name: "bounded-buffer",
  summary: "Savina: a manager between producers and consumers",
  operation: "an item consumed",
  parameters: { buffer: 50, producers: 40, consumers: 40, items: 1000, cost: 0 },
  guest: "bounded-buffer",
  peerFile: "buffer",
  operations: ({ producers, items }) => producers * items,
});
