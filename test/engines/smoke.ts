/**
 * What isopod does, tried once in an engine: portable, without Vitest, in one file. It needs the core and
 * its guests only. engines.test.ts runs it in each engine; main.ts reports what came of it.
 */
import {
  CallError,
  formatReason,
  type GuestModule,
  hasJspi,
  type LoadOptions,
  Runtime,
  type RuntimeOptions,
  type Supervisor,
} from "../../host/index.ts";
import { explore } from "../../host/test.ts";

/** The guests of the suite: bytes, or modules that `isopod build --trusted` has made. */
export interface SmokeGuests {
  /** pong-handler.ts: sends every message back. */
  readonly handler: Uint8Array | WebAssembly.Module;
  /** smoke.ts by Asyncify, with its reductions counted. */
  readonly asyncify: Uint8Array | WebAssembly.Module;
  /** smoke.ts by JSPI. Undefined where the engine may not compile what JSPI needs. */
  readonly jspi?: Uint8Array | WebAssembly.Module;
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
    "many actors have an instance each": () => this.#residents(),
    "a crowd of actors takes turns in a few instances, and each keeps what it was told": () => this.#crowd(),
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
