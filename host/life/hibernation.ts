/**
 * Hibernation: an actor that is not in its turn leaves its instance, and its state becomes an image. Its
 * next turn loads it again. Here actors leave because the embedder says so, or because they have not run
 * for long; kernel/pool.ts lets them leave when a pool is full.
 */
import type { Actor, Services } from "../actor/actor.ts";
import { pinnedBy } from "../actor/residence.ts";
import { OCCUPANT, OF_POOL, USED, USED_BY_CLOCK } from "../kernel/life-words.ts";
import { BODY, PINNED, RESIDENT, RUNNING } from "../kernel/words.ts";
import { needHeadroom } from "../mail/headroom.ts";
import { Timer } from "../time/timers.ts";

/** How many instances one turn looks at. To leave takes about half a microsecond. */
const AT_ONCE = 1_024;

export class Hibernation {
  readonly #services: Services;
  /** Infinity: actors leave only when their pool is full. */
  readonly #afterMs: number;
  readonly #timer = new Timer(() => this.#look());
  /** The look goes on with the instance at this place. */
  #next = 0;
  /** The look has found an actor that may have to leave at the next one. */
  #hasFound = false;

  constructor(services: Services, afterMs: number) {
    this.#services = services;
    this.#afterMs = afterMs;
  }

  /** Makes an actor leave its instance. False: it has none, is in its turn, or keeps it. */
  hibernate(actor: Actor): boolean {
    const { kernel } = this.#services;
    if (!actor.has(RESIDENT) || actor.has(PINNED) || actor.state === RUNNING) return false;
    const body = actor.word(BODY);
    if (kernel.word(body + OF_POOL) === 0) return false;
    // The embedder may have been called by a guest that has hardly any stack left.
    needHeadroom();
    return (actor.instance.port?.leave(body) ?? 0) !== 0;
  }

  /** Actors had turns: some may have become resident. */
  ran(): void {
    if (this.#afterMs === Number.POSITIVE_INFINITY || this.#timer.isSet) return;
    const { clock, timers } = this.#services;
    timers.set(this.#timer, clock.now() + this.#afterMs);
  }

  /** Looks at some instances. Those that have not run since the last look leave. */
  #look(): void {
    const { kernel, instances, clock, timers } = this.#services;
    const end = Math.min(this.#next + AT_ONCE, instances.places);
    for (; this.#next < end; this.#next++) {
      const { address } = instances.nth(this.#next);
      const actor = address === 0 ? null : kernel.userAt(kernel.word(address + OCCUPANT));
      if (actor === null || kernel.word(address + OF_POOL) === 0) continue;
      const used = kernel.word(address + USED);
      kernel.setWord(address + USED, used & ~USED_BY_CLOCK);
      if ((used & USED_BY_CLOCK) === 0) this.hibernate(actor);
      else this.#hasFound ||= pinnedBy(actor) === undefined;
    }
    const isOver = end === instances.places;
    if (isOver) this.#next = 0;
    // The rest of the look comes behind the turns of others.
    if (!isOver) timers.set(this.#timer, clock.now());
    else if (this.#hasFound) timers.set(this.#timer, clock.now() + this.#afterMs);
    if (isOver) this.#hasFound = false;
  }
}
