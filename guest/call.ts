/**
 * Calls. The caller sends a request and waits until the callee answers or ends, or the time is
 * over. The reply tells which (Erlang: `gen_server:call`). The callee receives a message whose
 * `ref` is not 0. It answers with `reply`, or later with a `Caller` that it has kept.
 *
 * A call leaves nothing behind: a late answer never reaches the mailbox. It does not look at older
 * messages either.
 */

import * as actor from "./actor";
import { PARK, TIMEOUT } from "./mailbox";
import { fresh, Kind, Message } from "./message";
import { Pid } from "./pid";
import { self } from "./process";
import { ExitReason } from "./reason";
import { Ref } from "./ref";
import { delegateRaw, Sent, send, sendText } from "./send";
import * as utf8 from "./utf8";
import * as window from "./window";

/** The result of a call. */
export enum Outcome {
  Answered,
  /** No answer came in time. The callee may be alive and busy. */
  TimedOut,
  /** The callee ended before it answered, or did not exist. `reason` is its exit reason. */
  Ended,
  /** The callee's mailbox is full. The request was not sent. */
  Full,
  /** The request is larger than the host permits. It was not sent. */
  TooLarge,
  /**
   * The callee is the caller, which cannot answer while it waits (Erlang: `calling_self`). The
   * request was not sent.
   */
  CallingSelf,
  /**
   * The caller has reached its limit `ties`, or its mailbox is full of items that it has asked for.
   * The request was not sent.
   */
  OverLimit,
  /** A `Request` was cancelled before it was answered. Calls never have this outcome. */
  Cancelled,
  /** A function of the embedder was asked, and the grant `imports` for it is missing. Calls never have this outcome. */
  NotGranted,
}

/** How long a call waits by default (Erlang: `gen_server:call/2`). */
export const DEFAULT_TIMEOUT_MS: i32 = 5000;

/**
 * The answer to a call, or the reason why there is none. Reading an answer that is not there
 * crashes the actor.
 */
export class Reply {
  /** A copy of the answer's payload, after `keep`. */
  private kept: Uint8Array | null = null;

  constructor(
    readonly outcome: Outcome,
    /** The answer, as it was received. Null where there is none. */
    private readonly answer: Message | null,
    private readonly why: ExitReason | null,
  ) {}

  /** Whether it was answered. */
  get ok(): bool {
    return this.outcome === Outcome.Answered;
  }

  get timedOut(): bool {
    return this.outcome === Outcome.TimedOut;
  }

  /** The exit reason of the callee. Null unless the outcome is `Ended`. */
  get reason(): ExitReason | null {
    return this.why;
  }

  /** The answer, valid until the next receive. Crashes where there is none. */
  get message(): Message {
    const answer = this.answer;
    if (answer === null) throw new Error(`call: ${this}`);
    return answer;
  }

  /** Copies the answer's payload, so that `bytes` and `text` work also after the next receive. */
  keep(): Reply {
    if (this.ok && this.kept === null) this.kept = this.message.bytes();
    return this;
  }

  /**
   * A copy of the answer's payload. Crashes where there is none. Crashes after the next receive,
   * unless `keep` was called.
   */
  bytes(): Uint8Array {
    const kept = this.kept;
    return kept === null ? this.message.bytes() : kept.slice();
  }

  /**
   * The answer's payload, decoded as UTF-8. Crashes as `bytes` does, which suits a caller that
   * needs the answer.
   */
  text(): string {
    const kept = this.kept;
    return kept === null ? this.message.text() : String.UTF8.decodeUnsafe(kept.dataStart, kept.length);
  }

  /** The outcome in words. */
  toString(): string {
    switch (this.outcome) {
      case Outcome.Answered:
        return "answered";
      case Outcome.TimedOut:
        return "not answered in time";
      case Outcome.Full:
        return "the mailbox of the callee is full";
      case Outcome.TooLarge:
        return "the request is too large";
      case Outcome.CallingSelf:
        return "the callee is the caller itself";
      case Outcome.OverLimit:
        return "the caller has reached a limit";
      case Outcome.Cancelled:
        return "cancelled";
      case Outcome.NotGranted:
        return "not granted";
      default: {
        const why = this.why;
        return why === null ? "the callee ended" : `the callee ended: ${why}`;
      }
    }
  }
}

/**
 * Sends a request and waits for its answer (Erlang: `gen_server:call`). A handler cannot wait, so
 * there it crashes; use `request` (request.ts) instead.
 *
 * ```ts
 * const reply = callText(whereis("counter"), "get");
 * if (reply.ok) log(reply.text());
 * else if (!reply.timedOut) log(`no counter: ${reply}`);
 * ```
 *
 * @param timeoutMs milliseconds to wait at most; negative waits for ever
 * @param tag a number from 0 up that the callee receives with the request
 */
