import { type GuestScenario, guestScenario } from "../harness/guest-scenario.ts";
import { share } from "../harness/round.ts";
import type { Style } from "../harness/scenario.ts";
import { memcpy } from "./memcpy.ts";

/** The conductor spawns the players as `player` and `server`. Handlers need files of their own. */
const shared = {
  guest: "ping-pong",
  modules: (style: Style) => ({ player: style === "handler" ? "player-handler" : "player" }),
  operations: ({ pairs, messages }) => 2 * pairs * share(messages, 2 * pairs),
} satisfies Partial<GuestScenario>;

export const pingPong = guestScenario({
  ...shared,
  peerFile: "messages",
  name: "ping-pong",
  summary: "pairs of actors that send one message back and forth",
  operation: "a message received by either side",
  parameters: { pairs: 1, bytes: 8, messages: 200_000 },
  styles: ["handler", "process", "jspi"],
  // Only here the styles differ much, because a round is nothing but messages.
  usualStyles: ["handler", "process", "jspi"],
  sweep: {
    along: "bytes",
    points: [
      { bytes: 0 },
      { bytes: 8 },
      { bytes: 64 },
      { bytes: 256 },
      { bytes: 1024 },
      { bytes: 4096, messages: 100_000 },
      { bytes: 16_384, messages: 50_000 },
      { bytes: 65_536, messages: 20_000 },
    ],
    styles: ["handler", "process"],
    peers: ["erlang", "go", "rust"],
    beside: [memcpy],
  },
});

export const pingPong64 = crowded(64);
export const pingPong400 = crowded(400);

/** Many pairs, so that their memories do not fit into the processor's caches. */
function crowded(pairs: number) {
  return guestScenario({
    ...shared,
    peerFile: "messages",
    name: `ping-pong-${pairs}-pairs`,
    summary: `ping-pong with ${pairs} pairs at once`,
    operation: "a message received by either side",
    parameters: { pairs, bytes: 8, messages: 200_000 },
    styles: ["handler", "process", "jspi"],
    usualStyles: ["handler", "process"],
    peerScenario: "ping-pong",
  });
}

export const pingPongLatency = guestScenario({
  ...shared,
  name: "ping-pong-latency",
  summary: "ping-pong in which each round trip is timed",
  operation: "a message received by either side; the clock is read for every second one",
  parameters: { pairs: 1, bytes: 8, messages: 100_000 },
  styles: ["handler", "process", "jspi"],
  usualStyles: ["handler", "process"],
  paced: true,
  entry: "timed",
  modules: style => ({
    ...shared.modules(style),
    server: style === "handler" ? "timed-player-handler" : "timed-player",
  }),
});
