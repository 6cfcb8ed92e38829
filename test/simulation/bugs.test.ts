/**
 * Twenty planted bugs are found, and correct programs show no failure. Each guest says what its bug is.
 * ISOPOD_SIMULATION_SEEDS=100000 plays the correct programs for long.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { type ExploreOptions, explore, SimulationError, simulate } from "../../host/test.ts";
import { buildGuests } from "../support/guests.ts";

/** Who may be killed in each program, and how often. */
const bugs: Record<string, ExploreOptions> = {
  "applied-twice": {},
  "cancelled-timer": {},
  "check-then-act": {},
  "early-give-up": { kill: "worker", kills: 2 },
  "full-buffer": {},
  "killed-transfer": { kill: "transfer" },
  "late-answer": {},
  "left-member": {},
  "lost-update": {},
  "missing-monitor": { kill: "server" },
  "order-of-two": {},
  "restart-order": { kill: "database" },
  "short-timeout": {},
  starvation: {},
  "torn-snapshot": {},
  "two-calls": {},
  "two-downs": {},
  "two-leaders": {},
  "two-tokens": {},
  "unlink-race": {},
};

/** The first five are programs as users write them. The others say what isopod's own protocols promise. */
const correct: Record<string, ExploreOptions> = {
  counter: {},
  retry: { kill: "server" },
  ring: {},
  snapshot: {},
  supervised: { kill: "worker", kills: 3 },
  calls: { kill: "server" },
  delegates: { kill: "worker" },
  groups: { kill: "member", kills: 3 },
  links: {},
  monitors: { kill: "target", kills: 2 },
  names: { kill: "owner", kills: 2 },
  requests: { kill: "worker", kills: 2 },
  "rest-for-one": { kill: ["database", "web"], kills: 3 },
  timers: {},
};

const SEEDS = Number(process.env.ISOPOD_SIMULATION_SEEDS ?? 500);

const names = [
  ...Object.keys(bugs).map(name => `bugs/${name}`),
  ...Object.keys(correct).map(name => `correct/${name}`),
];
let guests: Map<string, Uint8Array<ArrayBuffer>>;
beforeAll(async () => {
  guests = await buildGuests("guests", names, "asyncify");
});

function play(name: string, options: ExploreOptions) {
  const modules = { bug: guests.get(name) as Uint8Array<ArrayBuffer> };
  return explore(runtime => runtime.spawn("bug", { entry: "test" }), { ...options, modules });
}

async function failureOf(run: Promise<unknown>): Promise<SimulationError> {
  const error: unknown = await run.catch((error: unknown) => error);
  if (error instanceof SimulationError) return error;
  throw new Error("no run has failed", { cause: error });
}

test("there are twenty bugs", () => expect(Object.keys(bugs)).toHaveLength(20));

describe("a planted bug", () => {
  test.each(Object.entries(bugs))(
    "is found within 1,000 seeds, and its choices play it again: %s",
    async (name, options) => {
      const found = await failureOf(play(`bugs/${name}`, options));
      const modules = { bug: guests.get(`bugs/${name}`) as Uint8Array<ArrayBuffer> };
      const again = simulate(runtime => runtime.spawn("bug", { entry: "test" }), {
        ...options,
        modules,
        choices: found.choices,
      });
      expect((await failureOf(again)).reason).toBe(found.reason);
      // None of them is a bug of the ordinary order.
      expect(found.seed).toBeGreaterThan(0);
    },
  );
});

describe("a correct program", () => {
  test.each(Object.entries(correct))(`shows no failure in ${SEEDS} seeds: %s`, async (name, options) => {
    await expect(play(`correct/${name}`, { ...options, seeds: SEEDS })).resolves.toMatchObject({ seeds: SEEDS });
  });

  test("has the same hash in each process and in each engine", async () => {
    const { hash, steps } = await play("correct/counter", { seeds: 100 });
    expect({ hash, steps }).toEqual({ hash: "a24d522a", steps: 2719 });
  });
});
