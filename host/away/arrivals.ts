/**
 * What arrives from other threads and nodes. Each signal is checked as if its sender could send anything: what
 * fits no actor, tie or request here has no effect, except that a message becomes a dead letter.
 */
import type { Actor, Services } from "../actor/actor.ts";
import { answered } from "../between/answers.ts";
import { delegate } from "../between/delegate.ts";
import { takeDown } from "../between/down.ts";
import { admission, arrive, whyRefused } from "../between/post.ts";
import { endFromOutside, mayKnowWhy, takeExitSignal } from "../between/signals.ts";
import { LINK, TIE_KIND, TIE_OTHER } from "../kernel/tie-words.ts";
import type { Actors } from "../mail/actors.ts";
import { type ExitReason, ReasonCode, SEND_ACCEPTED } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { reasonFrom } from "../wire/reason.ts";
import type { Departures } from "./departures.ts";
import {
  ASK,
  DELEGATED,
  DEMONITORED,
  DOWN,
  EXIT,
  HANDED_ON,
  KILL,
  LINK_EXIT,
  LINKED,
  MESSAGE,
  MONITORED,
  PID_BYTES,
  pidIn,
  type Signal,
  signalsOf,
  TIMER,
  UNLINK_SEEN,
  UNLINKED,
} from "./signal.ts";
import type { StandIns } from "./stand-ins.ts";
import type { Unlinks } from "./unlinks.ts";

const nothing = new Uint8Array(0);
const NOPROC: ExitReason = { kind: "noproc" };
const GREATEST_REASON = Math.max(...Object.values(ReasonCode));

export class Arrivals {
  readonly #services: Services;
  readonly #actors: Actors<Actor>;
  readonly #standIns: StandIns;
  readonly #unlinks: Unlinks;
  readonly #departures: Departures;
  /** Signals of actors that were taken. */
  taken = 0;
  /** Takes what the host of another place says to this one. */
  onHost: (signal: Signal) => void = () => {};
  /** Why an actor that is not here has ended. */
  endOf: (lo: number, hi: number) => ExitReason = () => NOPROC;

  constructor(services: Services, actors: Actors<Actor>, standIns: StandIns, unlinks: Unlinks, departures: Departures) {
    this.#services = services;
    this.#actors = actors;
    this.#standIns = standIns;
    this.#unlinks = unlinks;
    this.#departures = departures;
  }

  /**
   * Takes signals in their order. `isOfSender` says whether a pid is of the place that has sent them; signals in
   * the name of others are dropped. Answers how many were.
   */
  take(records: Uint8Array, isOfSender: (lo: number, hi: number) => boolean): number {
    let forged = 0;
    for (const signal of signalsOf(records)) {
      if (isOfSender(signal.fromLo, signal.fromHi)) this.#take(signal);
      else forged++;
    }
    return forged;
  }

  #take(signal: Signal): void {
    const { kind, fromLo, fromHi, toLo, toHi, ref } = signal;
    if (kind >= ASK) {
      this.onHost(signal);
      return;
    }
    this.taken++;
    const to = this.#actors.here(toLo, toHi);
    const isMessage = kind === MESSAGE || kind === TIMER;
    if (isMessage) {
      if (!this.#message(signal, to) && to !== undefined) this.#refused(fromLo, fromHi, ref, to);
    } else if (kind === UNLINK_SEEN) {
      this.#unlinks.seen(pidFromWords(toLo, toHi), pidFromWords(fromLo, fromHi), ref);
    } else if (to === undefined) {
      this.#nobody(signal);
    } else {
      this.#takers[kind]?.(signal, to);
    }
  }

