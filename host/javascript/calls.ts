/**
 * Calls from the host. One actor makes all of them. Each call has a monitor, and its answer bears
 * the monitor's ref. So the end of the callee rejects the call at once, and a late answer is
 * dropped before it reaches the mailbox.
 */

import { Actor, type Services } from "../actor/actor.ts";
import { hostSpec } from "../actor/spec.ts";
import { demonitor, monitor } from "../between/monitors.ts";
import { admission, post, whyRefused } from "../between/post.ts";
import { DEAD, PARKED, WANT_MATCH } from "../kernel/words.ts";
import { NONE } from "../mail/mailbox.ts";
import { Timer } from "../time/timers.ts";
import { checksOf, having, millisecondsOrForever, tag } from "../wire/checks.ts";
import { ClosedError, IsopodError } from "../wire/errors.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import { type ExitReason, MESSAGE, SEND_ACCEPTED } from "../wire/message.ts";
import { formatPid, highWord, lowWord, type Pid, pidFromWords } from "../wire/pid.ts";
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
}

export const callChecks = checksOf<CallOptions>({
  timeoutMs: millisecondsOrForever,
  signal: having("addEventListener", "throwIfAborted"),
  tag,
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
}

const DEFAULT_TIMEOUT_MS = 5000;

/** The pending calls of a runtime, and the actor that makes them. */
export class Calls {
  /** The actor that makes all calls. */
  readonly actor: Actor;
  /** The calls that wait for an answer, by ref. */
  readonly #pending = new Map<number, Pending>();

  constructor(record: number, services: Services, runtimeLimits: RuntimeLimits) {
    // Answers that a call waits for are never refused. Each pending call bounds their number by
    // one.
    const limits = { ...runtimeLimits, mailboxMessages: 2 ** 28, mailboxBytes: 2 ** 28 };
    this.actor = Actor.begin(record, hostSpec(limits), services);
    this.actor.extra.host = { turn: () => this.#turn(), ended: () => this.#stop() };
    // Every guest that was called knows the actor's pid, and must not be able to end it.
    this.actor.immune = true;
    // Every item goes to the mailbox and wakes the actor.
    this.actor.want = WANT_MATCH;
    this.actor.state = PARKED;
  }

  call(to: Actor | undefined, callee: Pid | string, bytes: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal, tag = 0 } = options;
    const { actor } = this;
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

  /** Returns a promise of the answer, which does not keep the bytes of the request. */
  #answer(ref: number, callee: Pid | string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { services } = this.actor;
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      if (timeoutMs !== Number.POSITIVE_INFINITY) {
        timer = new Timer(() => {
          // An answer that came in time, or together with the deadline, beats the deadline.
          this.#turn();
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

  /** A turn: takes the answers and Downs that have come. */
  #turn(): void {
    const { mailbox, services } = this.actor;
    for (let at = mailbox.first(); at !== NONE; at = mailbox.first()) {
      const item = mailbox.item(at);
      const { kind } = item;
      const ref = kind === MESSAGE ? item.tag : item.ref;
      const bytes = mailbox.payload(at);
      const from = pidFromWords(item.fromLo, item.fromHi);
      mailbox.remove(at);
      const pending = this.#settle(ref);
      if (pending === undefined) {
        // The call was settled after this item had come: by another answer, its timeout, or its
        // signal.
        if (kind === MESSAGE) services.deadLetter(from, this.actor.pid, ref, bytes.length, "late reply");
        continue;
      }
      if (kind === MESSAGE) services.counters.received++;
      if (kind === MESSAGE) {
        pending.resolve(bytes);
      } else {
        const reason = reasonFrom(item.reason, bytes);
        const why = `${nameOf(pending.callee)} ended before it answered: ${formatReason(reason)}`;
        pending.reject(new CallError(why, reason));
      }
    }
    if (this.actor.state !== DEAD) this.actor.state = PARKED;
  }

  /** Ends a call: its ref is no longer live. Returns the pending call. */
  #settle(ref: number): Pending | undefined {
    const pending = this.#pending.get(ref);
    if (pending === undefined) return undefined;
    this.#pending.delete(ref);
    if (pending.timer !== undefined) this.actor.services.timers.cancel(pending.timer);
    // `#turn` passes over items that still bear the ref.
    demonitor(this.actor, ref, false);
    return pending;
  }

  #stop(): void {
    for (const pending of this.#pending.values()) {
      if (pending.timer !== undefined) this.actor.services.timers.cancel(pending.timer);
      pending.reject(new ClosedError("the runtime was stopped before the call was answered"));
    }
    this.#pending.clear();
  }
}

function nameOf(callee: Pid | string): string {
  return typeof callee === "string" ? callee : formatPid(callee);
}
