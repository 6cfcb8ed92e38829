/**
 * What leaves for other threads and nodes: the transit of a runtime that has them. Each signal becomes a record of
 * the outbox that leads to its receiver.
 */
import type { Actor } from "../actor/actor.ts";
import type { Transit } from "../actor/transit.ts";
import { IS_AWAY } from "../kernel/words.ts";
import { type ExitReason, ReasonCode } from "../wire/message.ts";
import { reasonBytes } from "../wire/reason.ts";
import type { Outboxes } from "./outbox.ts";
import {
  DELEGATED,
  DEMONITORED,
  DOWN,
  EXIT,
  HANDED_ON,
  KILL,
  LINK_EXIT,
  LINKED,
  MONITORED,
  UNLINKED,
  withPid,
} from "./signal.ts";
import type { StandIns } from "./stand-ins.ts";
import type { Unlinks } from "./unlinks.ts";

const nothing = new Uint8Array(0);

export class Departures implements Transit<Actor> {
  readonly takesAll = false;
  readonly #outboxes: Outboxes;
  readonly #standIns: StandIns;
  readonly #unlinks: Unlinks;
  readonly #plan: () => void;

  /** `plan` has the outboxes flushed soon. */
  constructor(outboxes: Outboxes, standIns: StandIns, unlinks: Unlinks, plan: () => void) {
    this.#outboxes = outboxes;
    this.#standIns = standIns;
    this.#unlinks = unlinks;
    this.#plan = plan;
  }

  carries(to: Actor): boolean {
    return to.has(IS_AWAY);
  }

  hasRoom({ lo, hi }: Actor, bytes: number): boolean {
    return this.#outboxes.of(lo, hi)?.hasRoom(bytes) === true;
  }

  message(fromLo: number, fromHi: number, to: Actor, kind: number, tag: number, ref: number, bytes: Uint8Array): void {
    this.send(kind, tag, fromLo, fromHi, ref, 0, to.lo, to.hi, bytes);
  }

  down(fromLo: number, fromHi: number, to: Actor, ref: number, reason: ExitReason, isFull: boolean): void {
    this.#standIns.loosened(to);
    this.sendReason(DOWN, isFull ? 1 : 0, fromLo, fromHi, ref, to.lo, to.hi, reason);
  }

  exit(fromLo: number, fromHi: number, to: Actor, reason: ExitReason, isOfLink: boolean): void {
    this.#standIns.loosened(to);
    this.sendReason(isOfLink ? LINK_EXIT : EXIT, 0, fromLo, fromHi, 0, to.lo, to.hi, reason);
  }

  kill(fromLo: number, fromHi: number, to: Actor): void {
    this.send(KILL, 0, fromLo, fromHi, 0, 0, to.lo, to.hi, nothing);
  }

  monitored(watcher: Actor, target: Actor, ref: number): void {
    if (target.has(IS_AWAY)) this.#signal(MONITORED, watcher, target, ref);
  }

  forget(watcher: Actor, ref: number, target: Actor | undefined): void {
    if (target === undefined || !target.has(IS_AWAY)) return;
    this.#standIns.loosened(target);
    this.#signal(DEMONITORED, watcher, target, ref);
  }

  linked(actor: Actor, other: Actor): void {
    if (!other.has(IS_AWAY)) return;
    this.#unlinks.linked(actor.pid, other.pid);
    this.#signal(LINKED, actor, other, 0);
  }

  unlinked(actor: Actor, otherLo: number, otherHi: number): void {
    const other = this.#standIns.find(otherLo, otherHi);
    // A place that is lost acknowledges nothing.
    if (other === undefined || this.#outboxes.of(otherLo, otherHi) === undefined) return;
    this.#standIns.loosened(other);
    this.#signal(UNLINKED, actor, other, this.#unlinks.begin(actor.pid, other.pid));
  }

  delegated(by: Actor, asker: Actor, ref: number, to: Actor, tag: number, bytes: Uint8Array): void {
    this.#standIns.loosened(asker);
    this.send(DELEGATED, tag, by.lo, by.hi, ref, 0, asker.lo, asker.hi, withPid(to, bytes));
  }

  handedOn(by: Actor, asker: Actor, ref: number, to: Actor, tag: number, bytes: Uint8Array): void {
    if (by.has(IS_AWAY)) this.#standIns.loosened(by);
    this.send(HANDED_ON, tag, asker.lo, asker.hi, ref, 0, to.lo, to.hi, withPid(by, bytes));
  }

  #signal(kind: number, from: Actor, to: Actor, ref: number): void {
    this.send(kind, 0, from.lo, from.hi, ref, 0, to.lo, to.hi, nothing);
  }

  /** The same, with an exit reason as its payload. */
  sendReason(
    kind: number,
    tag: number,
    fromLo: number,
    fromHi: number,
    ref: number,
    toLo: number,
    toHi: number,
    reason: ExitReason,
  ): void {
    this.send(kind, tag, fromLo, fromHi, ref, ReasonCode[reason.kind], toLo, toHi, reasonBytes(reason, false));
  }

  /** Sends a signal. False: nothing leads to its receiver. */
  send(
    kind: number,
    tag: number,
    fromLo: number,
    fromHi: number,
    ref: number,
    reason: number,
    toLo: number,
    toHi: number,
    bytes: Uint8Array,
  ): boolean {
    const outbox = this.#outboxes.of(toLo, toHi);
    outbox?.put(kind, tag, fromLo, fromHi, ref, reason, toLo, toHi, bytes);
    this.#plan();
    return outbox !== undefined;
  }
}
