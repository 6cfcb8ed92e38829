/**
 * The host survives any module and any calls of a guest. Both are tried at random, with a seed, for
 * some seconds. ISOPOD_FUZZ_SECONDS makes it longer, ISOPOD_FUZZ_SEED begins elsewhere; what fails
 * says how to do it again.
 */

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { wasi } from "../../host/adapters/wasi.ts";
import {
  type GuestModule,
  LoadError,
  type ModuleSource,
  type RuntimeLimits,
  SpawnError,
  type SpawnOptions,
} from "../../host/index.ts";
import { buildGuests } from "../support/guests.ts";
import { WASI_MODULE } from "../support/wasi-types.ts";
import { ECHO, guest } from "../support/wat.ts";
import { type Event, events, play, setting } from "./fuzz/calls.ts";
import { Choices } from "./fuzz/choices.ts";
import { inChunks, seconds } from "./fuzz/chunks.ts";
import { type Driver, INFO, type Operand, operand, PIDS } from "./fuzz/driver.ts";
import { makeModule } from "./fuzz/modules.ts";
import { mutate, mutation } from "./fuzz/mutate.ts";
import { World } from "./fuzz/world.ts";

/** Shrinking takes its time. */
const TIMEOUT = seconds * 1000 + 120_000;

const limits: Partial<RuntimeLimits> = { memoryPages: 16, handlerReductions: 200_000, predicateReductions: 50_000 };

interface Sent {
  readonly tag: number;
  readonly length: number;
}

/** Where a module comes from: a list of choices, or a place among the known ones. */
interface Origin {
  readonly choices: readonly number[];
  readonly known: number | undefined;
}

const origin: fc.Arbitrary<Origin> = fc.record({
  choices: fc.array(fc.nat(999), { maxLength: 300, size: "max" }),
  known: fc.option(fc.nat(20), { nil: undefined, freq: 2 }),
});

const sent: fc.Arbitrary<Sent> = fc.record({ tag: fc.nat(3), length: fc.oneof(fc.nat(20), fc.nat(300)) });

/** Undefined where the runtime refuses it as it should. */
async function loaded(
  { runtime }: World,
  source: Uint8Array | WebAssembly.Module,
  reductions: "none" | "count",
): Promise<GuestModule | undefined> {
  try {
    return await runtime.load(source as ModuleSource, { name: "fuzz", reductions });
  } catch (error) {
    if (error instanceof LoadError && error.message !== "") return undefined;
    throw error;
  }
}

function spawned(world: World, module: GuestModule, options: SpawnOptions): number | undefined {
  try {
    return world.runtime.spawn(module, { grants: { imports: "any", log: true }, ...options });
  } catch (error) {
    if (error instanceof SpawnError && error.message !== "") return undefined;
    throw error;
  }
}

/** Spawns it, sends to it, lets time pass. Throws where the host is any the worse for it. */
async function live(
  world: World,
  module: GuestModule,
  options: SpawnOptions,
  messages: readonly Sent[],
): Promise<void> {
  const pid = spawned(world, module, options);
  if (pid === undefined) return;
  await world.turns(1);
  for (const { tag, length } of messages) world.runtime.send(pid, new Uint8Array(length).fill(length), { tag });
  await world.turns(2);
  world.clock.jump(100);
  await world.check();
  world.runtime.kill(pid);
  await world.check();
}

describe("modules", () => {
  let known: Uint8Array[];

  beforeAll(async () => {
    // With a match function, handwritten stack switching by Asyncify, and a collector of garbage:
    // all that a compiler makes.
    const built = await buildGuests("examples", ["selective"], "asyncify", "yield");
    known = [guest(ECHO), ...built.values()];
  });

  test(
    "made at random, or damaged, are refused or run; either way the host serves on",
    async () => {
      const tried = fc.asyncProperty(
        origin,
        fc.array(mutation, { maxLength: 4 }),
        fc.array(sent, { maxLength: 4 }),
        async (from, mutations, messages) => {
          const made = makeModule(new Choices(from.choices));
          const whole = from.known === undefined ? made.bytes : known[from.known % known.length];
          const bytes = mutate(whole, mutations);
          await using world = await World.open({ limits }, () => ({ [WASI_MODULE]: wasi({ stdin: "text" }) }));
          const counted = await loaded(world, bytes, "count");
          if (counted !== undefined) await live(world, counted, { reductions: { policy: "kill" } }, messages);
          const plain = await loaded(world, bytes, "none");
          // One that says that it counts is believed here, and may lie: then it holds the thread.
          if (plain !== undefined && !plain.isCounted) {
            expect(spawned(world, plain, { reductions: { policy: "kill" } })).toBe(undefined);
            if (whole === made.bytes && made.tame && mutations.length === 0) {
              await live(world, plain, {}, messages);
              const compiled = await loaded(world, await WebAssembly.compile(bytes), "none");
              if (compiled !== undefined) await live(world, compiled, {}, messages);
            }
          }
          await world.close();
        },
      );
      await inChunks(tried);
    },
    TIMEOUT,
  );
});

/** A driver that stays when its steps are over; a number stands for itself. */
function spawning(driver: Driver, ...steps: [name: string, ...(number | Operand)[]][]): Event {
  const played = steps.map(([name, ...given]) => ({
    name,
    operands: given.map(one => (typeof one === "number" ? operand.number(one) : one)),
  }));
  return { do: "spawn", driver, script: { atStart: 0, perItem: 1, stays: true, steps: played } };
}

const itself = [operand.word(PIDS), operand.word(PIDS + 4)];
const sender = [operand.word(INFO + 8), operand.word(INFO + 12)];
const turn: Event = { do: "turn" };

describe("imports", () => {
  test(
    "called at random, by several actors at once, leave the host serving and its numbers right",
    () => inChunks(fc.asyncProperty(events, setting, (given, where) => play(given, where))),
    TIMEOUT,
  );

  // Each of these was a chunk's counterexample once.
  test.each<[what: string, ...Event[]]>([
    ["no bytes are written where there is no memory", spawning("resume", ["write", 2 ** 20, 0]), turn],
    [
      "an actor flushes a timer of its own that has fired",
      spawning(
        "resume",
        ["send_after", 0, ...itself, 0, 0, 0],
        ["recv_tag", 0, 0, 0, 5, 77],
        ["await"],
        ["demonitor", operand.note(2), 1],
      ),
      turn,
      { do: "advance", byMs: 10 },
      turn,
    ],
    [
      "a call of the host's is answered by a timer",
      spawning("handler", ["send_after", 0, ...sender, operand.word(INFO + 16), 0, 0]),
      { do: "call", who: 1, timeoutMs: 1000 },
      turn,
      { do: "advance", byMs: 1 },
      turn,
    ],
  ])("keep the host as it is where %s", async (_, ...script) => {
    await play(script);
  });
});
