/**
 * What happens to a fuzzed runtime from outside, one event after another, and the runtime that it
 * happens to.
 */

import fc from "fast-check";
import { wasi } from "../../../host/adapters/wasi.ts";
import {
  type ExitReason,
  formatPid,
  type HostImports,
  type HostMailbox,
  hasJspi,
  IsopodError,
  type Pid,
  type RuntimeLimits,
  type RuntimeOptions,
  SpawnError,
} from "../../../host/index.ts";
import { EVERY_GRANT } from "../../support/grants.ts";
import { WASI_MODULE } from "../../support/wasi-types.ts";
import { ECHO, guest } from "../../support/wat.ts";
import { Clerk } from "./clerk.ts";
import { type Driver, driverBinary, drivers, encodeScript, FOUND_CANARY, operand, type Script } from "./driver.ts";
import { Mourner } from "./mourner.ts";
import { stackLeft } from "./room.ts";
import { script } from "./scripts.ts";
import { mustNotShow, Vault } from "./vault.ts";
import { World } from "./world.ts";

/** `who` is a place among the actors that the host has spawned, taken modulo their number. */
export type Event =
  | { readonly do: "spawn"; readonly driver: Driver; readonly script: Script }
  | { readonly do: "send"; readonly who: number; readonly tag: number; readonly length: number }
  | { readonly do: "kill"; readonly who: number }
  | { readonly do: "exit"; readonly who: number; readonly reason: "normal" | "shutdown" | "custom" }
  | { readonly do: "call"; readonly who: number; readonly timeoutMs: number }
  | { readonly do: "tie"; readonly who: number; readonly how: "link" | "unlink" | "monitor" }
  | { readonly do: "ask"; readonly who: number }
  | { readonly do: "tell"; readonly who: number; readonly which: number }
  | { readonly do: "takeBack"; readonly which: number }
  | { readonly do: "drain"; readonly who: number; readonly how: "reply" | "delegate" | "drop" }
  | { readonly do: "vault"; readonly how: "ask" | "renew" | "call" | "fill"; readonly amount: number }
  | { readonly do: "mourn" }
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
  { weight: 4, arbitrary: fc.record({ do: fc.constant("ask" as const), who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("tell" as const), who, which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("takeBack" as const), which: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("drain" as const),
      who,
      how: fc.constantFrom("reply", "delegate", "drop"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("vault" as const),
      how: fc.constantFrom("ask", "call", "fill", "renew"),
      amount: fc.nat(2048),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "mourn" as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("advance" as const), byMs: fc.nat(80) }) },
  { weight: 6, arbitrary: fc.constant({ do: "turn" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "check" as const }) },
);

export const events: fc.Arbitrary<Event[]> = fc
  .tuple(spawn, fc.array(event, { maxLength: 40, size: "max" }))
  .map(([first, rest]) => [first, ...rest]);

/** What differs from one runtime to another. */
export interface Setting {
  /** Guests have the grant `kill`, and a function of the embedder's that does so. */
  readonly kills: boolean;
  /** Guests are linked to a mailbox that mourns them. */
  readonly links: boolean;
  /**
   * What a guest that waits by JSPI may spend in a turn: so few that it gives way in the middle of
   * its calls, or enough to come to the end of its stack.
   */
  readonly perTurn: number;
  readonly memoryPages: number;
  readonly allMemoryBytes: number;
}

const MIB = 2 ** 20;

export const setting: fc.Arbitrary<Setting> = fc.record({
  kills: fc.boolean(),
  links: fc.boolean(),
  perTurn: fc.constantFrom(500, 50_000),
  memoryPages: fc.constantFrom(4, 2, 8),
  // Growth meets it, or spawns.
  allMemoryBytes: fc.constantFrom(8 * MIB, 2 * MIB, MIB),
});

const USUAL: Setting = {
  kills: true,
  links: false,
  perTurn: 500,
  memoryPages: 4,
  allMemoryBytes: 8 * MIB,
};

