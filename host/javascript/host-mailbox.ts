/**
 * A mailbox for JavaScript, and the first file of the room host/javascript/: host mailboxes, calls
 * and supervisors. The room imports life/ and the rooms before it, except turns/. It guarantees
 * that an actor in JavaScript has the semantics of a guest: a pid, one order of items, selective
 * receive, links, monitors and timers.
 *
 * A mailbox waits in one receive at a time, as a guest does.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { link, unlink, unlinkEnded } from "../between/links.ts";
import { demonitor, monitor } from "../between/monitors.ts";
import { cancelTimer, sendAfter } from "../between/send-after.ts";
import { exitSignal } from "../between/signals.ts";
import { DEAD, TRAPS_EXITS } from "../kernel/words.ts";
import type { CallOut } from "../time/call-out.ts";
import { callback, checkMs, checkOptions, checksOf, flag, pid, tag, tagOrRef } from "../wire/checks.ts";
import { ClosedError } from "../wire/errors.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import type { GivenReason, Message, Received } from "../wire/message.ts";
import { payloadFrom } from "../wire/payload.ts";
import { highWord, lowWord, type Pid } from "../wire/pid.ts";
import { reasonGiven } from "../wire/reason.ts";
import { Caller } from "./caller.ts";
import type { Ask } from "./client.ts";
import type { Directory } from "./directory.ts";
import { Inbox, type ReceiveOptions } from "./inbox.ts";

/** Options of `send` and `broadcast`. */
export interface SendOptions {
  /**
   * The message's tag, a whole number from 0 up, or the ref of a request that a mailbox answers. Default 0.
   */
  readonly tag?: number;
}
export const sendChecks = checksOf<SendOptions>({ tag });
const sendFromMailboxChecks = checksOf<SendOptions>({ tag: tagOrRef });

/** Options of `demonitor`. */
export interface DemonitorOptions {
  /** Also take the Down, and an answer that has come already, out of the mailbox. Default false. */
  readonly flush?: boolean;
}
const demonitorChecks = checksOf<DemonitorOptions>({ flush: flag });

/** Options of `sendAfter`. */
export interface SendAfterOptions {
  /** The receiver. Default: the mailbox itself. */
  readonly to?: Pid;
  /** The item's tag, a whole number from 0 up. Default 0. */
  readonly tag?: number;
}
const sendAfterChecks = checksOf<SendAfterOptions>({ to: pid, tag });

/**
 * A mailbox for JavaScript, made by `runtime.mailbox()`. It traps exits: an exit signal arrives as
 * an item. `for await` gives all its items in order.
 */
export class HostMailbox extends Caller implements AsyncIterable<Received>, Disposable {
  readonly #actor: Actor;
  readonly #inbox: Inbox;
  readonly #directory: Directory;

  /** Use `runtime.mailbox()` to make one. */
  constructor(record: number, services: Services, limits: RuntimeLimits, callOut: CallOut, directory: Directory) {
    super();
    this.#inbox = new Inbox(record, services, limits, callOut);
    this.#actor = this.#inbox.actor;
    this.#directory = directory;
    // An exit signal cannot end JavaScript code, so it arrives as an item.
    this.#actor.setFlag(TRAPS_EXITS, true);
  }

  /** The actor that represents this mailbox in the runtime. */
  get actor(): Actor {
    return this.#actor;
  }

  /** The pid that other actors send to. */
  get pid(): Pid {
    return this.#actor.pid;
  }

  /** False after the mailbox was closed, or ended from outside. */
  get isOpen(): boolean {
    return this.#actor.state !== DEAD;
  }

  /** The number of items in the mailbox. */
  get size(): number {
    return this.isOpen ? this.#actor.mailbox.count : 0;
  }

  /**
   * Sends bytes, or a text as UTF-8, with this mailbox as the sender. Never throws because of the
   * receiver.
   *
   * @param to a pid or a name
   * @returns true where the message was accepted; false where there is no such actor, its mailbox
   *   is full, the message is too large, or this mailbox is closed
   */
  send(to: Pid | string, bytes: Uint8Array | string, options?: SendOptions): boolean {
    if (options !== undefined) checkOptions("send", options, sendFromMailboxChecks);
    return this.isOpen && this.#directory.send(this.#actor, to, payloadFrom(bytes), options?.tag ?? 0);
  }

  /** Sends to each member of a group, as `send` does. Returns how many accepted it. */
  broadcast(group: string, bytes: Uint8Array | string, options: SendOptions = {}): number {
    checkOptions("broadcast", options, sendChecks);
    if (!this.isOpen) return 0;
    return this.#directory.broadcast(this.#actor, group, payloadFrom(bytes), options.tag ?? 0);
  }

  /**
   * The sender of its calls is this mailbox. An answer is no item of it. So a receive may wait meanwhile, and
   * any number of calls.
   */
  protected override askerOf(to: Pid | string): Ask {
    return (bytes, options) => this.#inbox.call(this.#directory.receiver(to), to, bytes, options);
  }

  /**
   * Answers a request: a message whose `ref` is not 0. Returns false where its sender no longer
   * waits.
   */
  reply(to: Message, bytes: Uint8Array | string): boolean {
    return this.send(to.from, bytes, { tag: to.ref });
  }

