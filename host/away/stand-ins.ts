/**
 * Stand-ins: what represents actors of other threads and nodes in the ties of actors that live here. A
 * stand-in is a record without a slot, with the other actor's pid and the flag IS_AWAY. So links and monitors are
 * the same blocks as all others, and a lost thread or node is an end of its stand-ins.
 */
import { Actor, type Services } from "../actor/actor.ts";
import { hostSpec } from "../actor/spec.ts";
import { announceEnd } from "../between/signals.ts";
import { COLD, COLD_BYTES, FLAGS, HI, IS_AWAY, LO, PARKED, RECORD_BYTES, SPEC, STATE } from "../kernel/words.ts";
import type { Limits } from "../wire/limits.ts";
import type { ExitReason } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";

const BYTES = RECORD_BYTES + COLD_BYTES;

export class StandIns {
  readonly #services: Services;
  readonly #spec: number;
  readonly #onLoose: () => void;
  readonly #byPid = new Map<Pid, Actor>();
  /** Those that may have no ties. */
  #loose: Actor[] = [];

  /**
   * Stand-ins have all of these limits, and each is endless: their own threads and nodes have limits for them.
   * `onLoose` has `sweep` called soon.
   */
  constructor(services: Services, limits: Limits, onLoose: () => void) {
    this.#services = services;
    this.#onLoose = onLoose;
    const none = Object.fromEntries(Object.keys(limits).map(name => [name, Number.POSITIVE_INFINITY]));
    this.#spec = services.specs.use(hostSpec(none as unknown as Limits));
  }

  get size(): number {
    return this.#byPid.size;
  }

  /** The stand-in of a pid, if there is one. */
  find(lo: number, hi: number): Actor | undefined {
    return this.#byPid.get(pidFromWords(lo, hi));
  }

  /** The stand-in of a pid. It is there until `sweep`, or as long as it has ties. */
  get(lo: number, hi: number): Actor {
    const found = this.find(lo, hi);
    if (found !== undefined) return found;
    const { kernel } = this.#services;
    const record = kernel.newBlock(BYTES);
    kernel.setWord(record + LO, lo);
    kernel.setWord(record + HI, hi);
    kernel.setWord(record + STATE, PARKED);
    kernel.setWord(record + FLAGS, IS_AWAY);
    kernel.setWord(record + SPEC, this.#spec);
    kernel.setWord(record + COLD, record + RECORD_BYTES);
    const actor = new Actor(lo, hi, record, this.#services);
    this.#byPid.set(actor.pid, actor);
    this.#mayBeLoose(actor);
    return actor;
  }

  /** A tie of it was removed. */
  loosened(actor: Actor): void {
    if (!this.#hasTies(actor)) this.#mayBeLoose(actor);
  }

  #mayBeLoose(actor: Actor): void {
    this.#loose.push(actor);
    this.#onLoose();
  }

  /** Frees those that have no ties. Nothing may refer to them. */
  sweep(): void {
    const loose = this.#loose;
    this.#loose = [];
    for (const { pid } of loose) {
      const actor = this.#byPid.get(pid);
      if (actor !== undefined && !this.#hasTies(actor)) this.#free(actor);
    }
  }

  /** All actors of a place have ended for those that live here. */
  end(areOfPlace: (lo: number, hi: number) => boolean, reason: ExitReason): void {
    for (const actor of [...this.#byPid.values()].filter(({ lo, hi }) => areOfPlace(lo, hi))) {
      announceEnd(actor, reason, Number.POSITIVE_INFINITY);
      this.#mayBeLoose(actor);
    }
  }

  #hasTies({ record, services }: Actor): boolean {
    const { call } = services.kernel;
    return call.firstTie(record) !== 0 || call.firstWatcher(record) !== 0;
  }

  #free(actor: Actor): void {
    const { kernel, extras } = this.#services;
    const { record } = actor;
    this.#byPid.delete(actor.pid);
    extras.delete(record);
    kernel.setWord(record + HI, -1);
    kernel.giveBlock(record, BYTES);
  }
}
