/**
 * A mailbox for JavaScript: code of the host that has a pid and receives as a guest does, selectively and in the same order.
 * It waits in one place at a time, as an actor does.
 */

import { Actor, type Services, type Way } from "../actor/actor.ts";
import { link, unlink, unlinkEnded } from "../between/links.ts";
import { demonitor, monitor } from "../between/monitors.ts";
import type { Registry } from "../between/names.ts";
import { tiesOf } from "../between/requests.ts";
import { cancelTimer, sendAfter } from "../between/send-after.ts";
import { endFromOutside, exitSignal } from "../between/signals.ts";
import { Bytes } from "../mail/bytes.ts";
import { FROM_HI, FROM_LO, KIND, Mailbox, NONE, REASON, REF, type RingPool, TAG } from "../mail/mailbox.ts";
import { NOWHERE } from "../mail/slots.ts";
import { DEAD, PARKED, RUNNING, type State, WANT_MATCH } from "../mail/states.ts";
import type { CallOut } from "../time/call-out.ts";
import {
  callback,
  checkMs,
  checkOptions,
  checksOf,
  checkTagOrRef,
  flag,
  having,
  millisecondsOrForever,
  pid,
  tag,
} from "../wire/checks.ts";
import { ClosedError, IsopodError } from "../wire/errors.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import type { GivenReason, Message, Received } from "../wire/message.ts";
import { payloadFrom } from "../wire/payload.ts";
import { formatPid, highWord, lowWord, type Pid, pidFromWords } from "../wire/pid.ts";
import { reasonGiven, receivedFrom } from "../wire/reason.ts";

export interface ReceiveOptions {
  /** Milliseconds until the receive answers undefined; 0 polls. Without it, it waits for ever. */
  readonly timeoutMs?: number;
  /** Ends the receive: it rejects with the signal's reason, and no item is lost. */
  readonly signal?: AbortSignal;
}

const receiveChecks = checksOf<ReceiveOptions>({
  timeoutMs: millisecondsOrForever,
  signal: having("addEventListener", "throwIfAborted"),
});

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

/** The receive that waits. */
interface Pending {
  readonly matches: ((item: Received) => boolean) | undefined;
  resolve(item: Received | undefined): void;
  reject(error: unknown): void;
}

/** What a host mailbox needs of its runtime to reach others. */
export interface Directory {
  readonly registry: Registry;
  find(pid: Pid): Actor | undefined;
  send(from: Actor, to: Pid | string, bytes: Uint8Array, tag: number): boolean;
  delegate(from: Actor, request: Message, to: Pid, bytes: Uint8Array): boolean;
}