/** So small that scripts meet every one of them. */
const limits: Partial<RuntimeLimits> = {
  turnMs: 1,
  startMs: 1,
  messageBytes: 2048,
  mailboxMessages: 12,
  mailboxBytes: 8192,
  handlerReductions: 300_000,
  predicateReductions: 20_000,
  familyActors: 6,
  spawnsPerSecond: 12,
  timers: 4,
  ties: 10,
  names: 3,
  logBytesPerSecond: 300,
  unknownPids: 10,
  hostCalls: 2,
  actors: 40,
  fibers: 12,
  allMailboxBytes: 128 * 2 ** 10,
};

const binaries = new Map(drivers.map(driver => [driver, driverBinary(driver)]));
const echoBinary = guest(ECHO);

/**
 * Functions of an embedder: they answer at once or later, throw, and act on the runtime meanwhile.
 */
function embedder(world: World, { kills }: Setting): HostImports {
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
      answers: { answer: (_, request) => request },
      slow: { answer: (_, request) => after(request.length % 60).then(() => request) },
      silent: {
        answer: ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      },
      breaks: { answer: (_, { length }) => after(length % 20).then(fail) },
      ends: context => context.exit({ kind: "shutdown" }),
      kills: (_, lo: number, hi: number) => (kills && world.runtime.kill(pidOf(lo, hi)) ? 1 : 0),
      room: () => stackLeft(),
      [FOUND_CANARY]: ({ pid }, at: number) => world.fault(`${formatPid(pid)} has found another's memory at ${at}`),
      sends: (_, lo: number, hi: number) => void world.runtime.send(pidOf(lo, hi), new Uint8Array(8)),
      // Its start function runs inside of the caller's turn.
      spawns: () => world.runtime.spawn("early", { args: encodeScript(FIRST_WORDS, [world.witness]) }),
    },
  };
}

/** A script for an actor that the embedder spawns. */
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

const { kill: _, ...TAME } = EVERY_GRANT;

/**
 * A world with drivers in it, and an echo that they know and may end. The witness they do not know.
 */
class Theatre implements AsyncDisposable {
  readonly #world: World;
  readonly #boss: HostMailbox;
  /** Those that the host has spawned, the echo first. */
  readonly #actors: Pid[] = [];
  /** Its actor has ended. */
  #dead: Pid = 0;
  /** Promises of the runtime's that have not settled. */
  #open = 0;
  readonly #surprises: unknown[] = [];
  readonly #setting: Setting;
  readonly #mourner: Mourner;
  /** Actors whose scripts hand requests on. */
  readonly #delegating = new Set<Pid>();
  readonly #clerk: Clerk;
  readonly #vault: Vault;

  private constructor(world: World, setting: Setting, vault: Vault) {
    this.#world = world;
    this.#boss = world.runtime.mailbox();
    this.#setting = setting;
    this.#mourner = new Mourner(world.runtime);
    this.#clerk = new Clerk(world.runtime, this.#delegating);
    this.#vault = vault;
  }

  static async open(setting: Setting, more: RuntimeOptions): Promise<Theatre> {
    const { memoryPages, allMemoryBytes } = setting;
    const options: RuntimeOptions = {
      grants: setting.kills ? "all" : TAME,
      limits: { ...limits, memoryPages, allMemoryBytes },
      onLog: (pid, _, text) => mustNotShow(Buffer.from(text, "latin1"), `the log, by ${formatPid(pid)},`),
      ...more,
    };
    const world = await World.open(options, world => embedder(world, setting));
    const theatre = new Theatre(world, setting, await Vault.open(world.runtime));
    await theatre.#prepare();
    return theatre;
  }

