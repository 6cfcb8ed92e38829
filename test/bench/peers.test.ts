/** The programs of bench/peers, at the smallest sizes: the work that they measure is done. Those whose toolchain is not here are skipped. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Peer, type PeerRound, scenariosOf, startPeer } from "../../bench/harness/peer.ts";
import { hasSource, isBuilt, missing, PeerError, type PeerName, peers } from "../../bench/harness/peers.ts";
import { scenarios } from "../../bench/scenarios/index.ts";
import { tiny } from "../support/scenario-sizes.ts";

/** The scenarios of a peer: those of ours whose file it has. */
function scenariosWithSource(name: PeerName): string[] {
  const here = scenarios.filter(({ peerFile }) => peerFile !== undefined && hasSource(name, peerFile));
  return [...new Set(here.map(({ name: own, peerScenario = own }) => peerScenario))];
}

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
  const known = scenariosWithSource(name);

  // Once, before many are started side by side.
  beforeAll(async () => {
    if (command === undefined) await scenariosOf(name);
  });

  test.skipIf(command !== undefined)(`it lists its scenarios${why}`, async () => {
    const listed = await scenariosOf(name);
    if ("skipped" in listed) throw new Error(listed.skipped);
    expect(listed.map(({ scenario }) => scenario).sort()).toEqual(known.sort());
    for (const { scenario, parameters } of listed) expect(parameters).toMatchObject(sameKeys(tiny[scenario][0]));
  });

  test.skipIf(command !== undefined).concurrent.for(known)(
    `round after round of %s reaches its total${why}`,
    async scenario => {
      const [parameters, operations] = tiny[scenario];
      const peer = await started(name, scenario, parameters);
      try {
        const rounds: PeerRound[] = [await peer.round(), await peer.round()];
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
