/**
 * The run queue, and the first file of the room host/time/: the clock, random numbers, timers, the
 * run queue, and notices to the embedder. The room imports wire/ only, and knows neither actors nor
 * WebAssembly. It guarantees that all time comes from one `Clock`, that turns never nest, and that
 * the embedder's callbacks run between turns, in the order in which the events happened.
 *
 * Runnables run one after another, each for one turn. After a time slice the scheduler yields to
 * the event loop by a macrotask, so timers and I/O get their turns.
 */
import type { Clock } from "./clock.ts";
import { Notices } from "./notices.ts";

/** Something that gets turns. */
export interface Runnable {
  /**
   * Runs one turn. False: the turn continues on a stack of its own, and calls `resumed` when it is
   * over.
   */
  run(): boolean;
  /** Called with what the turn threw. Must not throw. */
  failed(error: unknown): void;
}

/** How many turns run between two looks at the clock. A look costs as much as a short turn. */
const TURNS_PER_LOOK = 128;

/**
 * The slice after a long turn. The host waits behind each of them, and a macrotask costs little
 * beside one.
 */
const LONG_TURNS_SLICE_MS = 1;

export class Scheduler {
  readonly #clock: Clock;
  readonly #sliceMs: number;
  /** Held while a runnable runs, or is away. */
  readonly #notices: Notices;
  /** A ring whose length is a power of two; the runnables lie from `#head` on. */
  #queue: (Runnable | undefined)[] = new Array(64).fill(undefined);
  #mask = 63;
  #head = 0;
  #length = 0;
  /** When the event loop is due; set in the macrotask that began the slice. */
  #sliceEndMs = 0;
  #sliceBeganMs = 0;
  /** `#run` is planned, runs, or waits for `#away`, so a push does not plan it again. */
  #busy = false;
  /** The runnable whose `run` returned false, until it says `resumed`. */
  #away: Runnable | undefined;
  /** Turns until the next look at the clock. */
  #turnsLeft = 0;
  #stopped = false;
  /** The notices are held. */
  #holds = false;
  /** Who waits until nothing wants a turn. */
  #onSettled: (() => void)[] = [];

  constructor(clock: Clock, sliceMs: number, notices = new Notices()) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
    this.#notices = notices;
  }

  /** How many runnables wait for a turn. */
  get length(): number {
    return this.#length;
  }

  /** Whether a runnable waits for its turn, or has it. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** Resolves when no runnable waits for a turn, or has one. */
  settled(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise(resolve => this.#onSettled.push(resolve));
  }

  /**
   * Puts a runnable at the end of the queue. It never runs before the caller's own turn is over.
   */
  push(runnable: Runnable): void {
    this.#prepare();
    this.#queue[(this.#head + this.#length) & this.#mask] = runnable;
    this.#length++;
  }

  /** Puts a runnable in front of all others: it runs when the current turn is over. */
  pushFirst(runnable: Runnable): void {
    this.#prepare();
    const head = (this.#head - 1) & this.#mask;
    this.#queue[head] = runnable;
    this.#head = head;
    this.#length++;
  }

  /**
   * The part of a push that may throw. A guest's stack may end in it, so it comes first: a push is
   * done whole or not at all.
   */
  #prepare(): void {
    if (this.#length > this.#mask) this.#grow();
    if (this.#busy) return;
    this.#continue();
    this.#busy = true;
  }

  /** The runnable whose `run` returned false has come to the end of its turn. */
  resumed(runnable: Runnable): void {
    if (this.#away !== runnable) return;
    this.#away = undefined;
    // The runnable had a stack of its own; this is the host's. Notices come before promises that
    // wait for its end.
    this.#notices.flush();
    // The next turns do not run here, because the runnable's frames are still on the stack.
    this.#continue();
  }

  /** The current turn is long: look at the clock after it, and shorten the slice. */
  lookSoon(): void {
    this.#turnsLeft = 0;
    this.#sliceEndMs = this.#longEndMs;
  }

  /** When this slice ends if turns are long. */
  get #longEndMs(): number {
    return Math.min(this.#sliceEndMs, this.#sliceBeganMs + LONG_TURNS_SLICE_MS);
  }

  /** Whether the event loop comes next if turns are long. */
  isDue(nowMs: number): boolean {
    return nowMs >= this.#longEndMs;
  }

  /** The current turn counts as `count` turns. */
  tookTurns(count: number): void {
    this.#turnsLeft -= count;
  }

  /** Empties the queue. Nothing runs from now on. */
  stop(): void {
    this.#stopped = true;
    this.#queue.fill(undefined);
    this.#length = 0;
  }

  /**
   * Plans `#run` in a microtask within the slice, which is soonest. Past the slice it takes a
   * macrotask, or the event loop would starve.
   */
  #continue(): void {
    if (this.#clock.now() < this.#sliceEndMs) queueMicrotask(this.#run);
    else this.#clock.defer(this.#beginSlice);
  }

  readonly #beginSlice = (): void => {
    this.#sliceBeganMs = this.#clock.now();
    this.#sliceEndMs = this.#sliceBeganMs + this.#sliceMs;
    this.#run();
  };

  readonly #run = (): void => {
    const notices = this.#notices;
    if (!this.#holds) notices.hold();
    this.#holds = true;
    for (;;) {
      for (this.#turnsLeft = TURNS_PER_LOOK; this.#turnsLeft > 0; this.#turnsLeft--) {
        if (this.#length === 0 || this.#stopped) {
          this.#busy = false;
          this.#release();
          // A notice may have led to more turns.
          if (!this.#busy) for (const resolve of this.#onSettled.splice(0)) resolve();
          return;
        }
        const head = this.#head;
        const runnable = this.#queue[head] as Runnable;
        this.#queue[head] = undefined;
        this.#head = (head + 1) & this.#mask;
        this.#length--;
        try {
          if (!runnable.run()) {
            this.#away = runnable;
            return;
          }
        } catch (error) {
          this.#fail(runnable, error);
        }
        if (notices.areWaiting) notices.flush();
      }
      if (this.#clock.now() >= this.#sliceEndMs) {
        this.#clock.defer(this.#beginSlice);
        this.#release();
        return;
      }
    }
  };

  #release(): void {
    this.#holds = false;
    this.#notices.release();
  }

  /** Hands an error to its runnable. The others get their turns in any case. */
  #fail(runnable: Runnable, error: unknown): void {
    try {
      runnable.failed(error);
    } catch (worse) {
      this.#notices.callOut.failed("a turn", worse);
    }
  }

  #grow(): void {
    const old = this.#queue;
    const queue: (Runnable | undefined)[] = new Array(old.length * 2).fill(undefined);
    for (let i = 0; i < this.#length; i++) queue[i] = old[(this.#head + i) & this.#mask];
    this.#queue = queue;
    this.#head = 0;
    this.#mask = queue.length - 1;
  }
}
