/** The threads of a runtime, as the embedder asks them. */
import { totals } from "../actor/counters.ts";
import type { Cbor } from "../adapters/codec.ts";
import type { ActorFilter } from "../observe/actor-filter.ts";
import type { ActorInfo } from "../observe/actor-info.ts";
import type { Snapshot, SnapshotOptions } from "../observe/snapshot.ts";
import type { Totals } from "../observe/totals.ts";
import type { PeekOptions, WaitingItem } from "../observe/waiting-item.ts";
import type { Runtime } from "../runtime.ts";
import { checkPid } from "../wire/checks.ts";
import type { Counters } from "../wire/events.ts";
import { highWord, type Pid, threadOf } from "../wire/pid.ts";
import type { Crew } from "./crew.ts";
import type { Workers } from "./workers.ts";

/** One thread, and how much it has to do. */
export interface ThreadLoad {
  readonly thread: number;
  /** Live actors, host mailboxes included. */
  readonly actors: number;
  /** Milliseconds that an actor which becomes ready now waits for its turn. */
  readonly delayMs: number;
}

/** What only other threads know of their actors. `createRuntime` of `isopod/threads` makes it. */
export class Threads {
  readonly #runtime: Runtime;
  readonly #crew: Crew;
  readonly #workers: Workers;

  constructor(runtime: Runtime, crew: Crew, workers: Workers) {
    this.#runtime = runtime;
    this.#crew = crew;
    this.#workers = workers;
  }

  /** The numbers of the threads that are not lost. */
  get live(): number[] {
    return [0, ...this.#crew.thread.others];
  }

  /** As `Runtime.info`, of an actor of any thread. */
  async info(pid: Pid): Promise<ActorInfo | undefined> {
    return (await this.#of(pid, "info", pid, () => this.#runtime.info(pid))) as ActorInfo | undefined;
  }

  /** As `Runtime.peek`, of an actor of any thread. */
  async peek(pid: Pid, options: PeekOptions = {}): Promise<WaitingItem[] | undefined> {
    const here = () => this.#runtime.peek(pid, options);
    return (await this.#of(pid, "peek", [pid, options as Cbor], here)) as WaitingItem[] | undefined;
  }

  /** As `Runtime.hibernate`, of an actor of any thread. */
  async hibernate(pid: Pid): Promise<boolean> {
    return (await this.#of(pid, "hibernate", pid, () => this.#runtime.hibernate(pid))) === true;
  }

  /** As `Runtime.image`, of an actor of any thread. Undefined where there is no such actor on another thread. */
  async image(pid: Pid): Promise<Uint8Array | undefined> {
    return (await this.#of(pid, "image", pid, () => this.#runtime.image(pid))) as Uint8Array | undefined;
  }

  /** A snapshot of each thread, as `Runtime.snapshot` makes it. */
  async snapshots(options: SnapshotOptions = {}): Promise<(Snapshot & { readonly thread: number })[]> {
    const here = { thread: 0, ...this.#runtime.snapshot(options) };
    const others = await this.#crew.askAll("snapshot", options as Cbor);
    return [here, ...others.map(([thread, answer]) => ({ thread, ...(answer as unknown as Snapshot) }))];
  }

  /** The totals of all threads together. */
  async totals(filter: ActorFilter = {}): Promise<Totals> {
    const here = this.#runtime.totals(filter);
    const others = await this.#crew.askAll("totals", filter as Cbor);
    return sum([here as unknown as Sums, ...others.map(([, answer]) => answer as Sums)]) as unknown as Totals;
  }

  /** The counters of all threads together. */
  async counters(): Promise<Counters> {
    const here = { ...totals(this.#crew.thread.parts.services) };
    const others = await this.#crew.askAll("counters");
    return sum([here as unknown as Sums, ...others.map(([, answer]) => answer as Sums)]) as unknown as Counters;
  }

  /** How much each thread has to do. */
  async load(): Promise<ThreadLoad[]> {
    const { parts } = this.#crew.thread;
    const here = { thread: 0, actors: parts.actors.size, delayMs: (await this.#runtime.queueDelay()) ?? 0 };
    const others = await this.#crew.askAll("load");
    return [
      here,
      ...others.map(([thread, answer]) => {
        const [actors, delayMs] = answer as [number, number];
        return { thread, actors, delayMs };
      }),
    ];
  }

  /** Ends a thread at once, as if it had failed: every tie to its actors is told `noconnection`. Not thread 0. */
  terminate(thread: number): void {
    this.#workers.terminate(thread);
  }

  async #of(pid: Pid, name: string, body: Cbor, here: () => unknown): Promise<unknown> {
    checkPid(pid);
    const thread = threadOf(highWord(pid));
    if (thread === 0) return here();
    const answer = await this.#crew.thread.agent.ask({ thread, node: 0 }, name, body).catch(error => {
      if (error.code === "ISOPOD_NOCONNECTION") return null;
      throw error;
    });
    return answer ?? undefined;
  }
}

interface Sums {
  readonly [name: string]: number | Sums;
}

/** Adds up the numbers of objects of one shape. */
function sum(all: readonly Sums[]): Sums {
  return Object.fromEntries(
    Object.entries(all[0]).map(([name, value]) => [
      name,
      typeof value === "number"
        ? all.reduce((total, each) => total + (each[name] as number), 0)
        : sum(all.map(each => each[name] as Sums)),
    ]),
  );
}
