/**
 * The run queue. Runnables run one after another, each for one turn, never inside one another; after a time slice control goes
 * back to the event loop by a macrotask, so timers and I/O go on whatever the actors do. It knows nothing of actors or WebAssembly.
 */
import type { Clock } from "./clock.ts";
import { Notices } from "./notices.ts";

/** Something that gets turns. */
export interface Runnable {
  /** One turn. False: it goes on by itself (on a stack of its own) and says `resumed` when control is back. */
  run(): boolean;
  /** The turn threw. Must not throw. */
  failed(error: unknown): void;
}

/** So many turns are run between two looks at the clock, which cost as much as a short turn. */
const TURNS_PER_LOOK = 128;

/** A slice with turns that were long: the host waits for its answers behind each of them, and a macrotask costs little beside one. */
const LONG_TURNS_SLICE_MS = 1;

export class Scheduler {
  readonly #clock: Clock;
  readonly #sliceMs: number;
  /** Held while runnables run, or one is away. */
  readonly #notices: Notices;
  /** A ring whose length is a power of two; the runnables lie from `#head` on. */
  #queue: (Runnable | undefined)[] = new Array(64).fill(undefined);
  #mask = 63;
  #head = 0;
  #length = 0;
  /** When the event loop is due; set in the macrotask that began the slice. */
  #sliceEndMs = 0;
  #sliceBeganMs = 0;
  /** A turn of `#run` is planned, going on, or waiting for `#away`: pushing plans no other. */
  #busy = false;
  /** The runnable whose `run` returned false, until it says `resumed`. */
  #away: Runnable | undefined;
  /** Turns until the clock is looked at. */
  #turnsLeft = 0;
  #stopped = false;
  #holds = false;

  constructor(clock: Clock, sliceMs: number, notices = new Notices()) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
    this.#notices = notices;
  }

  /** How many wait for a turn. */
  get length(): number {
    return this.#length;
  }

  /** Whether a runnable waits for its turn, or has it. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** Puts a runnable at the end of the queue. It never runs before the caller's own turn is over. */
  push(runnable: Runnable): void {
    this.#prepare();
    this.#queue[(this.#head + this.#length) & this.#mask] = runnable;
    this.#length++;
  }

  /** Puts a runnable in front of all others: it runs when the turn that goes on is over. */
  pushFirst(runnable: Runnable): void {
    this.#prepare();
    const head = (this.#head - 1) & this.#mask;
    this.#queue[head] = runnable;
    this.#head = head;
    this.#length++;
  }

  /** What a push does that may throw, because a guest's stack may end in the middle of it: a push is done whole or not at all. */
  #prepare(): void {
    if (this.#length > this.#mask) this.#grow();
    if (this.#busy) return;
    this.#continue();
    this.#busy = true;
  }

  /** Says that the runnable which went on by itself has come to the end of its turn. */
  resumed(runnable: Runnable): void {
    if (this.#away !== runnable) return;
    this.#away = undefined;
    // Before those who wait for its end in promises: its stack is one of its own, and this runs on the host's.
    this.#notices.flush();
    // Not here: this is still the runnable's own stack.
    this.#continue();
  }

  /** The turn that goes on is a long one: the clock is looked at after it, and the slice is a short one. */
  lookSoon(): void {
    this.#turnsLeft = 0;
    this.#sliceEndMs = Math.min(this.#sliceEndMs, this.#sliceBeganMs + LONG_TURNS_SLICE_MS);
  }

  /** The turn that goes on stands for so many. */
  tookTurns(count: number): void {
    this.#turnsLeft -= count;
  }

  /** Runs nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#queue.fill(undefined);
    this.#length = 0;
  }

  /** A microtask answers soonest, but a chain of them would starve the event loop: past the slice it has to be a macrotask. */
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

  /** Whatever comes of it, the others get their turns. */
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
