/**
 * A mailbox for JavaScript, and the first file of the room host/javascript/: host mailboxes, calls and
 * supervisors. The room imports life/ and the rooms before it, except turns/. It guarantees that an
 * actor in JavaScript has the semantics of a guest: a pid, one order of items, selective receive,
 * links, monitors and timers.
 *
 * A mailbox waits in one receive at a time, as a guest does.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { link, unlink, unlinkEnded } from "../between/links.ts";
import { demonitor, monitor } from "../between/monitors.ts";
import { tiesOf } from "../between/requests.ts";
import { cancelTimer, sendAfter } from "../between/send-after.ts";
import { endFromOutside, exitSignal } from "../between/signals.ts";
import type { RingPool } from "../mail/mailbox.ts";
import { DEAD } from "../mail/states.ts";
import type { CallOut } from "../time/call-out.ts";
import { callback, checkMs, checkOptions, checksOf, checkTagOrRef, flag, pid, tag } from "../wire/checks.ts";
import { ClosedError } from "../wire/errors.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import type { GivenReason, Message, Received } from "../wire/message.ts";
import { payloadFrom } from "../wire/payload.ts";
import { highWord, lowWord, type Pid } from "../wire/pid.ts";
import { reasonGiven } from "../wire/reason.ts";
import type { Directory } from "./directory.ts";
import { Inbox, type ReceiveOptions } from "./inbox.ts";

export interface DemonitorOptions {
  /** Takes its Down, and an answer that came with it, out of the mailbox. Default: false. */
  readonly flush?: boolean;
}
const demonitorChecks = checksOf<DemonitorOptions>({ flush: flag });

export interface SendAfterOptions {
  /** Default: the mailbox itself. */
  readonly to?: Pid;
  readonly tag?: number;
}
const sendAfterChecks = checksOf<SendAfterOptions>({ to: pid, tag });

export class HostMailbox implements AsyncIterable<Received>, Disposable {
  readonly #actor: Actor;
  readonly #inbox: Inbox;
  readonly #directory: Directory;

