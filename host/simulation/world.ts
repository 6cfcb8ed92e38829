/**
 * A runtime whose every step is chosen: what can happen next, and making it happen. After `reset` the world
 * is as it was at first, and gives the same pids, refs and random numbers again.
 */
import type { Actor } from "../actor/actor.ts";
import type { Judge } from "../actor/reductions.ts";
import { drawRefs } from "../between/refs.ts";
import { endFromOutside } from "../between/signals.ts";
import {
  CALLED,
  COLD,
  ENDS_WAITING,
  FRESH_SLOT,
  GENERATION,
  HI,
  LAST_IN_QUEUE,
  LO,
  NEXT,
  QUEUE_FIRST,
  QUEUE_LAST,
  QUEUE_LENGTH,
  READY,
  REST_LENGTH,
  STATE,
  TURNS_LEFT,
  WATCHED,
} from "../kernel/words.ts";
import type { Runnable } from "../time/scheduler.ts";
import { ClosedError } from "../wire/errors.ts";
import { SimulatedClock } from "./clock.ts";
import { Flight, type Lane } from "./flight.ts";
import { SeededRandom } from "./random.ts";
import type { Inside, Simulation } from "./seam.ts";

/** Something that can happen next. */
export type Option =
  | { readonly kind: "arrival"; readonly lane: Lane }
  | { readonly kind: "turn"; readonly record: number; readonly lo: number; readonly hi: number }
  | { readonly kind: "time"; readonly toMs: number }
  | { readonly kind: "kill"; readonly actor: Actor };

/** The random numbers that the program gets are the same in every run. */
const SEED_OF_PROGRAM = 20;

const nothing: Runnable = { run: () => true, failed() {} };

export class World implements Simulation {
  readonly clock = new SimulatedClock();
  readonly transit = new Flight(() => this.#inside.actors, this.clock);
  readonly driver = { next: () => this.#withdraw() };
  /** A turn is over when it has spent what it may. No clock has a say. */
  readonly judge: Judge = (spent, most) => (spent >= most ? "count" : "on");
  readonly #random = new SeededRandom(SEED_OF_PROGRAM);
  #attached: Inside | undefined;
  /** The actor whose turn is next. */
  #record = 0;
  /** Slots of the host's own actor, which all runs share. */
  #slots = 0;
  /** Since when each actor is ready, by its record. */
  readonly #readySinceMs = new Map<number, number>();

  readonly random = (): number => this.#random.next();

  attach(inside: Inside): void {
    this.#attached = inside;
    // The host's own actor has its slot before all others.
    void inside.calls;
    drawRefs(inside.services);
    this.#slots = inside.services.kernel.word(FRESH_SLOT);
    this.#random.reset(SEED_OF_PROGRAM);
  }

  get inside(): Inside {
    return this.#inside;
  }

  get #inside(): Inside {
    if (this.#attached === undefined) throw new Error("a simulation needs a runtime: give it as its option simulation");
    return this.#attached;
  }

  /**
   * All that can happen next. The first one is what the runtime itself would do. Empty: nothing can happen
   * until the host's code goes on. `victims` may be killed. Time passes early only if nothing that could
   * happen is later than `delayMs` then.
   */
  options(victims: readonly Actor[], delayMs: number): Option[] {
    const { transit } = this;
    transit.dropDead();
    const found: Option[] = [];
    const { lanes } = transit;
    const nowMs = this.clock.now();
    let oldest = 0;
    let sinceMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < lanes.length; i++) {
      if (lanes[i][0].number < lanes[oldest][0].number) oldest = i;
      sinceMs = Math.min(sinceMs, lanes[i][0].sentMs);
      found.push({ kind: "arrival", lane: lanes[i] });
    }
    if (oldest > 0) found.unshift(...found.splice(oldest, 1));
    const { kernel, timers } = this.#inside.services;
    for (let record = kernel.word(QUEUE_FIRST), left = kernel.word(QUEUE_LENGTH); left > 0; left--) {
      // It may have ended while it waited, and another actor may have its record.
      const [lo, hi] = [kernel.word(record + LO), kernel.word(record + HI)];
      if (kernel.word(record + STATE) === READY && hi >= 0) {
        const readyMs = this.#readySinceMs.get(record) ?? nowMs;
        this.#readySinceMs.set(record, readyMs);
        sinceMs = Math.min(sinceMs, readyMs);
        found.push({ kind: "turn", record, lo, hi });
      }
      record = kernel.word(record + NEXT);
    }
    const { nextMs } = timers;
    const isEarly = found.length > 0 && nextMs - sinceMs > delayMs;
    if (nextMs !== Number.POSITIVE_INFINITY && !isEarly) found.push({ kind: "time", toMs: nextMs });
    // A kill is never what happens of itself.
    if (found.length > 0) for (const actor of victims) found.push({ kind: "kill", actor });
    return found;
  }

  /** Makes it happen. */
  take(option: Option): void {
    const { services, loop } = this.#inside;
    if (option.kind === "arrival") {
      this.transit.arrive(option.lane);
    } else if (option.kind === "time") {
      this.clock.moveTo(option.toMs);
    } else if (option.kind === "kill") {
      endFromOutside(option.actor, { kind: "killed" });
    } else {
      this.#record = option.record;
      this.#readySinceMs.delete(option.record);
      services.scheduler.push(loop);
    }
    this.clock.drain();
  }

  /** What the host's code has planned happens. */
  drain(): void {
    this.clock.drain();
  }

  /** Whether a turn goes on, on a stack of its own. */
  get isAway(): boolean {
    return this.#inside.services.scheduler.isBusy;
  }

  /** Takes the chosen actor out of the run queue. */
  #withdraw(): number {
    const { kernel } = this.#inside.services;
    const record = this.#record;
    // The host ends and spawns all actors, so that it knows of all that they do to each other.
    kernel.setWord(ENDS_WAITING, 1);
    kernel.setWord(WATCHED, 1);
    const following = kernel.word(record + NEXT);
    if (kernel.word(QUEUE_FIRST) === record) {
      kernel.setWord(QUEUE_FIRST, following);
    } else {
      let before = kernel.word(QUEUE_FIRST);
      while (kernel.word(before + NEXT) !== record) before = kernel.word(before + NEXT);
      kernel.setWord(before + NEXT, following);
      if (following === LAST_IN_QUEUE) kernel.setWord(QUEUE_LAST, before);
    }
    kernel.setWord(record + NEXT, 0);
    kernel.setWord(QUEUE_LENGTH, kernel.word(QUEUE_LENGTH) - 1);
    return record;
  }

