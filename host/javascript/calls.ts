/**
 * Calls that an actor of the host makes. Each has a monitor, and its answer bears the monitor's ref. So the
 * end of the callee rejects the call at once, and a late answer is dropped before it reaches the mailbox.
 */

import type { Actor } from "../actor/actor.ts";
import { demonitor, monitor } from "../between/monitors.ts";
import { admission, post, whyRefused } from "../between/post.ts";
import { NONE } from "../mail/mailbox.ts";
import { Timer } from "../time/timers.ts";
import { checksOf, having, millisecondsOrForever, tag } from "../wire/checks.ts";
import type { Codec } from "../wire/codec.ts";
import { IsopodError } from "../wire/errors.ts";
import { type ExitReason, MESSAGE, SEND_ACCEPTED } from "../wire/message.ts";
import { formatPid, highWord, lowWord, type Pid } from "../wire/pid.ts";
import { formatReason, reasonFrom } from "../wire/reason.ts";

/** Options of `call`. */
export interface CallOptions {
  /**
   * How long to wait for the answer, in milliseconds. `Infinity` waits for ever. Default 5,000, as
   * for Erlang's `gen_server:call`.
   */
  readonly timeoutMs?: number;
  /** Aborts the call: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The request's tag, a whole number from 0 up. Default 0. */
  readonly tag?: number;
  /** Encodes the request and decodes the answer. Default: both are bytes, and a text becomes UTF-8. */
  readonly codec?: undefined;
}

/** Options of a `call` with values. */
export interface TypedCallOptions<T> extends Omit<CallOptions, "codec"> {
  /** Encodes the request and decodes the answer. */
  readonly codec: Codec<T>;
}

export const callChecks = checksOf<CallOptions>({
  timeoutMs: millisecondsOrForever,
  signal: having("addEventListener", "throwIfAborted"),
  tag,
  codec: having("encode", "decode"),
});

/**
 * A call was not answered, because the callee ended, had ended before, or did not accept the
 * request. `reason` is the callee's exit reason; it is undefined where the callee is alive and did
 * not accept the request.
 */
export class CallError extends IsopodError {
  readonly reason: ExitReason | undefined;

  constructor(message: string, reason: ExitReason | undefined) {
    super("ISOPOD_CALL", message);
    this.reason = reason;
  }
}

/** A call was not answered in time. The callee is alive, and may still carry out the request. */
export class CallTimeoutError extends IsopodError {
  constructor(message: string) {
    super("ISOPOD_CALL_TIMEOUT", message);
  }
}

interface Pending {
  readonly callee: Pid | string;
  readonly timer: Timer | undefined;
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
  /** Gets the reason of the callee's end in place of `reject`. */
  readonly ended?: (reason: ExitReason) => void;
}

const DEFAULT_TIMEOUT_MS = 5000;

/** The pending calls of one actor. It must be parked, so that an answer gives it a turn. */
export class Calls {
  readonly #actor: Actor;
  /** The calls that wait for an answer, by ref, in the order in which they were made. */
  readonly #pending = new Map<number, Pending>();

  constructor(actor: Actor) {
    this.#actor = actor;
  }

  /** Whether a call waits for an answer. */
  get arePending(): boolean {
    return this.#pending.size > 0;
  }

