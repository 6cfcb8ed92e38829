/** What happens to a fuzzed runtime from outside, one event after another, and the runtime that it happens to. */
import fc from "fast-check";
import {
  type ExitReason,
  type HostImports,
  type HostMailbox,
  hasJspi,
  IsopodError,
  type Pid,
  type RuntimeLimits,
  SpawnError,
} from "../../../host/index.ts";
import { wasi } from "../../../host/wasi.ts";
import { WASI_MODULE } from "../../wasi-types.ts";
import { ECHO, guest } from "../../wat.ts";
import { type Driver, driverBinary, drivers, encodeScript, operand, type Script } from "./driver.ts";
import { script } from "./scripts.ts";
import { World } from "./world.ts";

/** `who` is a place among the actors that the host has spawned, taken modulo their number. */
export type Event =
  | { readonly do: "spawn"; readonly driver: Driver; readonly script: Script }
  | { readonly do: "send"; readonly who: number; readonly tag: number; readonly length: number }
  | { readonly do: "kill"; readonly who: number }
  | { readonly do: "exit"; readonly who: number; readonly reason: "normal" | "shutdown" | "custom" }
  | { readonly do: "call"; readonly who: number; readonly timeoutMs: number }
  | { readonly do: "tie"; readonly who: number; readonly how: "link" | "unlink" | "monitor" }
  | { readonly do: "advance"; readonly byMs: number }
  | { readonly do: "turn" }
  | { readonly do: "check" };

const who = fc.nat(20);
const spawn: fc.Arbitrary<Event> = fc.record({
  do: fc.constant("spawn" as const),
  driver: fc.constantFrom(...drivers.filter(driver => driver !== "jspi" || hasJspi())),
  script,
});
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 5, arbitrary: spawn },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      who,
      tag: fc.nat(3),
      length: fc.oneof({ weight: 8, arbitrary: fc.nat(100) }, fc.nat(3000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("kill" as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("exit" as const),
      who,
      reason: fc.constantFrom("normal", "shutdown", "custom"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("call" as const), who, timeoutMs: fc.nat(50) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("tie" as const), who, how: fc.constantFrom("link", "unlink", "monitor") }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("advance" as const), byMs: fc.nat(80) }) },
  { weight: 6, arbitrary: fc.constant({ do: "turn" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "check" as const }) },
);

export const events: fc.Arbitrary<Event[]> = fc
  .tuple(spawn, fc.array(event, { maxLength: 40, size: "max" }))
  .map(([first, rest]) => [first, ...rest]);

/** So small that scripts meet every one of them. */
const limits: Partial<RuntimeLimits> = {
  memoryPages: 4,
  messageBytes: 2048,
  mailboxMessages: 12,
  mailboxBytes: 8192,
  handlerReductions: 100_000,
  predicateReductions: 20_000,
  familyActors: 6,
  spawnsPerSecond: 12,
  timers: 4,
  ties: 10,
  names: 3,
  logBytesPerSecond: 300,
  hostCalls: 2,
  actors: 40,
  fibers: 12,
  allMemoryBytes: 8 * 2 ** 20,
  allMailboxBytes: 128 * 2 ** 10,
};

const binaries = new Map(drivers.map(driver => [driver, driverBinary(driver)]));
const echoBinary = guest(ECHO);

/** Functions of an embedder who does whatever embedders do: answers, later too, throws, and acts on the runtime meanwhile. */
function embedder(world: World): HostImports {
  const after = (delayMs: number) => new Promise<void>(resolve => void world.clock.wake(delayMs, resolve));
  const fail = (): never => {
    throw new Error("as it was told");
  };
  return {
    [WASI_MODULE]: wasi({ stdin: "what there is to read" }),
    ext: {
      read: (context, pointer: number, length: number) => context.read(pointer, length).length,
      write: (context, pointer: number, capacity: number) => context.write(pointer, new Uint8Array(20), capacity),
      wide: (_, value: bigint) => value + 1n,
      later: (_, delayMs: number) => after(delayMs).then(() => 7),
      fails: (_, delayMs: number) => after(delayMs).then(fail),
      // By then its memory may have grown, or be gone.
      lateWrite: async (context, pointer: number, capacity: number) => {
        await after(5);
        return context.write(pointer, new Uint8Array(20), capacity);
      },
      never: ({ signal }) => new Promise(resolve => signal.addEventListener("abort", () => resolve(1))),
      throws: fail,
      status: { run: fail, failStatus: -7 },
      ends: context => context.exit({ kind: "shutdown" }),
      kills: (_, lo: number, hi: number) => (world.runtime.kill(pidOf(lo, hi)) ? 1 : 0),
      sends: (_, lo: number, hi: number) => void world.runtime.send(pidOf(lo, hi), new Uint8Array(8)),
      // Its start function runs inside of the caller's turn.
      spawns: () => world.runtime.spawn("early", { args: encodeScript(FIRST_WORDS, [world.witness]) }),
    },
  };
}

/** A script for whoever is spawned by the embedder. */
const FIRST_WORDS: Script = {
  atStart: 2,
  perItem: 1,
  stays: true,
  steps: [
    { name: "send", operands: [0, 0, 1, 0, 0].map(operand.number) },
    { name: "monitor", operands: [0, 0].map(operand.number) },
  ],
};

