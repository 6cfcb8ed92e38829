/**
 * The programs of bench/peers, at the smallest sizes: the work that they measure is done. Those
 * whose toolchain is not here are skipped.
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  isBuilt,
  missing,
  type Peer,
  PeerError,
  peers,
  type Round,
  scenariosOf,
  startPeer,
} from "../../bench/peers.ts";

type Tiny = readonly [parameters: Record<string, number>, operations: number];

/** What each scenario has to count at this size. */
const tiny: Record<string, Tiny> = {
  "ping-pong": [{ pairs: 2, bytes: 100, messages: 40 }, 40],
  "fan-in": [{ senders: 3, messages: 30 }, 30],
  "fan-out": [{ receivers: 3, messages: 30 }, 30],
  "thread-ring": [{ actors: 3, hops: 10 }, 10],
  counting: [{ messages: 50 }, 50],
  "fork-join-throughput": [{ actors: 3, messages: 5 }, 15],
  "fork-join-create": [{ workers: 7 }, 7],
  big: [{ actors: 4, pings: 5 }, 40],
  chameneos: [{ chameneos: 5, meetings: 12 }, 12],
  "bounded-buffer": [{ buffer: 5, producers: 3, consumers: 2, items: 10 }, 30],
  banking: [{ accounts: 20, transactions: 40 }, 40],
  "log-map": [{ terms: 20, series: 3 }, 60],
  "selective-ref": [{ depth: 10, calls: 5 }, 5],
  "selective-tag": [{ depth: 0, scans: 5 }, 5],
  "selective-predicate": [{ depth: 10, scans: 5 }, 5],
  spawn: [{ count: 5 }, 5],
  "spawn-storm": [{ count: 5 }, 5],
  memory: [{ actors: 100 }, 100],
};

/** Only Erlang has selective receive. */
const everywhere = Object.keys(tiny).filter(name => !name.startsWith("selective-"));

async function started(...args: Parameters<typeof startPeer>): Promise<Peer> {
  const peer = await startPeer(...args);
  if ("skipped" in peer) throw new Error(`not here before: ${peer.skipped}`);
  return peer;
}

describe.for(peers)("$name", ({ name, build }) => {
  // Tokio is not compiled for a test.
  const command =
    missing(name) ?? (name === "rust" && !isBuilt(name) ? `${build?.join(" ")} in bench/peers/rust` : undefined);
  const why = command === undefined ? "" : ` (skipped: needs ${command})`;
  const scenarios = name === "erlang" ? Object.keys(tiny) : everywhere;

  // Once, before many are started side by side.
  beforeAll(async () => {
    if (command === undefined) await scenariosOf(name);
  });

  test.skipIf(command !== undefined)(`it lists its scenarios${why}`, async () => {
    const listed = await scenariosOf(name);
    if ("skipped" in listed) throw new Error(listed.skipped);
    expect(listed.map(({ scenario }) => scenario)).toEqual(scenarios);
    for (const { scenario, parameters } of listed) expect(parameters).toMatchObject(sameKeys(tiny[scenario][0]));
  });

  test.skipIf(command !== undefined).concurrent.for(scenarios)(
    `round after round of %s reaches its total${why}`,
    async scenario => {
      const [parameters, operations] = tiny[scenario];
      const peer = await started(name, scenario, parameters);
      try {
        const rounds: Round[] = [await peer.round(), await peer.round()];
        for (const round of rounds) {
          expect(round).toMatchObject({ scenario, operations, check: operations });
          expect(round.elapsedMs).toBeGreaterThan(0);
          expect(round.bytesEach !== undefined).toBe(scenario === "memory");
          expect(round.payload !== undefined).toBe(scenario === "ping-pong");
        }
      } finally {
        await peer.stop();
      }
    },
  );

  test.skipIf(command !== undefined).concurrent.for([
    ["a scenario that is not there", "tug-of-war", {}, "no scenario tug-of-war"],
    ["a parameter that is not there", "counting", { mesages: 1 }, "mesages=1 is no setting"],
    ["a parameter that is too small", "counting", { messages: 0 }, "messages=0 is no setting"],
  ] as const)(`it refuses %s${why}`, async ([, scenario, parameters, message]) => {
    const peer = await started(name, scenario, parameters);
    const round = peer.round();
    await expect(round).rejects.toBeInstanceOf(PeerError);
    await expect(round).rejects.toThrow(message);
    await peer.stop();
  });
});

test("a peer whose toolchain is missing says how to install it", async () => {
  vi.stubEnv("PATH", "");
  try {
    expect(await startPeer("erlang", "counting")).toEqual({ skipped: "apt-get install erlang-base" });
  } finally {
    vi.unstubAllEnvs();
  }
});

/** Matches an object that has these keys, with numbers. */
function sameKeys(parameters: Record<string, number>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(parameters).map(key => [key, expect.any(Number)]));
}