export class HostMailbox implements AsyncIterable<Received>, Disposable {
  readonly #actor: Actor;
  readonly #callOut: CallOut;
  readonly #directory: Directory;
  #pending: Pending | undefined;
  #onArrival: (() => boolean) | undefined;
  /** A predicate is being asked; a receive from inside it would move the save pointer under it. */
  #looking = false;

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
    const way: Way = {
      name: "host",
      resume: () => {
        this.#turn();
        return true;
      },
      discard: () => this.#ended(),
    };
    this.#actor = new Actor(
      lo,
      hi,
      services,
      new Mailbox(rings, NOWHERE),
      null,
      way,
      new Uint8Array(0),
      limits,
      Bytes.ofLength(0),
    );
    // With a predicate, so that every item goes to the mailbox; running, so that nobody wakes it until it waits.
    this.#actor.want = WANT_MATCH;
    this.#actor.state = RUNNING;
    this.#callOut = callOut;
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
    return this.#receive(undefined, options);
  }

  /**
   * The first item that matches; everything else stays, in order. Each item is tested once. What `matches` throws
   * rejects the receive, and the item counts as not taken.
   */
  receiveMatch(matches: (item: Received) => boolean, options: ReceiveOptions = {}): Promise<Received | undefined> {
    callback(matches, "matches", "receiveMatch");
    return this.#receive(matches, options);
  }

  /** The next item, where there is one now. A receive that waits goes on as if it had never been there. */
  poll(): Received | undefined {
    if (this.#looking) throw this.#busy();
    // What it holds until its end is told are dead letters.
    if (!this.isOpen) return undefined;
    const { mailbox } = this.#actor;
    const at = mailbox.first();
    return at === NONE ? undefined : this.#take(at, this.#read(at));
  }

  /**
   * Calls `act`, in turns of its own, whenever items have come that no receive waits for: for code that has to act on them before
   * anybody else gets a turn, where a promise would be late. It gets another turn where it answers true. What it throws goes to `onError`.
   */
  onArrival(act: () => boolean): void {
    callback(act, "act", "onArrival");
    this.#onArrival = act;
    if (this.#actor.state !== RUNNING) return;
    this.#actor.state = PARKED;
    if (this.#actor.mailbox.count > 0) this.#actor.wake();
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

  async #receive(matches: Pending["matches"], options: ReceiveOptions): Promise<Received | undefined> {
    checkOptions("receive", options, receiveChecks);
    const { timeoutMs, signal } = options;
    const actor = this.#actor;
    if (actor.state === DEAD) throw this.#closed();
    signal?.throwIfAborted();
    if (this.#pending !== undefined || this.#looking) throw this.#busy();
    actor.mailbox.rewind();
    const item = this.#look(matches);
    if (item !== undefined || timeoutMs === 0) return item;

    const { clock } = actor.services;
    actor.deadlineMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + timeoutMs;
    actor.expired = false;
    const received = new Promise<Received | undefined>((resolve, reject) => {
      this.#pending = { matches, resolve, reject };
    });
    const onAbort = () => this.#settle()?.reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    actor.state = PARKED;
    actor.armDeadline();
    return received.finally(() => signal?.removeEventListener("abort", onAbort));
  }

  /** Something arrived, or the time is over. */
  #turn(): void {
    const actor = this.#actor;
    const pending = this.#pending;
    if (pending === undefined) {
      actor.state = this.#atRest;
      if (this.#arrived() && actor.state === PARKED) actor.wake();
      return;
    }
    let item: Received | undefined;
    try {
      item = this.#look(pending.matches);
    } catch (error) {
      this.#settle()?.reject(error);
      return;
    }
    if (item !== undefined || actor.expired) this.#settle()?.resolve(item);
    else actor.state = PARKED;
  }

  /** Whether `onArrival` wants another turn. */
  #arrived(): boolean {
    let answer: unknown;
    this.#callOut.run("onArrival", () => {
      answer = this.#onArrival?.();
      return answer;
    });
    return answer === true;
  }

  /** Takes the first wanted item at or behind the save pointer. */
  #look(matches: Pending["matches"]): Received | undefined {
    const { mailbox } = this.#actor;
    for (let at = mailbox.from(mailbox.saved); at !== NONE; at = mailbox.next(mailbox.saved)) {
      // Whatever `matches` does to this mailbox, the save pointer is moved along.
      mailbox.saved = at;
      const item = this.#read(at);
      if (matches !== undefined && !this.#ask(matches, item)) continue;
      return this.#take(mailbox.saved, item);
    }
    mailbox.saved = mailbox.tail;
    return undefined;
  }

  #take(at: number, item: Received): Received {
    if (item.kind === "message" || item.kind === "timer") this.#actor.services.counters.received++;
    this.#actor.mailbox.remove(at);
    return item;
  }

  #ask(matches: (item: Received) => boolean, item: Received): boolean {
    this.#looking = true;
    try {
      return matches(item);
    } finally {
      this.#looking = false;
    }
  }

  #read(at: number): Received {
    const { mailbox } = this.#actor;
    const bytes = mailbox.payload(at);
    const from = pidFromWords(mailbox.word(at, FROM_LO), mailbox.word(at, FROM_HI));
    const word = (which: number) => mailbox.word(at, which);
    return receivedFrom(word(KIND), word(TAG), from, word(REF), word(REASON), bytes);
  }

  /** The receive is over: nothing waits any more. Returns what waited. */
  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#actor.disarmDeadline();
    if (this.#actor.state !== DEAD) this.#actor.state = this.#atRest;
    return pending;
  }

  /** While no receive waits: parked, so that arrivals give it a turn, where somebody wants to know of them. */
  get #atRest(): State {
    return this.#onArrival === undefined ? RUNNING : PARKED;
  }

  #ended(): void {
    this.#settle()?.reject(this.#closed());
  }

  #mustBeOpen(): void {
    if (!this.isOpen) throw this.#closed();
  }

  #busy(): IsopodError {
    const text = `host mailbox ${formatPid(this.pid)} is receiving already: await that receive, or abort it`;
    return new IsopodError("ISOPOD_BUSY", text);
  }

  #closed(): ClosedError {
    return new ClosedError(`host mailbox ${formatPid(this.pid)} is closed`);
  }
}