  async #prepare(): Promise<void> {
    const { runtime } = this.#world;
    const give = { policy: "yield", perTurn: this.#setting.perTurn } as const;
    for (const [driver, bytes] of binaries) {
      if (driver === "jspi" && !hasJspi()) continue;
      const module = await runtime.load(bytes, { name: driver, reductions: "count" });
      runtime.define(driver, module, { reductions: driver === "jspi" ? give : KILL });
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
    else if (event.do === "takeBack") this.#clerk.takeBack(event.which);
    else if (event.do === "vault") this.#actOnVault(event);
    else if (event.do === "mourn") this.#mourn();
    else this.#actOn(this.#actors[event.who % this.#actors.length], event);
  }

  #actOn(pid: Pid, event: Extract<Event, { readonly who: number }>): void {
    const { runtime } = this.#world;
    if (event.do === "send") this.#boss.send(pid, new Uint8Array(event.length).fill(event.length), { tag: event.tag });
    else if (event.do === "kill") runtime.kill(pid);
    else if (event.do === "exit") runtime.exit(pid, reasons[event.reason]);
    else if (event.do === "ask") this.#clerk.ask(pid);
    else if (event.do === "tell") this.#clerk.tell(pid, event.which);
    else if (event.do === "drain") this.#drain(pid, event.how);
    else if (event.do === "call") this.#expect(runtime.call(pid, "please", { timeoutMs: event.timeoutMs }));
    else if (this.#boss.isOpen) this.#tie(pid, event.how);
  }

  #actOnVault(event: Extract<Event, { readonly do: "vault" }>): void {
    const vault = this.#vault;
    if (event.how === "ask") this.#clerk.ask(vault.pid);
    else if (event.how === "renew") vault.renew();
    else if (event.how === "call") vault.call(event.amount % 50);
    else vault.fill(event.amount);
  }

  /** All guests that there are just now, those that guests have spawned too. */
  #mourn(): void {
    for (const { pid, kind } of this.#world.runtime.snapshot({ most: Number.POSITIVE_INFINITY }).actors) {
      if (kind === "guest" && pid !== this.#vault.pid) this.#mourner.tie(pid, this.#setting.links);
    }
  }

  /** Takes what the boss was sent; those who ask it get an answer, or `pid` is to give them one. */
  #drain(pid: Pid, how: "reply" | "delegate" | "drop"): void {
    const boss = this.#boss;
    for (let item = boss.poll(); item !== undefined; item = boss.poll()) {
      if (item.kind === "message" || item.kind === "timer") mustNotShow(item.bytes, "the boss");
      if (item.kind !== "message" || item.ref === 0) continue;
      if (how === "reply") boss.reply(item, "here you are");
      else if (how === "delegate") boss.delegate(item, pid);
    }
  }

  /** A guest may have ended the mailbox: it may be granted that here. */
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
      if (script.steps.some(({ name }) => name === "delegate")) this.#delegating.add(pid);
      if (runtime.isAlive(pid)) this.#mourner.tie(pid, this.#setting.links);
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
    const { runtime } = this.#world;
    await this.#world.check();
    // Right behind it: nothing has ended since of which not all are told.
    this.#mourner.mustKnow(pid => !runtime.isAlive(pid));
    this.#readClerk();
    this.#vault.check();
    const { isOpen } = this.#boss;
    if (!this.#setting.kills && !(isOpen && this.#clerk.isOpen))
      throw new Error("nobody may end a mailbox, and one is");
    await this.#world.mustAnswer(this.#actors[0]);
    this.#checkSurprises();
  }

  #readClerk(): void {
    for (const item of this.#clerk.read()) if ("bytes" in item) mustNotShow(item.bytes, "the clerk");
  }

  /**
   * The end of all, of those first that promises are about: their end is an answer, whatever the
   * time is.
   */
  async close(): Promise<void> {
    await this.check();
    await this.#world.mustBecomeIdle();
    this.#mourner.mustKnow(() => true);
    this.#readClerk();
    // Calls may have been handed on to them.
    this.#clerk.close();
    this.#boss.close();
    await this.#world.turns(1);
    if (this.#open > 0) throw new Error(`${this.#open} promises about actors that have ended have not settled`);
    this.#vault.mustBeSettled();
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

/**
 * Plays events in a runtime of their own. Throws where something does not hold that must.
 *
 * @param more options of the runtime beside those of the setting
 */
export async function play(
  events: readonly Event[],
  setting: Setting = USUAL,
  more: RuntimeOptions = {},
): Promise<void> {
  await using theatre = await Theatre.open(setting, more);
  for (const event of events) await theatre.act(event);
  await theatre.close();
}
