/**
 * Snapshots of the runtime, shared by requests that follow each other closely.
 *
 * Guarantee: taking snapshots costs at most a twentieth of the thread.
 */
import type { ActorInfo, Pid, Runtime, Snapshot } from "../../index.ts";

/** A snapshot stays valid for this many times the time that it took. */
const SHARE = 20;
/** And at least this long. */
const LEAST_MS = 100;

export class Snapshots {
  readonly #runtime: Runtime;
  #last: Snapshot | undefined;
  #lastMs = 0;
  /** How long the last snapshot took. */
  #costMs = 0;
  /** The actors of the last snapshot. Undefined until a look-up needs it. */
  #byPid: ReadonlyMap<Pid, ActorInfo> | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The last snapshot, or a new one if that is too old. */
  take(): Snapshot {
    const nowMs = performance.now();
    if (this.#last === undefined || nowMs - this.#lastMs >= Math.max(LEAST_MS, this.#costMs * SHARE)) {
      this.#last = this.#runtime.snapshot();
      this.#lastMs = performance.now();
      this.#costMs = this.#lastMs - nowMs;
      this.#byPid = undefined;
    }
    return this.#last;
  }

  /** The actors of `take()`, indexed for many look-ups. */
  byPid(): ReadonlyMap<Pid, ActorInfo> {
    const { actors } = this.take();
    this.#byPid ??= new Map(actors.map(actor => [actor.pid, actor]));
    return this.#byPid;
  }
}