  call(
    to: Actor | undefined,
    callee: Pid | string,
    bytes: Uint8Array,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal, tag = 0 }: Omit<CallOptions, "codec">,
  ): Promise<Uint8Array> {
    const actor = this.#actor;
    const { services } = actor;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const status = admission(actor, to, MESSAGE, tag, 0, bytes.length);
    if (status !== SEND_ACCEPTED || to === undefined) {
      const pid = to?.pid ?? (typeof callee === "string" ? 0 : callee);
      post(services, null, 0, 0, to, lowWord(pid), highWord(pid), MESSAGE, tag, 0, bytes);
      const why = whyRefused(to, status);
      const reason: ExitReason | undefined = why === "noproc" ? { kind: "noproc" } : undefined;
      return Promise.reject(new CallError(`the call to ${nameOf(callee)} was not accepted: ${why}`, reason));
    }
    const ref = monitor(actor, to, to.lo, to.hi);
    const answer = this.#answer(ref, callee, timeoutMs, signal);
    post(services, actor, actor.lo, actor.hi, to, to.lo, to.hi, MESSAGE, tag, ref, bytes);
    return answer;
  }

  /** Resolves to the exit reason of an actor that lives on another thread or node. */
  exited(to: Actor): Promise<ExitReason> {
    const ref = monitor(this.#actor, to, to.lo, to.hi);
    return new Promise((ended, reject) => {
      this.#pending.set(ref, { callee: to.pid, timer: undefined, resolve: () => undefined, reject, ended });
    });
  }

  /** Returns a promise of the answer, which does not keep the bytes of the request. */
  #answer(ref: number, callee: Pid | string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { services } = this.#actor;
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      if (timeoutMs !== Number.POSITIVE_INFINITY) {
        timer = new Timer(() => {
          // An answer that came in time, or together with the deadline, beats the deadline.
          this.collect();
          this.#settle(ref)?.reject(
            new CallTimeoutError(
              `${nameOf(callee)} did not answer within ${timeoutMs} ms; it is alive and may be busy`,
            ),
          );
        });
        services.timers.set(timer, services.clock.now() + timeoutMs);
      }
      const pending: Pending = { callee, timer, resolve, reject };
      if (signal === undefined) {
        this.#pending.set(ref, pending);
      } else {
        const onAbort = () => this.#settle(ref)?.reject(signal.reason);
        signal.addEventListener("abort", onAbort, { once: true });
        const forget = () => signal.removeEventListener("abort", onAbort);
        this.#pending.set(ref, {
          ...pending,
          resolve(answer) {
            forget();
            resolve(answer);
          },
          reject(error) {
            forget();
            reject(error);
          },
        });
      }
    });
  }

  /** Takes the answers and Downs that have come for its calls out of the mailbox, in their order. */
  collect(): void {
    const { mailbox } = this.#actor;
    let [oldest] = this.#pending.keys();
    // No item before the mark of the oldest call is for one of them.
    for (let at = oldest === undefined ? NONE : mailbox.fromRef(oldest); at !== NONE; ) {
      const { kind, tag, ref } = mailbox.item(at);
      const bears = kind === MESSAGE ? tag : ref;
      if (this.#pending.has(bears)) {
        this.#take(at, bears);
        [oldest] = this.#pending.keys();
        // Taking an item out may have moved others.
        at = oldest === undefined ? NONE : mailbox.fromRef(oldest);
      } else {
        at = mailbox.next(at);
      }
    }
  }

  /**
   * The answer of a call has come, and was admitted. It takes no turn and no place in the mailbox: that is a quarter of
   * what a call costs. A guest's stack may end in here. Then the call has its answer, or waits for the guest's Down.
   */
  answer(ref: number, bytes: Uint8Array): void {
    // The bytes are in the guest's memory, or the sender's.
    this.#pending.get(ref)?.resolve(new Uint8Array(bytes));
    this.#settle(ref);
    this.#actor.services.counters.received++;
  }

  #take(at: number, ref: number): void {
    const { mailbox, services } = this.#actor;
    const { kind, reason } = mailbox.item(at);
    const bytes = mailbox.payload(at);
    mailbox.remove(at);
    const pending = this.#settle(ref);
    if (kind === MESSAGE) {
      services.counters.received++;
      pending?.resolve(bytes);
      return;
    }
    const ended = reasonFrom(reason, bytes);
    const why = `${nameOf(pending?.callee ?? 0)} ended before it answered: ${formatReason(ended)}`;
    if (pending?.ended !== undefined) pending.ended(ended);
    else pending?.reject(new CallError(why, ended));
  }

  /** Ends a call: its ref is no longer live, and no item bears it any more. Returns the pending call. */
  #settle(ref: number): Pending | undefined {
    const pending = this.#pending.get(ref);
    if (pending === undefined) return undefined;
    this.#pending.delete(ref);
    if (pending.timer !== undefined) this.#actor.services.timers.cancel(pending.timer);
    demonitor(this.#actor, ref, true);
    return pending;
  }

  /** The actor has ended: rejects all calls that wait. */
  stop(error: Error): void {
    for (const pending of this.#pending.values()) {
      if (pending.timer !== undefined) this.#actor.services.timers.cancel(pending.timer);
      pending.reject(error);
    }
    this.#pending.clear();
  }
}

function nameOf(callee: Pid | string): string {
  return typeof callee === "string" ? callee : formatPid(callee);
}
