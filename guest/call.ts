/**
 * Calls: a request that is waited for until it is answered, the callee ends, or the time is over; the answer says which. The
 * callee sees a message whose `ref` is not 0, and answers with `reply`, or later, with what it has kept in a `Caller`.
 *
 * A call leaves nothing behind: an answer that comes when nobody waits for it any more never reaches the mailbox, and older
 * mail stays where it is, unlooked at.
 */

import * as actor from "./actor";
import { PARK, TIMEOUT } from "./mailbox";
import { fresh, Kind, Message } from "./message";
import { Pid } from "./pid";
import { self } from "./process";
import { ExitReason } from "./reason";
import { Ref } from "./ref";
import { delegateRaw, Sent, send, sendText } from "./send";
import { OVER_LIMIT } from "./status";
import * as utf8 from "./utf8";
import * as window from "./window";

/** How a call went. */
export enum Outcome {
  Answered,
  /** No answer within the time. The callee may be alive and busy. */
  TimedOut,
  /** The callee ended before it answered, or there was none; `reason` says why. */
  Ended,
  /** The request was not accepted: the callee's mailbox is full. */
  Full,
  /** The request was not accepted: it is larger than the host permits. */
  TooLarge,
  /** The callee is the caller itself, which cannot answer while it waits (Erlang: `calling_self`). Nothing was sent. */
  CallingSelf,
  /** The request was not sent: the caller has as many `ties` as its limits allow, or its mailbox is full of items that it has asked for. */
  OverLimit,
  /** It was cancelled before it was answered: only of a `Request`. */
  Cancelled,
}

/** How long a call waits unless told otherwise (Erlang: `gen_server:call/2`). */
export const DEFAULT_TIMEOUT_MS: i32 = 5000;

/** The answer to a call, or why there is none. What is only there in one case crashes the caller in the others. */
export class Reply {
  /** A copy of the answer's payload, once it is to be kept. */
  private kept: Uint8Array | null = null;

  constructor(
    readonly outcome: Outcome,
    /** Where it was answered: the answer, as it was received. */
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

  /** Why the callee ended; null where that is not why there is no answer. */
  get reason(): ExitReason | null {
    return this.why;
  }

  /** The answer itself, as every message valid until the next receive. Crashes where there is none. */
  get message(): Message {
    const answer = this.answer;
    if (answer === null) throw new Error(`call: ${this}`);
    return answer;
  }

  /** Copies the answer's payload, if there is one: `bytes` and `text` work from now on also after the next receive. */
  keep(): Reply {
    if (this.ok && this.kept === null) this.kept = this.message.bytes();
    return this;
  }

  /** A copy of the answer's payload. Crashes where there is none, or something else was received since and it was not kept. */
  bytes(): Uint8Array {
    const kept = this.kept;
    return kept === null ? this.message.bytes() : kept.slice();
  }

  /** The answer as UTF-8. Crashes as `bytes` does: for callers that cannot go on without it. */
  text(): string {
    const kept = this.kept;
    return kept === null ? this.message.text() : String.UTF8.decodeUnsafe(kept.dataStart, kept.length);
  }

  /** How it went, for people. */
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
        return "a limit of the caller's stands against it";
      case Outcome.Cancelled:
        return "cancelled";
      default: {
        const why = this.why;
        return why === null ? "the callee ended" : `the callee ended: ${why}`;
      }
    }
  }
}

/**
 * Sends a request and waits for its answer, at most `timeoutMs` (negative: for ever). Only where there is waiting: in a
 * handler it crashes, and `request` (request.ts) is there for that.
 *
 * ```ts
 * const reply = callText(whereis("counter"), "get");
 * if (reply.ok) log(reply.text());
 * else if (!reply.timedOut) log(`nobody counts: ${reply}`);
 * ```
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

  // The request goes out with a monitor on the callee: without it, one that is dead, or dies, would be a wait for nothing.
  const ref = actor.request(to as i32, (to >> 32) as i32, tag, ptr, length);
  return isRef(ref) ? answerTo(ref, timeoutMs) : refused(ref);
}

/** Whether `request` has answered with a ref. */
export function isRef(answer: i32): bool {
  return answer < 0 && answer !== OVER_LIMIT;
}

/** The reply where it has not. */
export function refused(answer: i32): Reply {
  const isFull = answer === 1;
  return new Reply(answer < 0 ? Outcome.OverLimit : isFull ? Outcome.Full : Outcome.TooLarge, null, null);
}

/** Waits for what ends the request `ref`, and ends it. */
export function answerTo(ref: Ref, timeoutMs: i32): Reply {
  // The answer is tagged with the monitor's ref and the Down bears it: one receive waits for either, and for nothing else.
  let n = actor.recv_tag(window.info, window.ptr, window.cap, timeoutMs, ref);
  // A wait that is over before it began would pass for a callee that is slow.
  if (n === TIMEOUT && timeoutMs !== 0) {
    throw new Error("call: there is no waiting here, in a handler or a start function; send a `request` instead");
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

/** What `message`, which bears `ref`, is for a reply. Whatever it is, the request ends here. */
export function replyOf(message: Message, ref: Ref): Reply {
  // The host refuses what is still to come, and the flush takes out what came together with it. That writes nothing into the window, so the answer still
  // stands there.
  actor.demonitor(ref, 1);
  return message.kind === Kind.Message
    ? new Reply(Outcome.Answered, message, null)
    : new Reply(Outcome.Ended, null, ExitReason.of(message));
}

/**
 * Answers a request, a message whose `ref` is not 0; crashes where it is. `Sent.NoActor`: its sender does not wait any more.
 * To be called before anything else is received, also by a call; for later, keep a `Caller`.
 */
export function reply(request: Message, bytes: Uint8Array): Sent {
  return send(request.from, bytes, refOf(request));
}

/** Answers a request with a text as UTF-8, as `reply` does. */
export function replyText(request: Message, text: string): Sent {
  return sendText(request.from, text, refOf(request));
}

function refOf(request: Message): Ref {
  if (request.ref === 0) throw new Error("reply: nobody waits for an answer");
  return request.ref;
}

/** Who waits for an answer: what to keep of a request that is answered after the next receive (Erlang: `gen_server:reply/2`). */
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
   * Hands the request on: `to` gets these bytes as a request, and answers it in this actor's place. The caller gets the Down when `to`
   * ends. `Sent.NoActor`: `to` is dead, or nobody waits for the answer any more.
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