  /**
   * Hands a request on to another actor: a message whose `ref` is not 0. `to` gets its bytes, or
   * the given ones, and answers in this mailbox's place. When `to` ends, the actor that asked gets
   * the Down. Returns false where `to` does not accept the request, or no actor waits for the
   * answer any more.
   */
  delegate(request: Message, to: Pid, bytes: Uint8Array | string = request.bytes): boolean {
    return this.isOpen && this.#directory.delegate(this.#actor, request, to, payloadFrom(bytes));
  }

  /**
   * Links the mailbox with an actor (Erlang: `link/1`). When either ends, the other gets an exit
   * signal. Where there is no such actor, an Exit with the reason `noproc` comes at once. Throws a
   * ClosedError where the mailbox is closed.
   */
  link(pid: Pid): void {
    this.#mustBeOpen();
    const other = this.#directory.find(pid);
    if (other === undefined) exitSignal(this.#actor, lowWord(pid), highWord(pid), { kind: "noproc" });
    else link(this.#actor, other);
  }

  /**
   * Removes the link with an actor, from both sides. An Exit that is already in the mailbox stays
   * there.
   */
  unlink(pid: Pid): void {
    const other = this.#directory.find(pid);
    if (other === undefined) unlinkEnded(this.#actor, lowWord(pid), highWord(pid));
    else unlink(this.#actor, other);
  }

  /**
   * Monitors an actor (Erlang: `monitor/2`) and returns the monitor's ref. One Down with this ref
   * comes when the actor ends. Where there is no such actor, it comes at once, with the reason
   * `noproc`. Throws a ClosedError where the mailbox is closed.
   */
  monitor(pid: Pid): number {
    this.#mustBeOpen();
    return monitor(this.#actor, this.#directory.find(pid), lowWord(pid), highWord(pid));
  }

  /**
   * Removes a monitor (Erlang: `demonitor/2`). Returns false where its Down was sent already. With
   * `flush` the Down is taken out of the mailbox.
   */
  demonitor(ref: number, options: DemonitorOptions = {}): boolean {
    checkOptions("demonitor", options, demonitorChecks);
    return this.isOpen && demonitor(this.#actor, ref, options.flush ?? false);
  }

  /**
   * Sends an exit signal from this mailbox (Erlang: `exit/2`). `killed` cannot be trapped. Returns
   * false where there is no such actor, or this mailbox is closed.
   */
  exit(pid: Pid, given: GivenReason): boolean {
    return this.isOpen && this.#directory.exit(this.#actor, pid, given);
  }

  /**
   * Sends bytes, or a text as UTF-8, after `delayMs` milliseconds, as an item of the kind timer
   * (Erlang: `erlang:send_after/3`). The receiver is the mailbox itself, unless `to` is given.
   * Returns the timer's ref, for `cancelTimer`. Throws a RangeError where `delayMs` is negative,
   * NaN or too large.
   */
  sendAfter(delayMs: number, bytes: Uint8Array | string, options: SendAfterOptions = {}): number {
    checkMs(delayMs, "delayMs", "sendAfter", false);
    checkOptions("sendAfter", options, sendAfterChecks);
    const { to = this.pid, tag = 0 } = options;
    const payload = payloadFrom(bytes).slice();
    return sendAfter(this.#actor, delayMs, to, pid => this.#directory.find(pid), tag, payload);
  }

  /** Cancels a timer. Returns false where it has fired, was cancelled, or never was. */
  cancelTimer(ref: number): boolean {
    return cancelTimer(this.#actor, ref);
  }

  /** Joins a group. Joining twice is joining once. A closed mailbox joins nothing. */
  join(group: string): void {
    if (this.isOpen) this.#directory.registry.join(group, this.#actor);
  }

  /** Leaves a group. Returns false where the mailbox is no member. */
  leave(group: string): boolean {
    return this.#directory.registry.leave(group, this.#actor);
  }

  /**
   * Takes the next item. Resolves to undefined when the time is over. Rejects with a ClosedError
   * when the mailbox is closed, with an IsopodError of the code `ISOPOD_BUSY` where another receive
   * waits, and with the signal's reason when that is aborted.
   */
  receive(options: ReceiveOptions = {}): Promise<Received | undefined> {
    return this.#inbox.receive(undefined, options);
  }

  /**
   * Takes the first item that matches (Erlang: selective receive). All other items stay, in order.
   * Each item is tested once. Where `matches` throws, the receive rejects with that, and the item
   * stays. Otherwise as `receive`.
   */
  receiveMatch(matches: (item: Received) => boolean, options: ReceiveOptions = {}): Promise<Received | undefined> {
    callback(matches, "matches", "receiveMatch");
    return this.#inbox.receive(matches, options);
  }

  /**
   * Takes the next item, where there is one now; else returns undefined. A receive that waits is
   * not disturbed.
   */
  poll(): Received | undefined {
    return this.#inbox.poll();
  }

  /**
   * Calls `act`, in a turn of its own, when items have come that no receive waits for. Use it for
   * code that must act before any other actor has a turn, where a promise would be late. Where
   * `act` returns true, it gets another turn. What it throws goes to `onError`.
   */
  onArrival(act: () => boolean): void {
    callback(act, "act", "onArrival");
    this.#inbox.onArrival(act);
  }

  /** All items in order, until the mailbox is closed. */
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

  /**
   * Ends the mailbox with the reason `normal`. Its items are dropped, and a receive that waits
   * rejects with a ClosedError.
   */
  close(): void {
    this.end({ kind: "normal" });
  }

  /** Ends the mailbox with this reason, which links and monitors are told. Otherwise as `close`. */
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
