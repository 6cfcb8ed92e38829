/**
 * One runtime under attack, and what must hold of it at any time: its witness is served, no
 * exception is left uncaught, its numbers add up, each end is told once. What does not hold is an
 * error that says so.
 */

import { type Counters, type HostImports, type Pid, Runtime, type RuntimeOptions } from "../../../host/index.ts";
import { ManualClock } from "../../../host/test.ts";
import { ECHO, guest } from "../../support/wat.ts";

/** So many turns of the event loop are enough for any answer. */
const TURNS_TO_ANSWER = 500;

/**
 * So much time passes while somebody looks at the clock, or a ring of actors that never rest would
 * hold the event loop for ever.
 */
const LOOK_MS = 0.05;

/** Time moves when the test says so, and a little by being looked at. */
export class FuzzClock extends ManualClock {
  #looks = 0;

  override now(): number {
    return super.now() + this.#looks++ * LOOK_MS;
  }
}

const witnessBinary = guest(ECHO);
const PROBE = Uint8Array.of(1, 2, 3);

/**
 * A crash for such a reason is a slip of the host's own: a guest's has the name of a rule, of a
 * limit or of a trap. Only that a status is no i64, where a function of the embedder's should
 * answer one, the engine says; and what is tied to an actor whose spawn fails is told the
 * SpawnError.
 */
const HOST_ERROR =
  /^(?!TypeError: Cannot convert -10[01] to a BigInt|SpawnError: )\w*Error: |out of bounds$|undefined|not a function|detached/;
const TRAPS = /^(memory access|table index|table access|data segment|element segment|array element).* out of bounds/;

/** Of all worlds that were closed. */
export const tally = { worlds: 0, spawned: 0, ended: 0, sent: 0, denied: 0 };

export class World implements AsyncDisposable {
  readonly clock = new FuzzClock();
  readonly runtime: Runtime;
  #witness: Pid = 0;
  /** How often each end was told. */
  readonly #ends = new Map<Pid, number>();
  #guestsEnded = 0;
  /** As they were when somebody looked last. */
  #counters: Readonly<Counters> | undefined;
  /** Uncaught exceptions. */
  readonly #loose: unknown[] = [];
  readonly #onLoose = (error: unknown) => void this.#loose.push(error);

