/**
 * Requests without waiting. A `call` sends a request and waits for the reply. With `request`, an
 * actor sends any number of requests and does other work. Later it waits for one reply, for any of
 * them, or for all. A handler or a server, which cannot wait, recognizes the replies among its
 * items.
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
 * Erlang: `gen_server:send_request`, `receive_response`, `check_response`, and request id
 * collections.
 *
 * A request that is over leaves nothing behind: a late answer never reaches the mailbox. A request
 * that is never waited for, taken or cancelled counts towards the actor's limit `ties` for ever.
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

/**
 * Sends a request, and does not wait. A refused request is over at once, and its reply says why.
 *
 * @param tag a number from 0 up that the callee receives with the request
 */
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

/**
 * A request. It is over when it was answered or refused, its callee has ended, its time is over, or
 * it was cancelled.
 */
export class Request {
  /** The collection that it was added to, until it is over. */
  group: Requests | null = null;

  constructor(
    readonly to: Pid,
    /** The tag of its answer, and the ref of its Down. 0 where the request was refused. */
    readonly ref: Ref,
    private result: Reply | null,
  ) {}

  /** Whether it is over. Then there is a `reply`. */
  get isOver(): bool {
    return this.result !== null;
  }

  /** The reply. Crashes while the request is not over. */
  get reply(): Reply {
    const result = this.result;
    if (result === null) throw new Error("request: it is not over yet");
    return result;
  }

  /**
   * Waits until the request is over. After the time it is over as well, and cannot be answered any
   * more. A handler cannot wait, so there it crashes.
   *
   * @param timeoutMs milliseconds; negative waits for ever
   */
  wait(timeoutMs: i32 = DEFAULT_TIMEOUT_MS): Reply {
    if (this.isOver) return this.reply;
    // The actor cannot answer its own request while it waits.
    const isOwn = this.to === self();
    const reply = answerTo(this.ref, isOwn ? 0 : timeoutMs);
    return this.end(isOwn && reply.timedOut ? new Reply(Outcome.CallingSelf, null, null) : reply);
  }

  /**
   * The reply, if `message` is the answer or the Down of the callee. The request is then over. Null
   * for any other message.
   */
  take(message: Message): Reply | null {
    if (this.isOver || refIn(message) !== this.ref) return null;
    return this.end(replyOf(message, this.ref));
  }

  /** Cancels the request: a later answer is dropped. False where it was over already. */
  cancel(): bool {
    if (this.isOver) return false;
    this.endWith(Outcome.Cancelled);
    return true;
  }

  /** Ends the request without an answer. For `Requests`. */
  endWith(outcome: Outcome): void {
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
  /** The requests that are not over, by their refs. */
  private readonly open: Map<Ref, Request> = new Map<Ref, Request>();

  /** Refused requests that `waitAny` has not returned yet, the oldest first. */
  private readonly refused: Request[] = [];

  /**
   * The number of requests. A request leaves when it is returned by `waitAny` or `take`, and when
   * it is over by itself.
   */
  get size(): i32 {
    return this.open.size + this.refused.length;
  }

  /** Adds a request and returns it. */
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
   * Waits until any request is over, and returns it. In a handler it is a poll.
   *
   * @param timeoutMs milliseconds; negative waits for ever
   * @returns null where the time is over, while the requests stay open; or where there are no
   * requests (`size` is 0)
   */
  waitAny(timeoutMs: i32 = DEFAULT_TIMEOUT_MS): Request | null {
    if (this.refused.length > 0) return this.refused.shift();
    if (this.open.size === 0) return null;
    const message = receiveMatchWithin(new EndsAny(this, 0), timeoutMs);
    return message === null ? null : this.take(message);
  }

  /**
   * Waits until all requests are over, and removes them. Requests that are not over in time get the
   * outcome `TimedOut`. The answers are kept (`Reply.keep`).
   *
   * @param timeoutMs milliseconds for all requests together; negative waits for ever
   */
  waitAll(timeoutMs: i32 = DEFAULT_TIMEOUT_MS): void {
    // A timer instead of a clock, which would need a grant. At the limit of timers, each wait has
    // the whole time.
    const deadline = timeoutMs > 0 && this.open.size > 0 ? sendAfter(timeoutMs, self()) : 0;
    const wanted = new EndsAny(this, deadline);
    const waitMs = deadline === 0 ? timeoutMs : -1;
    while (this.open.size > 0) {
      const message = receiveMatchWithin(wanted, waitMs);
      if (message === null) {
        if (waitMs < 0) throw new Error("waitAll: a handler or a start function cannot wait");
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
    this.endWith(Outcome.TimedOut);
  }

  /**
   * The request that `message` answers, or whose callee has ended. It is then over and removed.
   * Null for any other message.
   */
  take(message: Message): Request | null {
    const request = this.of(message);
    if (request === null) return null;
    request.take(message);
    return request;
  }

  /** Whether `message` ends one of the requests. */
  has(message: Message): bool {
    return this.of(message) !== null;
  }

  /** Cancels the requests that are not over, and removes all. */
  cancel(): void {
    this.endWith(Outcome.Cancelled);
  }

  /** Removes a request that is over by itself. For `Request`. */
  forget(request: Request): void {
    request.group = null;
    this.open.delete(request.ref);
  }

  private of(message: Message): Request | null {
    const ref = refIn(message);
    return ref !== 0 && this.open.has(ref) ? this.open.get(ref) : null;
  }

  private endWith(outcome: Outcome): void {
    const open = this.open.values();
    for (let i = 0; i < open.length; i++) open[i].endWith(outcome);
    this.refused.length = 0;
  }
}

/** The ref of the request that an item can end. 0 where it can end none. */
function refIn(message: Message): Ref {
  const kind = message.kind;
  if (kind === Kind.Message) return min<i32>(message.tag, 0);
  return kind === Kind.Down ? message.ref : 0;
}

/** Matches what ends any of these requests, and one timer. */
class EndsAny extends Matcher {
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