  /** What becomes of a signal to a live actor, by its kind. */
  readonly #takers: Readonly<Record<number, (signal: Signal, to: Actor) => void>> = {
    [DOWN]: (signal, to) => this.#down(signal, to),
    [EXIT]: (signal, to) => takeExitSignal(to, signal.fromLo, signal.fromHi, reasonIn(signal)),
    [LINK_EXIT]: (signal, to) => this.#linkExit(signal, to),
    [KILL]: (_, to) => endFromOutside(to, { kind: "killed" }),
    [MONITORED]: ({ fromLo, fromHi, ref }, to) => void this.#watch(fromLo, fromHi, to, ref),
    [DEMONITORED]: ({ fromLo, fromHi, ref }, to) => void this.#dropMonitor(fromLo, fromHi, ref, to),
    [LINKED]: (signal, to) => this.#linked(signal, to),
    [UNLINKED]: (signal, to) => this.#unlinked(signal, to),
    [DELEGATED]: (signal, to) => this.#delegated(signal, to),
    [HANDED_ON]: (signal, to) => this.#handedOn(signal, to),
  };

  /** The receiver has ended, or never was. Whoever waits for its end is told. */
  #nobody(signal: Signal): void {
    const { kind, fromLo, fromHi, ref, toLo, toHi } = signal;
    const departures = this.#departures;
    if (kind === HANDED_ON) this.#handedOn(signal, undefined);
    else if (kind === MONITORED)
      departures.sendReason(DOWN, 1, toLo, toHi, ref, fromLo, fromHi, this.endOf(toLo, toHi));
    else if (kind === LINKED)
      departures.sendReason(LINK_EXIT, 0, toLo, toHi, 0, fromLo, fromHi, this.endOf(toLo, toHi));
    else if (kind === UNLINKED) departures.send(UNLINK_SEEN, 0, toLo, toHi, ref, 0, fromLo, fromHi, nothing);
  }

  /** A message or a timer's item. False: it is a dead letter now. */
  #message({ kind, tag, fromLo, fromHi, ref, toLo, toHi, bytes }: Signal, to: Actor | undefined): boolean {
    const { follows } = this.#services;
    const from = tag < 0 ? (this.#standIns.find(fromLo, fromHi) ?? null) : null;
    const status = admission(from, to, kind, tag, 0, bytes.length);
    const isTaken = status === SEND_ACCEPTED && to !== undefined;
    if (isTaken) {
      arrive(to, kind, tag, fromLo, fromHi, kind === MESSAGE ? ref : 0, bytes);
      if (tag < 0) answered(to, tag);
    } else {
      const why = whyRefused(to, status);
      this.#services.deadLetter(pidFromWords(fromLo, fromHi), pidFromWords(toLo, toHi), tag, bytes.length, why);
    }
    if (follows.areWanted) follows.note(fromLo, fromHi, toLo, toHi, kind, tag, ref, bytes, status, to);
    return isTaken;
  }

  /** The mailbox of a live actor has refused a request: its asker gets a Down. */
  #refused(askerLo: number, askerHi: number, ref: number, to: Actor): void {
    if (this.#dropMonitor(askerLo, askerHi, ref, to)) {
      this.#departures.sendReason(DOWN, 0, to.lo, to.hi, ref, askerLo, askerHi, { kind: "noconnection" });
    }
  }

  #down(signal: Signal, to: Actor): void {
    const { fromLo, fromHi, ref, tag } = signal;
    const from = this.#standIns.find(fromLo, fromHi);
    const tie = from === undefined ? 0 : this.#monitorOf(to, ref, from);
    if (from === undefined || tie === 0) return;
    const isFull = tag !== 0 || mayKnowWhy(to, from);
    const reason = this.#reasonOfEnd(signal);
    this.#dropTie(tie, from);
    takeDown(to, fromLo, fromHi, ref, reason, isFull);
  }

  #linkExit(signal: Signal, to: Actor): void {
    if (!this.#dropLink(signal, to)) return;
    takeExitSignal(to, signal.fromLo, signal.fromHi, this.#reasonOfEnd(signal));
  }

  /** Why the sender of a signal has ended. With `noconnection` it may be alive. */
  #reasonOfEnd(signal: Signal): ExitReason {
    const reason = reasonIn(signal);
    if (reason.kind !== "noconnection") this.#standIns.noteDead(signal.fromLo, signal.fromHi);
    return reason;
  }

  /** Removes the link of an actor with the sender of a signal. False: there is none. */
  #dropLink({ fromLo, fromHi }: Signal, to: Actor): boolean {
    const { kernel } = this.#services;
    const from = this.#standIns.find(fromLo, fromHi);
    const tie = from === undefined ? 0 : kernel.call.findLink(from.record, to.record);
    if (from === undefined || tie === 0 || kernel.word(tie + TIE_KIND) !== LINK) return false;
    this.#dropTie(tie, from);
    return true;
  }

  /** The tie of a watcher elsewhere; 0: there is no memory for it, so the watcher gets its Down now. */
  #watch(fromLo: number, fromHi: number, to: Actor, ref: number): number {
    const { call } = this.#services.kernel;
    const { record } = this.#standIns.get(fromLo, fromHi);
    const known = call.findMonitor(record, ref);
    if (known !== 0) return known;
    if (call.watch(record, to.record, ref) !== 0) return call.findMonitor(record, ref);
    this.#departures.sendReason(DOWN, 0, to.lo, to.hi, ref, fromLo, fromHi, { kind: "noconnection" });
    return 0;
  }

  /** The sender has asked another actor, which has handed the request on to this one. */
  #handedOn(signal: Signal, to: Actor | undefined): void {
    const { ref, toLo, toHi, bytes } = signal;
    const [fromLo, fromHi] = pidIn(bytes) ?? [0, 0];
    const message = { ...signal, kind: MESSAGE, fromLo, fromHi, bytes: bytes.subarray(PID_BYTES) };
    const tie = to === undefined ? 0 : this.#watch(signal.fromLo, signal.fromHi, to, ref);
    if (to !== undefined && tie !== 0) this.#services.kernel.call.delegateTie(tie, to.record, fromLo, fromHi);
    if (this.#message(message, to)) return;
    if (to !== undefined) this.#refused(signal.fromLo, signal.fromHi, ref, to);
    else this.#departures.sendReason(DOWN, 0, toLo, toHi, ref, signal.fromLo, signal.fromHi, NOPROC);
  }

  /** Removes the monitor that an actor elsewhere has of one here. False: there is none. */
  #dropMonitor(fromLo: number, fromHi: number, ref: number, to: Actor): boolean {
    const from = this.#standIns.find(fromLo, fromHi);
    const tie = from === undefined ? 0 : this.#monitorOf(from, ref, to);
    if (from === undefined || tie === 0) return false;
    this.#dropTie(tie, from);
    return true;
  }

  /** The monitor that an actor has of another one by a ref; 0: there is none. */
  #monitorOf(watcher: Actor, ref: number, target: Actor): number {
    const { kernel } = this.#services;
    const tie = kernel.call.findMonitor(watcher.record, ref);
    return tie !== 0 && kernel.word(tie + TIE_OTHER) === target.record ? tie : 0;
  }

  #dropTie(tie: number, standIn: Actor): void {
    this.#services.kernel.call.dropTie(tie);
    this.#standIns.loosened(standIn);
  }

  #linked({ fromLo, fromHi }: Signal, to: Actor): void {
    if (this.#unlinks.isPending(to.pid, pidFromWords(fromLo, fromHi))) return;
    const { call } = this.#services.kernel;
    const from = this.#standIns.get(fromLo, fromHi);
    if (call.findLink(to.record, from.record) !== 0) return;
    if (call.linkBoth(to.record, from.record) !== 0) return;
    this.#departures.sendReason(LINK_EXIT, 0, to.lo, to.hi, 0, fromLo, fromHi, { kind: "noconnection" });
  }

  #unlinked(signal: Signal, to: Actor): void {
    const { fromLo, fromHi, ref } = signal;
    this.#dropLink(signal, to);
    this.#departures.send(UNLINK_SEEN, 0, to.lo, to.hi, ref, 0, fromLo, fromHi, nothing);
  }

  /** The sender, which was asked, hands the request on. If nobody takes it, the asker gets a Down. */
  #delegated({ tag, fromLo, fromHi, ref, bytes }: Signal, asker: Actor): void {
    const by = this.#standIns.find(fromLo, fromHi);
    const pid = pidIn(bytes);
    if (by === undefined || pid === undefined) return;
    const to = this.#actors.get(...pid);
    const message = bytes.subarray(PID_BYTES);
    const status = delegate(this.#services, by, asker, asker.lo, asker.hi, ref, to, tag, message);
    const tie = status === SEND_ACCEPTED ? 0 : this.#monitorOf(asker, ref, by);
    if (tie !== 0) {
      this.#services.kernel.call.dropTie(tie);
      takeDown(asker, ...pid, ref, NOPROC, false);
    }
    this.#standIns.loosened(by);
  }
}

/** The exit reason of a signal. An unknown code is a crash that says so. */
function reasonIn({ reason, bytes }: Signal): ExitReason {
  const isKnown = reason >= 0 && reason <= GREATEST_REASON;
  return isKnown ? reasonFrom(reason, bytes.slice()) : { kind: "crashed", message: `exit reason ${reason}`, stack: "" };
}
