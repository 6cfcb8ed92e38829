/**
 * Requests that nobody waits for yet. A `call` sends one and waits; with `request` an actor sends any number, does something else, and takes the
 * replies as they come: it waits for one, for any of several, or for all; or, in a handler or a server, it recognizes them among its items.
 *
 * ```ts
 * const prices = new Requests();
 * for (let i = 0; i < shops.length; i++) prices.add(requestText(shops[i], "price"));
 * for (let next = prices.waitAny(1000); next !== null; next = prices.waitAny(1000)) {
 *   log(`${next.to}: ${next.reply.ok ? next.reply.text() : next.reply.toString()}`);
 * }
 * prices.cancel();
 * ```
 *
 * Erlang: `gen_server:send_request`, `receive_response`, `check_response` and collections of request ids. A request that is over leaves nothing behind: its
 * answer never reaches the mailbox after that. One that is never waited for, taken or cancelled is a tie of the actor's for ever.
 */

import * as actor from "./actor";
import { answerTo, DEFAULT_TIMEOUT_MS, isRef, Outcome, Reply, refused, replyOf } from "./call";
import { demonitor } from "./links";
import { receiveMatchWithin } from "./mailbox";
import { Matcher } from "./match";
import { Kind, Message } from "./message";
import { Pid } from "./pid";
import { self } from "./process";
import { Ref } from "./ref";
import { cancelTimer, sendAfter } from "./timers";
import * as utf8 from "./utf8";

/** Sends a request. Nobody waits: see `Request`. Where it is refused, it is over at once, and its reply says why. */
export function request(to: Pid, bytes: Uint8Array, tag: i32 = 0): Request {
  return requestRaw(to, bytes.dataStart, bytes.length, tag);
}

/** As `request`, with a text as UTF-8. */
export function requestText(to: Pid, text: string, tag: i32 = 0): Request {
  const length = utf8.encode(text);
  return requestRaw(to, utf8.ptr, length, tag);
}

/** As `request`, with `length` bytes of memory. */
export function requestRaw(to: Pid, ptr: usize, length: i32, tag: i32 = 0): Request {
  const ref = actor.request(to as i32, (to >> 32) as i32, tag, ptr, length);
  return isRef(ref) ? new Request(to, ref, null) : new Request(to, 0, refused(ref));
}

/** A request that was sent. It is over when it was answered, its callee has ended, its time is over, or it was cancelled. */
export class Request {
  /** Where it is waited for together with others. */
  group: Requests | null = null;

  constructor(
    readonly to: Pid,
    /** What its answer is tagged with, and a Down bears; 0 where it was refused. */
    readonly ref: Ref,
    private result: Reply | null,
  ) {}

  /** Whether it is over: there is a `reply`. */
  get isOver(): bool {
    return this.result !== null;
  }

  /** How it went. Crashes while it is not over. */
  get reply(): Reply {
    const result = this.result;
    if (result === null) throw new Error("request: it is not over yet");
    return result;
  }

  /** Waits until it is over, at most `timeoutMs` (negative: for ever); then it is, and cannot be answered any more. In a handler it crashes, as `call` does. */
  wait(timeoutMs: i32 = DEFAULT_TIMEOUT_MS): Reply {
    if (this.isOver) return this.reply;
    // It does not answer itself while it waits.
    const isOwn = this.to === self();
    const reply = answerTo(this.ref, isOwn ? 0 : timeoutMs);
    return this.end(isOwn && reply.timedOut ? new Reply(Outcome.CallingSelf, null, null) : reply);
  }

  /** The reply, where `message` is what ends this request: its answer, or the Down of its callee. Null where it is anything else. */
  take(message: Message): Reply | null {
    if (this.isOver || refIn(message) !== this.ref) return null;
    return this.end(replyOf(message, this.ref));
  }

  /** Gives it up: what comes of it is dropped from now on. False where it was over already. */
  cancel(): bool {
    if (this.isOver) return false;
    this.giveUp(Outcome.Cancelled);
    return true;
  }

  /** Ends it without an answer. For `Requests`. */
  giveUp(outcome: Outcome): void {
    demonitor(this.ref, true);
    this.end(new Reply(outcome, null, null));
  }