  /** Made by `runtime.mailbox()`. */
  constructor(
    lo: number,
    hi: number,
    services: Services,
    limits: RuntimeLimits,
    rings: RingPool,
    callOut: CallOut,
    directory: Directory,
  ) {
    this.#inbox = new Inbox(lo, hi, services, limits, rings, callOut);
    this.#actor = this.#inbox.actor;
    this.#directory = directory;
    // JavaScript cannot be ended from outside: what is linked to it tells it, as an item.
    tiesOf(this.#actor).trapsExits = true;
  }

  /** The actor that stands for this mailbox in the runtime. */
  get actor(): Actor {
    return this.#actor;
  }

  get pid(): Pid {
    return this.#actor.pid;
  }

  /** False once it was closed, or ended from outside. */
  get isOpen(): boolean {
    return this.#actor.state !== DEAD;
  }

  /** Items that wait to be received. */
  get size(): number {
    return this.isOpen ? this.#actor.mailbox.count : 0;
  }

  /** Sends with this mailbox as the sender. True where it was accepted; never throws for a dead receiver. A closed mailbox sends nothing. */
  send(to: Pid | string, bytes: Uint8Array | string, tag = 0): boolean {
    checkTagOrRef(tag, "send");
    return this.isOpen && this.#directory.send(this.#actor, to, payloadFrom(bytes), tag);
  }

  /** Answers a message whose sender waits for it (`ref` is not 0). False where it waits no more. */
  reply(to: Message, bytes: Uint8Array | string): boolean {
    return this.send(to.from, bytes, to.ref);
  }

  /**
   * Hands a request (`ref` is not 0) on: `to` gets its bytes, or these, and answers it in this mailbox's place; the asker gets the Down when `to`
   * ends. False where `to` does not accept it, or nobody waits for the answer any more.
   */
  delegate(request: Message, to: Pid, bytes: Uint8Array | string = request.bytes): boolean {
    return this.isOpen && this.#directory.delegate(this.#actor, request, to, payloadFrom(bytes));
  }

  /** Links it with an actor: the end of either is told to the other. With a dead one, an exit with the reason noproc comes at once. */
  link(pid: Pid): void {
    this.#mustBeOpen();
    const other = this.#directory.find(pid);
    if (other === undefined) exitSignal(this.#actor, lowWord(pid), highWord(pid), { kind: "noproc" });
    else link(this.#actor, other);
  }

  unlink(pid: Pid): void {
    const other = this.#directory.find(pid);
    if (other === undefined) unlinkEnded(this.#actor, lowWord(pid), highWord(pid));
    else unlink(this.#actor, other);
  }

  /** Monitors an actor: one Down with this ref comes when it ends; at once, with the reason noproc, where it is dead. */
  monitor(pid: Pid): number {
    this.#mustBeOpen();
    return monitor(this.#actor, this.#directory.find(pid), lowWord(pid), highWord(pid));
  }

  /** Takes a monitor back; false where its Down was sent already. `flush` takes that Down out of the mailbox. */
  demonitor(ref: number, options: DemonitorOptions = {}): boolean {
    checkOptions("demonitor", options, demonitorChecks);
    return this.isOpen && demonitor(this.#actor, ref, options.flush ?? false);
  }

  /** Sends an exit signal as this mailbox (Erlang: `exit/2`). False where there is no such actor. `killed` cannot be trapped. */
  exit(pid: Pid, given: GivenReason): boolean {
    const reason = reasonGiven(given, "exit");
    const to = this.isOpen ? this.#directory.find(pid) : undefined;
    if (to === undefined) return false;
    if (reason.kind === "killed") endFromOutside(to, reason);
    else exitSignal(to, this.#actor.lo, this.#actor.hi, reason);
    return true;
  }

  /** Sends bytes, or a text as UTF-8, in `delayMs`, as an item of the kind timer; to itself unless `to` is given. Returns the timer's ref. */
  sendAfter(delayMs: number, bytes: Uint8Array | string, options: SendAfterOptions = {}): number {
    checkMs(delayMs, "delayMs", "sendAfter", false);
    checkOptions("sendAfter", options, sendAfterChecks);
    const { to = this.pid, tag = 0 } = options;
    const payload = payloadFrom(bytes).slice();
    return sendAfter(this.#actor, delayMs, to, pid => this.#directory.find(pid), tag, payload);
  }

  /** False where the timer has fired, was cancelled, or never was. */
  cancelTimer(ref: number): boolean {
    return cancelTimer(this.#actor, ref);
  }

  join(group: string): void {
    if (this.isOpen) this.#directory.registry.join(group, this.#actor);
  }

  leave(group: string): boolean {
    return this.#directory.registry.leave(group, this.#actor);
  }

  /** The next item, or undefined when the time is over. Rejects with a ClosedError when the mailbox is closed. */
  receive(options: ReceiveOptions = {}): Promise<Received | undefined> {
    return this.#inbox.receive(undefined, options);
  }

  /**
   * The first item that matches; everything else stays, in order. Each item is tested once. What `matches` throws
   * rejects the receive, and the item counts as not taken.
   */
  receiveMatch(matches: (item: Received) => boolean, options: ReceiveOptions = {}): Promise<Received | undefined> {
    callback(matches, "matches", "receiveMatch");
    return this.#inbox.receive(matches, options);
  }

  /** The next item, where there is one now. A receive that waits goes on as if it had never been there. */
  poll(): Received | undefined {
    return this.#inbox.poll();
  }

  /**
   * Calls `act`, in turns of its own, whenever items have come that no receive waits for: for code that has to act on them before
   * anybody else gets a turn, where a promise would be late. It gets another turn where it answers true. What it throws goes to `onError`.
   */
  onArrival(act: () => boolean): void {
    callback(act, "act", "onArrival");
    this.#inbox.onArrival(act);
  }

  /** Every item in order, until the mailbox is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Received, void, void> {
    while (this.#actor.state !== DEAD) {
      let item: Received | undefined;
      try {
        item = await this.receive();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      if (item !== undefined) yield item;
    }
  }

  /** Ends it: its pid is dead, its items are dropped, a receive that waits rejects. */
  close(): void {
    this.end({ kind: "normal" });
  }

  /** As `close`, for another reason, which those get that are linked to it or monitor it. */
  end(reason: GivenReason): void {
    this.#actor.services.end(this.#actor, reasonGiven(reason, "end"));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #mustBeOpen(): void {
    if (!this.isOpen) throw this.#inbox.closed();
  }
}
