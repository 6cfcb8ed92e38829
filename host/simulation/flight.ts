/**
 * What was sent and has not arrived. Signals of a pair of actors stay in order; a choice says which pair's
 * oldest one arrives next. Erlang calls messages, Downs and exit signals together signals, and so do we.
 */
import type { Actor } from "../actor/actor.ts";
import type { Transit } from "../actor/transit.ts";
import { takeDown } from "../between/down.ts";
import { arrive } from "../between/post.ts";
import { endFromOutside, takeExitSignal } from "../between/signals.ts";
import type { Actors } from "../mail/actors.ts";
import type { Clock } from "../time/clock.ts";
import { DOWN, EXIT, type ExitReason, isCounted } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";

const KILL = 0;
const noBytes = new Uint8Array(0);
const noReason: ExitReason = { kind: "normal" };

/** One message, timer's item, Down, exit signal or kill that is under way. */
export interface Signal {
  readonly fromLo: number;
  readonly fromHi: number;
  /** The receiver, when it was sent. */
  readonly to: Actor;
  /** The kind of the item; 0: a kill. */
  readonly kind: number;
  readonly tag: number;
  readonly ref: number;
  readonly bytes: Uint8Array;
  readonly reason: ExitReason;
  /** Of a Down: it has the bytes of the reason. Of an exit signal: it comes along a link. */
  readonly flag: boolean;
  /** In the order in which all were sent. */
  readonly number: number;
  readonly sentMs: number;
}

/** The signals of one pair of actors, the oldest first. There is always one. */
export type Lane = Signal[];

/** Who hears of signals. */
export interface FlightListener {
  sent(signal: Signal): void;
  /** `isTaken`: false where its receiver has ended, or waits for the answer no more. */
  arrived(signal: Signal, isTaken: boolean): void;
}

export class Flight implements Transit<Actor> {
  readonly #actors: () => Actors<Actor>;
  readonly #clock: Clock;
  /** In the order in which they began. */
  readonly lanes: Lane[] = [];
  #sent = 0;
  /** False: what is sent is dropped. */
  isOpen = true;
  listener: FlightListener | null = null;

  constructor(actors: () => Actors<Actor>, clock: Clock) {
    this.#actors = actors;
    this.#clock = clock;
  }

  readonly takesAll = true;

  /** What an actor sends to itself arrives at once. */
  carries(to: Actor, fromLo: number, fromHi: number): boolean {
    return to.lo !== fromLo || to.hi !== fromHi;
  }

  message(fromLo: number, fromHi: number, to: Actor, kind: number, tag: number, ref: number, bytes: Uint8Array): void {
    this.#send(fromLo, fromHi, to, kind, tag, ref, bytes.slice(), noReason, false);
  }

  down(fromLo: number, fromHi: number, to: Actor, ref: number, reason: ExitReason, isFull: boolean): void {
    this.#send(fromLo, fromHi, to, DOWN, 0, ref, noBytes, reason, isFull);
  }

  exit(fromLo: number, fromHi: number, to: Actor, reason: ExitReason, isOfLink: boolean): void {
    this.#send(fromLo, fromHi, to, EXIT, 0, 0, noBytes, reason, isOfLink);
  }

  kill(fromLo: number, fromHi: number, to: Actor): void {
    this.#send(fromLo, fromHi, to, KILL, 0, 0, noBytes, { kind: "killed" }, false);
  }

  #send(
    fromLo: number,
    fromHi: number,
    to: Actor,
    kind: number,
    tag: number,
    ref: number,
    bytes: Uint8Array,
    reason: ExitReason,
    flag: boolean,
  ): void {
    if (!this.isOpen) return;
    const signal = {
      fromLo,
      fromHi,
      to,
      kind,
      tag,
      ref,
      bytes,
      reason,
      flag,
      number: ++this.#sent,
      sentMs: this.#clock.now(),
    };
    const lane = this.lanes.find(([head]) => head.to.is(to) && head.fromLo === fromLo && head.fromHi === fromHi);
    if (lane === undefined) this.lanes.push([signal]);
    else lane.push(signal);
    this.listener?.sent(signal);
  }

  forget(to: Actor, ref: number): void {
    this.#remove(signal => signal.kind === DOWN && signal.ref === ref && signal.to.is(to));
  }

  unlinked(to: Actor, fromLo: number, fromHi: number): void {
    this.#remove(
      ({ kind, flag, ...signal }) =>
        kind === EXIT && flag && signal.fromLo === fromLo && signal.fromHi === fromHi && signal.to.is(to),
    );
  }

  // All actors of a simulation live in one runtime.
  hasRoom = () => true;
  monitored(): void {}
  linked(): void {}
  delegated(): void {}
  handedOn(): void {}

  #remove(isIt: (signal: Signal) => boolean): void {
    for (let i = this.lanes.length - 1; i >= 0; i--) {
      const lane = this.lanes[i];
      for (let j = lane.length - 1; j >= 0; j--) if (isIt(lane[j])) lane.splice(j, 1);
      if (lane.length === 0) this.lanes.splice(i, 1);
    }
  }

  /** Drops what is under way to actors that have ended. */
  dropDead(): void {
    for (let i = this.lanes.length - 1; i >= 0; i--) {
      const lane = this.lanes[i];
      if (this.#receiver(lane[0]) !== undefined) continue;
      this.lanes.splice(i, 1);
      for (const signal of lane) this.#drop(signal, "left behind");
    }
  }

  /** The oldest signal of a pair arrives. */
  arrive(lane: Lane): void {
    const signal = lane[0];
    lane.shift();
    if (lane.length === 0) this.lanes.splice(this.lanes.indexOf(lane), 1);
    const to = this.#receiver(signal);
    if (to === undefined) this.#drop(signal, "left behind");
    else if (signal.tag < 0 && !this.#isAwaited(to, signal.tag)) this.#drop(signal, "late reply");
    else {
      this.listener?.arrived(signal, true);
      take(to, signal);
    }
  }

  clear(): void {
    this.lanes.length = 0;
    this.#sent = 0;
  }

  #receiver({ to }: Signal): Actor | undefined {
    return this.#actors().get(to.lo, to.hi);
  }

  /** Whether an answer is still wanted. A monitor whose target has ended is gone, but its Down is behind the answer. */
  #isAwaited(to: Actor, ref: number): boolean {
    if (to.services.kernel.call.findMonitor(to.record, ref) !== 0 || to.belongings?.refs?.has(ref)) return true;
    return this.lanes.some(lane => lane.some(signal => signal.kind === DOWN && signal.ref === ref && signal.to.is(to)));
  }

  #drop(signal: Signal, why: "left behind" | "late reply"): void {
    const { fromLo, fromHi, to, kind, tag, bytes } = signal;
    this.listener?.arrived(signal, false);
    if (kind !== KILL && isCounted(kind)) {
      to.services.deadLetter(pidFromWords(fromLo, fromHi), pidFromWords(to.lo, to.hi), tag, bytes.length, why);
    }
  }
}

/** A signal comes to a live actor. */
function take(to: Actor, { fromLo, fromHi, kind, tag, ref, bytes, reason, flag }: Signal): void {
  if (kind === KILL) {
    endFromOutside(to, reason);
  } else if (kind === DOWN) {
    takeDown(to, fromLo, fromHi, ref, reason, flag);
  } else if (kind === EXIT) {
    takeExitSignal(to, fromLo, fromHi, reason);
  } else {
    arrive(to, kind, tag, fromLo, fromHi, ref, bytes);
  }
}
