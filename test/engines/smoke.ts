/**
 * What isopod does, tried once in an engine: portable, without Vitest, in one file. It needs the core,
 * scripts and its guests only. engines.test.ts runs it in each engine; main.ts reports what came of it.
 */
import { cbor } from "../../host/adapters/codec.ts";
import {
  CallError,
  type DerivedModule,
  formatReason,
  type GuestModule,
  hasJspi,
  type LoadOptions,
  Runtime,
  type RuntimeLimits,
  type RuntimeOptions,
  type Supervisor,
} from "../../host/index.ts";
import { loadScript } from "../../host/js/index.ts";
import { replay } from "../../host/replay.ts";
import { explore } from "../../host/test.ts";

/** The guests of the suite: bytes, or modules that `isopod build --trusted` has made. */
export interface SmokeGuests {
  /** pong-handler.ts: sends every message back. */
  readonly handler: Uint8Array | WebAssembly.Module;
  /** smoke.ts by Asyncify, with its reductions counted. */
  readonly asyncify: Uint8Array | WebAssembly.Module;
  /** smoke.ts by JSPI. Undefined where the engine may not compile what JSPI needs. */
  readonly jspi?: Uint8Array | WebAssembly.Module;
  /** The engine of scripts. */
  readonly engine: Uint8Array | WebAssembly.Module;
}

export interface SmokeOptions {
  /** For every runtime. */
  readonly runtime?: RuntimeOptions;
  /** For every `load`. */
  readonly load?: LoadOptions;
  /** So many actors have an instance each. */
  readonly residents: number;
  /** So many actors take turns in the instances that there are. */
  readonly crowd: number;
  /** Recordings that another engine has made. */
  readonly recordings?: readonly Uint8Array[];
}

/** What came of one test. */
export interface Outcome {
  readonly name: string;
  readonly ms: number;
  /** Undefined where it has passed. */
  readonly error?: string | undefined;
  /** Why it was not run. */
  readonly skipped?: string;
}

/** So many answers are waited for at once. */
const BATCH = 1_000;
/** A system under load is late, and no test is about time. */
const PATIENT = { timeoutMs: 60_000 };

const ECHO_SCRIPT = `import { send } from "isopod";
export const onMessage = message => void send(message.from, { got: message.value });`;

const COUNTER_SCRIPT = `let sum = 0;
export const add = n => (sum += n);
export async function later(n) {
  await new Promise(resolve => setTimeout(resolve, 5));
  return add(n);
}
export function fail() { throw new RangeError("no such luck"); }
export function spin() { while (true) {} }`;

interface Counter {
  add(n: number): number;
  later(n: number): number;
  fail(): void;
  spin(): void;
}

export async function smoke(guests: SmokeGuests, options: SmokeOptions): Promise<Outcome[]> {
  const suite = new Suite(guests, options);
  const outcomes: Outcome[] = [];
  for (const [name, test] of Object.entries(suite.tests)) {
    const beganMs = performance.now();
    const outcome = await test().catch(error => ({ error: `${error.name}: ${error.message}\n${error.stack}` }));
    outcomes.push({ name, ms: Math.round(performance.now() - beganMs), ...outcome });
  }
  return outcomes;
}

type Result = Pick<Outcome, "skipped"> | undefined;

class Suite {
  readonly #guests: SmokeGuests;
  readonly #options: SmokeOptions;

  constructor(guests: SmokeGuests, options: SmokeOptions) {
    this.#guests = guests;
    this.#options = options;
  }

  readonly tests: Readonly<Record<string, () => Promise<Result>>> = {
    "a handler sends a message back": () => this.#handler(),
    "a process that parks by Asyncify answers calls": () => this.#answers("asyncify"),
    "a process that parks by JSPI answers calls": () => this.#answers("jspi"),
    "a call to an actor that crashes fails, and its supervisor starts it again": () => this.#supervisor(),
    "a timer rings": () => this.#timer(),
    "a guest that loops for ever is killed, and another goes on": () => this.#killed(),
    "the seeds of a simulation play what they play in every engine": () => this.#simulation(),
    "actors that crashed in another engine crash again, with the same memory": () => this.#recordings(),
    "many actors have an instance each": () => this.#residents(),
    "a crowd of actors takes turns in a few instances, and each keeps what it was told": () => this.#crowd(),
    "a script gets messages, and its functions are called": () => this.#script(),
    "a script that loops for ever is killed, and another goes on": () => this.#killedScript(),
    "an actor of a script goes on in another runtime, from its image": () => this.#movedScript(),
    "a thousand actors of a script take turns in a few instances": () => this.#scripts(),
  };