  private end(reply: Reply): Reply {
    this.result = reply;
    const group = this.group;
    if (group !== null) group.forget(this);
    return reply;
  }
}

/** Several requests, of which any may be answered first (Erlang: a request id collection). */
export class Requests {
  /** Those that are not over, by their refs. */
  private readonly open: Map<Ref, Request> = new Map<Ref, Request>();

  /** Those that were refused, and were not handed out yet; the oldest first. */
  private readonly refused: Request[] = [];

  /** How many there are. One that was handed out, or waited for, taken or cancelled by itself, is here no more. */
  get size(): i32 {
    return this.open.size + this.refused.length;
  }

  /** Adds a request, and returns it. */
  add(request: Request): Request {
    if (request.isOver) {
      this.refused.push(request);
    } else {
      request.group = this;
      this.open.set(request.ref, request);
    }
    return request;
  }

  /**
   * Waits until any of them is over, at most `timeoutMs` (negative: for ever), and hands it out. Null where the time is over, and the others go on; or where
   * there is none: `size` tells. In a handler it is a poll.
   */
  waitAny(timeoutMs: i32 = DEFAULT_TIMEOUT_MS): Request | null {
    if (this.refused.length > 0) return this.refused.shift();
    if (this.open.size === 0) return null;
    const message = receiveMatchWithin(new Bears(this, 0), timeoutMs);
    return message === null ? null : this.take(message);
  }

  /**
   * Waits until all of them are over, at most `timeoutMs` together (negative: for ever), and lets go of them. Those that are not over by then time out. The answers are
   * kept (`Reply.keep`).
   */
  waitAll(timeoutMs: i32 = DEFAULT_TIMEOUT_MS): void {
    // A clock would need a grant. Without a timer, where a limit stands against it, each has the whole time.
    const deadline = timeoutMs > 0 && this.open.size > 0 ? sendAfter(timeoutMs, self()) : 0;
    const wanted = new Bears(this, deadline);
    const waitMs = deadline === 0 ? timeoutMs : -1;
    while (this.open.size > 0) {
      const message = receiveMatchWithin(wanted, waitMs);
      if (message === null) {
        if (waitMs < 0) throw new Error("waitAll: there is no waiting here, in a handler or a start function");
        break;
      }
      const request = this.take(message);
      if (request === null) break;
      request.reply.keep();
    }
    if (deadline !== 0) {
      cancelTimer(deadline);
      demonitor(deadline, true);
    }
    this.giveUp(Outcome.TimedOut);
  }

  /** The request that `message` ends, which is then over and handed out; null where it ends none of them. */
  take(message: Message): Request | null {
    const request = this.of(message);
    if (request === null) return null;
    request.take(message);
    return request;
  }

  /** Whether an item ends one of them. */
  has(message: Message): bool {
    return this.of(message) !== null;
  }

  /** Gives up those that are not over, and lets go of all. */
  cancel(): void {
    this.giveUp(Outcome.Cancelled);
  }

  /** One of them was waited for, taken or cancelled by itself. For `Request`. */
  forget(request: Request): void {
    request.group = null;
    this.open.delete(request.ref);
  }

  private of(message: Message): Request | null {
    const ref = refIn(message);
    return ref !== 0 && this.open.has(ref) ? this.open.get(ref) : null;
  }

  private giveUp(outcome: Outcome): void {
    const open = this.open.values();
    for (let i = 0; i < open.length; i++) open[i].giveUp(outcome);
    this.refused.length = 0;
  }
}

/** What an item bears that ends a request; 0 where it can end none. */
function refIn(message: Message): Ref {
  const kind = message.kind;
  if (kind === Kind.Message) return min<i32>(message.tag, 0);
  return kind === Kind.Down ? message.ref : 0;
}

/** Wants what ends any of these requests, and a timer. */
class Bears extends Matcher {
  constructor(
    private readonly requests: Requests,
    private readonly deadline: Ref,
  ) {
    super();
  }

  matches(message: Message): bool {
    return (
      this.requests.has(message) ||
      (message.kind === Kind.Timer && message.ref === this.deadline && this.deadline !== 0)
    );
  }
}