  private constructor(options: RuntimeOptions, imports: (world: World) => HostImports) {
    process.on("uncaughtException", this.#onLoose);
    process.on("unhandledRejection", this.#onLoose);
    this.runtime = new Runtime({
      clock: this.clock,
      onLog: () => {},
      // What the functions of a history throw is told here, and is no fault.
      onError: () => {},
      ...options,
      imports: imports(this),
      onExit: exit => {
        const { pid, module, reason } = exit;
        options.onExit?.(exit);
        this.#ends.set(pid, (this.#ends.get(pid) ?? 0) + 1);
        if (reason.kind === "crashed" && isHostError(reason.message)) this.#loose.push(reason.stack);
        if (module !== undefined) this.#guestsEnded++;
      },
    });
  }

  /** `imports` are called when the world is there. */
  static async open(options: RuntimeOptions = {}, imports: (world: World) => HostImports = () => ({})): Promise<World> {
    const world = new World(options, imports);
    world.#witness = world.runtime.spawn(await world.runtime.load(witnessBinary, { name: "witness" }), { grants: {} });
    return world;
  }

  /** Something that must hold does not, as somebody else has found. */
  fault(text: string): void {
    this.#loose.push(new Error(text));
  }

  get witness(): Pid {
    return this.#witness;
  }

  async turns(count: number): Promise<void> {
    for (let left = count; left > 0; left--) await new Promise<void>(resolve => setImmediate(resolve));
  }

  /** Throws where one of the things that must hold does not. */
  async check(): Promise<void> {
    await this.mustAnswer(this.#witness);
    if (!this.runtime.isAlive(this.#witness)) throw new Error("the witness has ended");
    await this.#untilAllIsTold();
    this.checkNow();
    const { spawned, ended } = this.runtime.counters;
    const twice = [...this.#ends.values()].filter(times => times > 1).length;
    expectEqual("ends that were told twice", twice, 0);
    expectEqual("ends that were told", this.#ends.size, ended);
    expectEqual("guests alive", this.runtime.size, spawned - this.#guestsEnded);
    this.#checkSums();
  }

  /** What holds between any two turns of the event loop, where all ends are told. */
  #checkSums(): void {
    const { sent, received, dead } = this.runtime.counters;
    let waiting = 0;
    let memoryBytes = 0;
    for (const { pid, memoryBytes: its = 0 } of this.runtime.snapshot({ most: Number.POSITIVE_INFINITY }).actors) {
      memoryBytes += its;
      const items = this.runtime.peek(pid, { items: 10_000, bytes: 0 }) ?? [];
      waiting += items.filter(({ kind }) => kind === "message" || kind === "timer").length;
    }
    expectEqual("messages sent", sent, received + dead + waiting);
    const { allMemoryBytes } = this.runtime.limits;
    if (memoryBytes > allMemoryBytes)
      throw new Error(`guests have ${memoryBytes} bytes, and may have ${allMemoryBytes}`);
  }

  /** What holds at any time. */
  checkNow(): void {
    this.#checkNothingLoose();
    // What was handed to an actor that ends before its turn is a dead letter, and is received no
    // more.
    const received = this.runtime.counters.received + this.runtime.counters.dead;
    const counters = { ...this.runtime.counters, received };
    const last = this.#counters ?? counters;
    for (const key of Object.keys(counters) as (keyof Counters)[]) {
      if (counters[key] < last[key]) throw new Error(`${key} went from ${last[key]} to ${counters[key]}`);
    }
    this.#counters = counters;
  }

  /** Kills all guests, and throws where the runtime does not find itself idle then. */
  async mustBecomeIdle(): Promise<void> {
    let isIdle = false;
    void this.runtime.idle().then(() => {
      isIdle = true;
    });
    for (let left = TURNS_TO_ANSWER; left > 0 && this.runtime.size > 0; left--) {
      if (isIdle) throw new Error(`the runtime was idle with ${this.runtime.size} guests`);
      for (const { pid, kind } of this.runtime.snapshot({ most: Number.POSITIVE_INFINITY }).actors)
        if (kind === "guest") this.runtime.kill(pid);
      await this.turns(1);
    }
    await this.#untilAllIsTold();
    expectEqual("guests that were not to be killed", this.runtime.size, 0);
    if (!isIdle) throw new Error("all guests have ended, and the runtime is not idle");
  }

  /** Ends everything, and throws where the sums are not right then. */
  async close(): Promise<void> {
    await this.runtime.stop();
    await this.#untilAllIsTold();
    this.checkNow();
    const { spawned, ended, sent, received, dead, denied } = this.runtime.counters;
    expectEqual("guests alive after the end", this.runtime.size, 0);
    expectEqual("guests whose end was told", this.#guestsEnded, spawned);
    expectEqual("ends that were told", this.#ends.size, ended);
    expectEqual("messages sent", sent, received + dead);
    tally.worlds++;
    for (const [key, count] of Object.entries({ spawned, ended, sent, denied }))
      tally[key as keyof typeof tally] += count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime.stop();
    process.off("uncaughtException", this.#onLoose);
    process.off("unhandledRejection", this.#onLoose);
  }

  /** Throws where an echo is alive and does not answer. Its mailbox may be full at first. */
  async mustAnswer(echo: Pid): Promise<void> {
    using mailbox = this.runtime.mailbox();
    let asked = false;
    for (let left = TURNS_TO_ANSWER; left > 0 && this.runtime.isAlive(echo); left--) {
      if (!asked) asked = mailbox.send(echo, PROBE, { tag: 5 });
      await this.turns(1);
      const item = mailbox.poll();
      if (item === undefined) continue;
      if (item.kind === "message" && item.from === echo && item.tag === 5 && item.bytes.join() === PROBE.join()) return;
      throw new Error(`an echo answered with ${JSON.stringify(item)}`);
    }
    const lives = this.runtime.isAlive(echo);
    if (lives) throw new Error(`an echo did not answer in ${TURNS_TO_ANSWER} turns of the event loop`);
  }

  /** Of an end the embedder hears when no guest has its turn, so a little later. */
  async #untilAllIsTold(): Promise<void> {
    let left = TURNS_TO_ANSWER;
    do await this.turns(1);
    while (left-- > 0 && this.#ends.size < this.runtime.counters.ended);
  }

  #checkNothingLoose(): void {
    const [first] = this.#loose;
    if (first === undefined) return;
    throw new Error(`nobody caught: ${first instanceof Error ? (first.stack ?? first) : first}`, { cause: first });
  }
}

function expectEqual(what: string, got: number, wanted: number): void {
  if (got !== wanted) throw new Error(`${what}: ${got}, and not ${wanted}`);
}

function isHostError(message: string): boolean {
  return HOST_ERROR.test(message) && !TRAPS.test(message);
}