  /** Runs a test with a runtime and a module. */
  async #with(
    guest: keyof SmokeGuests,
    test: (runtime: Runtime, module: GuestModule) => Promise<Result>,
    options: RuntimeOptions = {},
  ): Promise<Result> {
    const runtime = new Runtime({ ...this.#options.runtime, ...options });
    try {
      // It exists: `#answers` has looked.
      const source = this.#guests[guest] as BufferSource | WebAssembly.Module;
      return await test(runtime, await runtime.load(source, { ...this.#options.load, name: guest }));
    } finally {
      await runtime.stop();
    }
  }

  async #recordings(): Promise<Result> {
    const { recordings = [] } = this.#options;
    if (recordings.length === 0) return { skipped: "there are no recordings" };
    for (const recording of recordings) {
      const played = await replay(recording);
      equal(`${played.module} ${played.play().isSame}`, `${played.module} true`);
    }
    return undefined;
  }

  async #simulation(): Promise<Result> {
    const { asyncify } = this.#guests;
    if (asyncify instanceof WebAssembly.Module) return { skipped: "a simulation reads bytes" };
    const { hash, steps } = await explore(
      async runtime => {
        const counter = runtime.spawn("counter");
        const clients = Array.from({ length: 3 }, (_, i) =>
          runtime.actor(async mailbox => {
            await mailbox.call(counter, `add ${i}`);
            // It remembers one caller that waits.
            await mailbox.call(counter, i === 0 ? "later 20" : "get");
          }),
        );
        for (const pid of clients) await runtime.exited(pid);
      },
      { modules: { counter: asyncify }, seeds: 30, runtime: this.#options.runtime ?? {} },
    );
    equal(`${hash} ${steps}`, "10cefec1 775");
  }

  #handler(): Promise<Result> {
    return this.#with("handler", async (runtime, module) => {
      const mailbox = runtime.mailbox();
      mailbox.send(runtime.spawn(module), "hello");
      const item = await mailbox.receive(PATIENT);
      equal(item?.kind === "message" && decoded(item.bytes), "hello");
    });
  }

  async #answers(way: "asyncify" | "jspi"): Promise<Result> {
    if (this.#guests[way] === undefined) return { skipped: "the suite has no guest that parks by JSPI here" };
    if (way === "jspi" && !hasJspi()) return { skipped: "this engine has no JSPI" };
    return this.#with(way, async (runtime, module) => {
      const pids = Array.from({ length: 10 }, () => runtime.spawn(module));
      for (let round = 1; round <= 3; round++) {
        const sums = pids.map((pid, i) => runtime.call(pid, `add ${i}`, PATIENT));
        equal((await Promise.all(sums)).map(decoded).join(), pids.map((_, i) => round * i).join());
      }
    });
  }

  #supervisor(): Promise<Result> {
    return this.#with("asyncify", async (runtime, module) => {
      let reported: (() => void) | undefined;
      const restarted = new Promise<void>(done => {
        reported = done;
      });
      const supervisor: Supervisor = runtime.supervise({
        children: [{ id: "counter", start: module, name: "counter" }],
        onReport: () => reported?.(),
      });
      await supervisor.started;
      const first = runtime.whereis("counter");
      equal(decoded(await runtime.call("counter", "add 5", PATIENT)), "5");
      const error = await runtime.call("counter", "crash", PATIENT).catch(error => error);
      equal(error instanceof CallError && error.code, "ISOPOD_CALL");
      await restarted;
      // The supervisor starts it in the turn in which it reports.
      for (let i = 0; i < 1_000 && runtime.whereis("counter") === undefined; i++) await runtime.queueDelay();
      equal(runtime.whereis("counter") !== first, true);
      equal(decoded(await runtime.call("counter", "get", PATIENT)), "0");
    });
  }

  #timer(): Promise<Result> {
    return this.#with("asyncify", async (runtime, module) => {
      equal(decoded(await runtime.call(runtime.spawn(module), "later 20", PATIENT)), "rang");
    });
  }

  #killed(): Promise<Result> {
    return this.#with("asyncify", async (runtime, module) => {
      const spinning = runtime.spawn(module, { reductions: { policy: "kill", perTurn: 100_000 } });
      const other = runtime.spawn(module);
      const end = runtime.exited(spinning);
      runtime.send(spinning, "spin");
      equal(decoded(await runtime.call(other, "add 1", PATIENT)), "1");
      const reason = await end;
      equal(reason.kind === "crashed" ? reason.message.split(":")[0] : formatReason(reason), "reductions");
    });
  }

  #residents(): Promise<Result> {
    const { residents } = this.#options;
    return this.#with(
      "asyncify",
      async (runtime, module) => {
        await this.#told(runtime, module, residents);
        equal(runtime.counters.hibernated, 0);
      },
      { limits: { ...this.#options.runtime?.limits, instances: residents } },
    );
  }

  #crowd(): Promise<Result> {
    const { crowd } = this.#options;
    return this.#with(
      "asyncify",
      async (runtime, module) => {
        await this.#told(runtime, module, crowd);
        equal(runtime.counters.hibernated > crowd, true);
      },
      { limits: { ...this.#options.runtime?.limits, instances: 32 } },
    );
  }

  /** Runs a test with a runtime and a loaded script. */
  async #withScript(
    source: string,
    test: (runtime: Runtime, script: DerivedModule) => Promise<Result>,
    limits: Partial<RuntimeLimits> = {},
  ): Promise<Result> {
    const { runtime: options } = this.#options;
    const patient = { turnMs: 60_000, ...options?.limits, ...limits };
    const runtime = new Runtime({ ...options, limits: patient });
    try {
      // The suite is one file, so the engine is not beside it.
      const engine = this.#guests.engine as BufferSource | WebAssembly.Module;
      return await test(runtime, await loadScript(runtime, source, { engine, loadMs: 60_000 }));
    } finally {
      await runtime.stop();
    }
  }

  async #script(): Promise<Result> {
    await this.#withScript(ECHO_SCRIPT, async (runtime, script) => {
      const mailbox = runtime.mailbox();
      mailbox.send(runtime.spawn(script), cbor.encode(["é", 1.5]));
      const item = await mailbox.receive(PATIENT);
      equal(item?.kind === "message" && JSON.stringify(cbor.decode(item.bytes)), '{"got":["é",1.5]}');
    });
    return this.#withScript(COUNTER_SCRIPT, async (runtime, script) => {
      const counter = runtime.client<Counter>(runtime.spawn(script), cbor, PATIENT);
      equal(await counter.add(2), 2);
      equal(await counter.later(3), 5);
      const error = await counter.fail().catch(error => error);
      equal(`${error.name} ${error.message}`.includes("no such luck"), true);
      equal(await counter.add(1), 6);
    });
  }

  #killedScript(): Promise<Result> {
    return this.#withScript(COUNTER_SCRIPT, async (runtime, script) => {
      const spinning = runtime.spawn(script, { limits: { handlerReductions: 5_000_000 } });
      const end = runtime.exited(spinning);
      const spun = runtime.client<Counter>(spinning, cbor, PATIENT).spin();
      equal(await runtime.client<Counter>(runtime.spawn(script), cbor, PATIENT).add(1), 1);
      equal(await spun.catch(error => error instanceof CallError), true);
      const reason = await end;
      equal(reason.kind === "crashed" ? reason.message.split(":")[0] : formatReason(reason), "reductions");
    });
  }

  #movedScript(): Promise<Result> {
    return this.#withScript(COUNTER_SCRIPT, async (runtime, script) => {
      const pid = runtime.spawn(script);
      await runtime.client<Counter>(pid, cbor, PATIENT).add(7);
      const image = runtime.image(pid);
      return this.#withScript(COUNTER_SCRIPT, async (other, again) => {
        const moved = other.spawnImage(again, image);
        equal(await other.client<Counter>(moved, cbor, PATIENT).add(1), 8);
      });
    });
  }

  #scripts(): Promise<Result> {
    const many = 1_000;
    return this.#withScript(
      COUNTER_SCRIPT,
      async (runtime, script) => {
        const counters = Array.from({ length: many }, () =>
          runtime.client<Counter>(runtime.spawn(script), cbor, PATIENT),
        );
        for (let round = 1; round <= 2; round++) {
          const sums = await Promise.all(counters.map((counter, i) => counter.add(i)));
          equal(sums.join(), counters.map((_, i) => round * i).join());
        }
        equal(runtime.counters.hibernated > many, true);
      },
      { instances: 8 },
    );
  }

  /** Spawns many actors, tells each a number, and asks all for it. */
  async #told(runtime: Runtime, module: GuestModule, many: number): Promise<void> {
    const pids = Array.from({ length: many }, () => runtime.spawn(module));
    for (const what of ["add", "get"]) {
      for (let first = 0; first < many; first += BATCH) {
        const batch = pids.slice(first, first + BATCH);
        const answers = batch.map((pid, i) => runtime.call(pid, `${what} ${first + i}`, PATIENT));
        equal((await Promise.all(answers)).map(decoded).join(), batch.map((_, i) => first + i).join());
      }
    }
    equal(runtime.size, many);
  }
}

function equal(seen: unknown, expected: unknown): void {
  if (seen !== expected) throw new Error(`${String(seen).slice(0, 200)} is not ${String(expected).slice(0, 200)}`);
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