function pidOf(lo: number, hi: number): Pid {
  return (hi >>> 0) * 2 ** 32 + (lo >>> 0);
}

const KILL = { policy: "kill" } as const;
/** So few that it gives way in the middle of its calls. */
const YIELD = { policy: "yield", perTurn: 500 } as const;

/** A world with drivers in it, and an echo that they know and may end. The witness they do not know. */
class Theatre implements AsyncDisposable {
  readonly #world: World;
  readonly #boss: HostMailbox;
  /** Those that the host has spawned, the echo first. */
  readonly #actors: Pid[] = [];
  /** Its pid is nobody's any more. */
  #dead: Pid = 0;
  /** Promises of the runtime's that have not settled. */
  #open = 0;
  readonly #surprises: unknown[] = [];

  private constructor(world: World) {
    this.#world = world;
    this.#boss = world.runtime.mailbox();
  }

  static async open(): Promise<Theatre> {
    const theatre = new Theatre(await World.open({ limits, grants: "all" }, embedder));
    await theatre.#prepare();
    return theatre;
  }

  async #prepare(): Promise<void> {
    const { runtime } = this.#world;
    for (const [driver, bytes] of binaries) {
      if (driver === "jspi" && !hasJspi()) continue;
      const module = await runtime.load(bytes, { name: driver, reductions: "count" });
      runtime.define(driver, module, { reductions: driver === "jspi" ? YIELD : KILL });
    }
    const echo = await runtime.load(echoBinary, { name: "echo" });
    runtime.define("echo", echo);
    this.#dead = runtime.spawn(echo);
    runtime.kill(this.#dead);
    const known = runtime.spawn(echo);
    runtime.register("a", known);
    runtime.join("b", known);
    this.#actors.push(known);
  }

  async act(event: Event): Promise<void> {
    if (event.do === "spawn") this.#spawn(event.driver, event.script);
    else if (event.do === "advance") this.#world.clock.jump(event.byMs);
    else if (event.do === "turn") await this.#world.turns(1);
    else if (event.do === "check") await this.check();
    else this.#actOn(this.#actors[event.who % this.#actors.length], event);
  }

  #actOn(pid: Pid, event: Extract<Event, { readonly who: number }>): void {
    const { runtime } = this.#world;
    if (event.do === "send") this.#boss.send(pid, new Uint8Array(event.length).fill(event.length), event.tag);
    else if (event.do === "kill") runtime.kill(pid);
    else if (event.do === "exit") runtime.exit(pid, reasons[event.reason]);
    else if (event.do === "call") this.#expect(runtime.call(pid, "please", { timeoutMs: event.timeoutMs }));
    else if (this.#boss.isOpen) this.#tie(pid, event.how);
  }

  /** A guest may have ended the mailbox: it is granted that here. */
  #tie(pid: Pid, how: "link" | "unlink" | "monitor"): void {
    if (how === "link") this.#boss.link(pid);
    else if (how === "unlink") this.#boss.unlink(pid);
    else this.#boss.monitor(pid);
  }

  #spawn(driver: Driver, script: Script): void {
    const { runtime } = this.#world;
    const args = encodeScript(script, [this.#boss.pid, this.#dead, ...this.#actors.slice(-5), this.#actors[0]]);
    try {
      const pid = runtime.spawn(driver, { args });
      this.#actors.push(pid);
      this.#expect(runtime.exited(pid));
    } catch (error) {
      if (!(error instanceof SpawnError) || error.message === "") throw error;
    }
  }

  /** A promise of the runtime's settles some time, and rejects with an error of ours. */
  #expect(promise: Promise<unknown>): void {
    this.#open++;
    promise
      .catch(error => {
        if (!(error instanceof IsopodError)) this.#surprises.push(error);
      })
      .finally(() => void this.#open--);
  }

  async check(): Promise<void> {
    await this.#world.check();
    await this.#world.mustAnswer(this.#actors[0]);
    this.#checkSurprises();
  }

  /** The end of all, of those first that promises are about: their end is an answer, whatever the time is. */
  async close(): Promise<void> {
    await this.check();
    for (const pid of this.#actors) this.#world.runtime.kill(pid);
    await this.#world.check();
    if (this.#open > 0) throw new Error(`${this.#open} promises about actors that have ended have not settled`);
    await this.#world.close();
    this.#checkSurprises();
  }

  #checkSurprises(): void {
    const [cause] = this.#surprises;
    if (cause !== undefined) throw new Error("a promise rejected with another's error", { cause });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#world[Symbol.asyncDispose]();
  }
}

const reasons: Readonly<Record<"normal" | "shutdown" | "custom", ExitReason>> = {
  normal: { kind: "normal" },
  shutdown: { kind: "shutdown" },
  custom: { kind: "custom", bytes: Uint8Array.of(1, 2, 3) },
};

/** Plays events in a runtime of their own. Throws where something does not hold that must. */
export async function play(events: readonly Event[]): Promise<void> {
  await using theatre = await Theatre.open();
  for (const event of events) await theatre.act(event);
  await theatre.close();
}
