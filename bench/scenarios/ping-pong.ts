import { guestScenario, share } from "../scenario.ts";

export const pingPong = guestScenario({
  name: "ping-pong",
  summary: "pairs of actors that send one message to and fro",
  operation: "a message received by either side",
  parameters: { pairs: 1, bytes: 8, messages: 200_000 },
  styles: ["handler", "process", "jspi"],
  sweep: {
    along: "bytes",
    points: [
      { bytes: 8 },
      { bytes: 64 },
      { bytes: 256 },
      { bytes: 1024 },
      { bytes: 4096, messages: 100_000 },
      { bytes: 16_384, messages: 50_000 },
      { bytes: 65_536, messages: 20_000 },
    ],
  },
  guest: "ping-pong",
  modules: style => ({ player: style === "handler" ? "player-handler" : "player" }),
  operations: ({ pairs, messages }) => 2 * pairs * share(messages, 2 * pairs),
});