  /** Ends all actors, tells no one, and begins anew. */
  reset(): void {
    const { services, actors, calls, ends } = this.#inside;
    const { kernel, scheduler, timers } = services;
    this.transit.isOpen = false;
    // The host's own first: a supervisor must not take the end of its children for a fault.
    const living = [...actors].filter(({ immune }) => !immune);
    for (const actor of living.sort((a, b) => Number(a.module !== null) - Number(b.module !== null))) {
      services.end(actor, { kind: "killed" });
    }
    calls.stop(new ClosedError("the run of the simulation is over"));
    scheduler.push(nothing);
    this.clock.drain();
    ends.finish();
    this.transit.clear();
    this.#readySinceMs.clear();
    timers.clear();
    this.#emptyQueue();
    // What the host's own actor has got is for no one.
    for (const actor of actors) actor.extra.host?.turn();
    // The slice of the scheduler begins anew, too: it must not end after the time that begins now.
    scheduler.push(nothing);
    this.#slotsAnew();
    kernel.setWord(TURNS_LEFT, 0);
    this.clock.restart();
    this.#random.reset(SEED_OF_PROGRAM);
    this.transit.isOpen = true;
  }

  #emptyQueue(): void {
    const { kernel } = this.#inside.services;
    for (let left = kernel.word(QUEUE_LENGTH), record = kernel.word(QUEUE_FIRST); left > 0; left--) {
      const following = kernel.word(record + NEXT);
      kernel.setWord(record + NEXT, 0);
      record = following;
    }
    kernel.setWord(QUEUE_LENGTH, 0);
    kernel.setWord(CALLED, 1);
  }

  /** No slot but those of the host has had an actor. */
  #slotsAnew(): void {
    const { kernel } = this.#inside.services;
    for (let slot = this.#slots; slot < kernel.word(FRESH_SLOT); slot++) {
      kernel.setWord(kernel.word(kernel.recordAt(slot) + COLD) + GENERATION, 0);
    }
    kernel.setWord(FRESH_SLOT, this.#slots);
    kernel.setWord(REST_LENGTH, 0);
  }
}