export function call(to: Pid, request: Uint8Array, timeoutMs: i32 = DEFAULT_TIMEOUT_MS, tag: i32 = 0): Reply {
  return callRaw(to, request.dataStart, request.length, timeoutMs, tag);
}

/** As `call`, with a text as UTF-8. */
export function callText(to: Pid, request: string, timeoutMs: i32 = DEFAULT_TIMEOUT_MS, tag: i32 = 0): Reply {
  const length = utf8.encode(request);
  return callRaw(to, utf8.ptr, length, timeoutMs, tag);
}

/** As `call`, with `length` bytes of memory. */
export function callRaw(to: Pid, ptr: usize, length: i32, timeoutMs: i32 = DEFAULT_TIMEOUT_MS, tag: i32 = 0): Reply {
  if (to === self()) return new Reply(Outcome.CallingSelf, null, null);

  // The request also monitors the callee. Without the monitor, the caller of a dead actor would
  // wait for nothing.
  const ref = actor.request(to as i32, (to >> 32) as i32, tag, ptr, length);
  return isRef(ref) ? answerTo(ref, timeoutMs) : refused(ref);
}

/** Whether the import `request` or `ask` has returned a ref. */
export function isRef(answer: i32): bool {
  return answer < -1023;
}

/** The reply to a request that was not sent. */
export function refused(answer: i32): Reply {
  const isFull = answer === 1;
  return new Reply(answer < 0 ? Outcome.OverLimit : isFull ? Outcome.Full : Outcome.TooLarge, null, null);
}

/** Waits for the answer or the Down of the request `ref`, and ends the request. */
export function answerTo(ref: Ref, timeoutMs: i32): Reply {
  // The answer has the monitor's ref as its tag, and the Down has it as its ref. One receive waits
  // for either.
  let n = actor.recv_tag(window.info, window.ptr, window.cap, timeoutMs, ref);
  // Where waiting is impossible, a timeout at once would look like a slow callee.
  if (n === TIMEOUT && timeoutMs !== 0) {
    throw new Error("call: a handler or a start function cannot wait; send a `request` instead");
  }
  if (n === PARK) n = actor.park();
  while (n > window.cap) {
    window.grow(n);
    n = actor.recv_tag(window.info, window.ptr, window.cap, 0, ref);
  }
  if (n !== TIMEOUT) return replyOf(fresh(), ref);
  actor.demonitor(ref, 1);
  return new Reply(Outcome.TimedOut, null, null);
}

/** The reply that `message`, an answer or a Down, is to the request `ref`. It ends the request. */
export function replyOf(message: Message, ref: Ref): Reply {
  // From now on the host refuses a second answer, and the flush removes what has come already. It
  // writes nothing into the window, so the answer is still there. What comes from the embedder is the last of its ref.
  if (message.from !== 0) actor.demonitor(ref, 1);
  return message.kind === Kind.Message
    ? new Reply(Outcome.Answered, message, null)
    : new Reply(Outcome.Ended, null, ExitReason.of(message));
}

/**
 * Answers a request, that is a message whose `ref` is not 0; crashes for any other message. Call it
 * before the next receive, which includes calls. To answer later, keep a `Caller`.
 *
 * @returns `Sent.NoActor` where the caller does not wait any more
 */
export function reply(request: Message, bytes: Uint8Array): Sent {
  return send(request.from, bytes, refOf(request));
}

/** Answers a request with a text as UTF-8, as `reply` does. */
export function replyText(request: Message, text: string): Sent {
  return sendText(request.from, text, refOf(request));
}

function refOf(request: Message): Ref {
  if (request.ref === 0) throw new Error("reply: the message is not a request");
  return request.ref;
}

/**
 * The sender of a request. Keep it to answer after the next receive (Erlang: `gen_server:reply/2`).
 */
export class Caller {
  constructor(
    readonly pid: Pid,
    readonly ref: Ref,
  ) {}

  static of(request: Message): Caller {
    return new Caller(request.from, request.ref);
  }

  reply(bytes: Uint8Array): Sent {
    return send(this.pid, bytes, this.ref);
  }

  replyText(text: string): Sent {
    return sendText(this.pid, text, this.ref);
  }

  /**
   * Passes the request on. `to` receives these bytes as a request, and answers it in place of this
   * actor. When `to` ends, the caller gets the Down.
   *
   * @returns `Sent.NoActor` where `to` is dead, or the caller does not wait any more
   */
  delegate(to: Pid, request: Uint8Array, tag: i32 = 0): Sent {
    return delegateRaw(this.pid, this.ref, to, request.dataStart, request.length, tag);
  }

  /** As `delegate`, with a text as UTF-8. */
  delegateText(to: Pid, request: string, tag: i32 = 0): Sent {
    const length = utf8.encode(request);
    return delegateRaw(this.pid, this.ref, to, utf8.ptr, length, tag);
  }
}
