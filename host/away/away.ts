/**
 * Actors of other threads and nodes, and the first file of the room host/away/. The room imports between/ and the
 * rooms before it. It guarantees what holds within one runtime: signals of a pair of actors arrive in order, a
 * Down comes after all else, and whoever has a tie to an actor is told its end once; `noconnection`, if its thread
 * or node is lost.
 *
 * A *carrier* brings records to one place: another thread of this node, or another node. Threads and clusters are
 * carriers. A runtime without one has no part of this room.
 */
import type { Actor, Services } from "../actor/actor.ts";
import { NODE_BITS } from "../kernel/slot-words.ts";
import { PLACE } from "../kernel/words.ts";
import type { Actors } from "../mail/actors.ts";
import type { Carrier, Outbox, Outboxes } from "../mail/outbox.ts";
import type { Limits } from "../wire/limits.ts";
import type { ExitReason } from "../wire/message.ts";
import { isOfPlace, placeOf } from "../wire/pid.ts";
import { Arrivals } from "./arrivals.ts";
import { Departures } from "./departures.ts";
import { StandIns } from "./stand-ins.ts";
import { Unlinks } from "./unlinks.ts";

/** What it uses of its runtime. */
export interface Inside {
  readonly services: Services;
  readonly actors: Actors<Actor>;
  readonly outboxes: Outboxes;
  readonly limits: Limits;
}

/** A thread of this node, or all threads of another node. */
export interface Place {
  readonly thread: number;
  readonly node: number;
}

export class Away {
  readonly standIns: StandIns;
  readonly #inside: Inside;
  readonly #arrivals: Arrivals;
  readonly #unlinks = new Unlinks();
  #isPlanned = false;

  /** From now on, the pids of this runtime name `here`. It must not have actors yet. */
  constructor(inside: Inside, here: Place) {
    const { services, actors, outboxes, limits } = inside;
    this.#inside = inside;
    services.kernel.setWord(PLACE, placeOf(here.thread, here.node));
    const plan = () => this.#plan();
    this.standIns = new StandIns(services, limits, plan);
    const departures = new Departures(outboxes, this.standIns, this.#unlinks, plan);
    this.#arrivals = new Arrivals(services, actors, this.standIns, this.#unlinks, departures);
    services.transit = departures;
    actors.elsewhere = (lo, hi) => (outboxes.of(lo, hi) === undefined ? undefined : this.standIns.get(lo, hi));
  }

  /** Opens the way to a place. `bytes`: what may wait in the outbox. */
  open({ thread, node }: Place, carrier: Carrier, bytes?: number): Outbox {
    return this.#inside.outboxes.open(thread, node, carrier, bytes);
  }

  /** Takes what came from a place. Answers how many signals were dropped, because their senders are of another place. */
  arrive(from: Place, records: Uint8Array): number {
    const isOfPlace = this.#isOf(from);
    // The host of any place is pid 0.
    return this.#arrivals.take(records, (lo, hi) => (lo === 0 && hi === 0) || isOfPlace(lo, hi));
  }

  /** Closes the way to a place. Every tie to its actors is told `noconnection`, or another reason. */
  close(outbox: Outbox, place: Place, reason: ExitReason = { kind: "noconnection" }): void {
    this.#inside.outboxes.close(outbox);
    const isOf = this.#isOf(place);
    this.#unlinks.drop(isOf);
    this.standIns.end(isOf, reason);
    this.#plan();
  }

  /** Whether no actor here has to do with actors of other places. */
  get isIdle(): boolean {
    return this.standIns.size === 0 && this.#unlinks.size === 0;
  }

  /** Gives the carriers what waits for them. */
  flush(): void {
    this.#isPlanned = false;
    for (const outbox of this.#inside.outboxes.all()) outbox.flush();
    this.standIns.sweep();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => this.flush());
  }

  /** Whether a pid is of a place. All threads of another node are one place. */
  #isOf({ thread, node }: Place): (lo: number, hi: number) => boolean {
    const { kernel } = this.#inside.services;
    const isThisNode = nodeBits(placeOf(thread, node)) === nodeBits(kernel.word(PLACE));
    const place = placeOf(thread, node);
    return isThisNode ? (lo, hi) => isOfPlace(lo, hi, place) : (lo, hi) => isOfPlace(lo, nodeBits(hi), nodeBits(place));
  }
}

const nodeBits = (hi: number): number => hi & NODE_BITS;
