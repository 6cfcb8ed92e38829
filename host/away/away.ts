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
import type { Notices } from "../time/notices.ts";
import type { Limits } from "../wire/limits.ts";
import type { ExitReason } from "../wire/message.ts";
import { isOfPlace, nodeOf, placeOf, threadOf } from "../wire/pid.ts";
import { Arrivals } from "./arrivals.ts";
import { Departures } from "./departures.ts";
import { type Carrier, type Outbox, Outboxes } from "./outbox.ts";
import { HOST_LO, type Signal } from "./signal.ts";
import { StandIns } from "./stand-ins.ts";
import { Unlinks } from "./unlinks.ts";

/** What it uses of its runtime. */
export interface Inside {
  readonly services: Services;
  readonly actors: Actors<Actor>;
  readonly limits: Limits;
  readonly notices: Notices;
  /** Calls `onTurns` when actors have had some turns. */
  readonly loop: { onTurns: () => void };
}

/** A thread of this node, or all threads of another node. */
export interface Place {
  readonly thread: number;
  readonly node: number;
}

export class Away {
  readonly standIns: StandIns;
  readonly outboxes: Outboxes;
  readonly #inside: Inside;
  readonly here: Place;
  readonly #arrivals: Arrivals;
  readonly #departures: Departures;
  readonly #unlinks = new Unlinks();
  readonly #toHosts = new Map<number, number>();
  /** Called when actors have had some turns, and the carriers were called: takes what has arrived. */
  onTurns: () => void = () => {};
  /** Called when the way to a place was closed, and all ties are told. */
  onClosed: (place: Place) => void = () => {};
  #isPlanned = false;

  /** From now on, the pids of this runtime name `here`. It must not have actors yet. */
  constructor(inside: Inside, here: Place) {
    const { services, actors, limits, loop } = inside;
    const outboxes = new Outboxes(services.kernel);
    this.outboxes = outboxes;
    this.#inside = inside;
    this.here = here;
    services.kernel.setWord(PLACE, placeOf(here.thread, here.node));
    const plan = () => this.#plan();
    this.standIns = new StandIns(services, limits, plan);
    this.#departures = new Departures(outboxes, this.standIns, this.#unlinks, plan);
    this.#arrivals = new Arrivals(services, actors, this.standIns, this.#unlinks, this.#departures);
    services.transit = this.#departures;
    loop.onTurns = () => this.#tookTurns();
    actors.elsewhere = (lo, hi) =>
      outboxes.of(lo, hi) === undefined || this.standIns.isDead(lo, hi) ? undefined : this.standIns.get(lo, hi);
  }

  /** Opens the way to a place. `bytes`: what may wait in the outbox. */
  open({ thread, node }: Place, carrier: Carrier, bytes?: number): Outbox {
    return this.outboxes.open(thread, node, carrier, bytes);
  }

  /** Takes what came from a place. Answers how many signals were dropped, because their senders are of another place. */
  arrive(from: Place, records: Uint8Array): number {
    const isOfPlace = this.#isOf(from);
    // The host of any place is pid 0.
    return this.#arrivals.take(records, (lo, hi) => (lo === 0 && hi === 0) || isOfPlace(lo, hi));
  }

  /** How many signals of actors have arrived. */
  get arrived(): number {
    return this.#arrivals.taken;
  }

  /** Closes the way to a place. Every tie to its actors is told `noconnection`, or another reason. */
  close(outbox: Outbox, place: Place, reason: ExitReason = { kind: "noconnection" }): void {
    this.outboxes.close(outbox);
    const isOf = this.#isOf(place);
    this.#unlinks.drop(isOf);
    this.standIns.end(isOf, reason);
    this.onClosed(place);
    this.#plan();
  }

  /**
   * Sends the host of another place a signal of a kind from ASK on, behind all else that goes there. False: nothing
   * leads there.
   */
  sendToHost({ thread, node }: Place, kind: number, ref: number, bytes: Uint8Array): boolean {
    const { here } = this;
    const from = placeOf(here.thread, here.node);
    this.#toHosts.set(thread, this.sentToHost(thread) + 1);
    return this.#departures.send(kind, 0, HOST_LO, from, ref, 0, HOST_LO, placeOf(thread, node), bytes);
  }

  /** How many such signals went to a thread. */
  sentToHost(thread: number): number {
    return this.#toHosts.get(thread) ?? 0;
  }

  /** Takes what hosts of other places send, each in its order among the other signals from there. */
  set onHost(take: (kind: number, ref: number, bytes: Uint8Array, from: Place) => void) {
    this.#arrivals.onHost = ({ kind, ref, bytes, fromHi }: Signal) =>
      take(kind, ref, bytes, { thread: threadOf(fromHi), node: nodeOf(fromHi) });
  }

  /** Says why an actor has ended whose pid finds nothing here. Default: noproc. */
  set endOf(say: (lo: number, hi: number) => ExitReason) {
    this.#arrivals.endOf = say;
  }

  /** Whether no actor here has to do with actors of other places. */
  get isIdle(): boolean {
    return this.standIns.size === 0 && this.#unlinks.size === 0;
  }

  /** Gives the carriers what waits for them. */
  flush(): void {
    this.#isPlanned = false;
    for (const outbox of this.outboxes.list) outbox.flush();
    this.standIns.sweep();
  }

  #tookTurns(): void {
    const { list } = this.outboxes;
    for (let i = 0; i < list.length; i++) {
      if (list[i].size > 0) this.#inside.notices.callOut.run("a carrier", () => list[i].flush());
    }
    this.onTurns();
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
