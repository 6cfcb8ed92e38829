/**
 * The messages of actors that are followed. A message between guests passes no JavaScript, so a followed
 * guest loses the flag by which the kernel sends without the host: all of its messages, those that it
 * sends and those that are sent to it, take the host's way. Messages of all others do not.
 */

import type { Actor } from "../actor/actor.ts";
import type { MessageNotes } from "../actor/message-notes.ts";
import { whyRefused } from "../between/post.ts";
import { TAKES_MESSAGES } from "../kernel/words.ts";
import type { Actors } from "../mail/actors.ts";
import type { Clock } from "../time/clock.ts";
import { checkOptions, checksOf, wholeNumber } from "../wire/checks.ts";
import type { DeadLetter } from "../wire/events.ts";
import { SEND_ACCEPTED, TIMER } from "../wire/message.ts";
import { highWord, lowWord, type Pid, pidFromWords } from "../wire/pid.ts";

/** A message that an actor which is followed has sent, or was sent. */
export interface FollowedMessage {
  /** Counts the messages of all followed actors of the runtime, from 1. */
  readonly number: number;
  /** On the runtime's clock. */
  readonly atMs: number;
  /** 0 is the host. */
  readonly from: Pid;
  readonly to: Pid;
  readonly kind: "message" | "request" | "answer" | "timer";
  /** 0 for an answer. */
  readonly tag: number;
  /** The ref that a request wants its answer for, and that the answer has; else 0. */
  readonly ref: number;
  /** The length of the whole payload. */
  readonly length: number;
  /** The beginning of the payload, as long as was asked for. */
  readonly bytes: Uint8Array;
  /** Why it did not get into the mailbox; undefined if it did. */
  readonly refused: DeadLetter["why"] | undefined;
}

export interface FollowOptions {
  /** How many messages are kept: the last ones. Default 100. */
  readonly most?: number;
  /** How many bytes of each payload at most. Default 64. */
  readonly bytes?: number;
}

/** Keeps the last messages of one actor until `stop`, also after its end. */
export interface Follow {
  readonly pid: Pid;
  /** The messages that are kept and have a higher number than `after` (default 0), the oldest first. */
  messages(after?: number): FollowedMessage[];
  stop(): void;
}

const followChecks = checksOf<FollowOptions>({
  most: wholeNumber(1, 100_000),
  bytes: wholeNumber(0, 2 ** 16),
});

class Kept implements Follow {
  readonly pid: Pid;
  readonly #most: number;
  readonly bytes: number;
  readonly stop: () => void;
  /** A ring: the message of number n of this actor is at n modulo `#most`. */
  readonly #ring: FollowedMessage[] = [];
  #count = 0;

  constructor(pid: Pid, { most = 100, bytes = 64 }: FollowOptions, stop: (kept: Kept) => void) {
    this.pid = pid;
    this.#most = most;
    this.bytes = bytes;
    this.stop = () => stop(this);
  }

  add(message: FollowedMessage): void {
    this.#ring[this.#count++ % this.#most] = message;
  }

  messages(after = 0): FollowedMessage[] {
    const begin = this.#count % this.#most;
    const kept = [...this.#ring.slice(begin), ...this.#ring.slice(0, begin)];
    return kept.filter(({ number }) => number > after);
  }
}

export class Follows implements MessageNotes<Actor> {
  readonly #clock: Clock;
  readonly #find: (lo: number, hi: number) => Actor | undefined;
  /** Those who follow an actor, by its pid. No list is empty. */
  readonly #byPid = new Map<Pid, readonly Kept[]>();
  #number = 0;
  areWanted = false;

  constructor(clock: Clock, actors: Actors<Actor>) {
    this.#clock = clock;
    this.#find = (lo, hi) => actors.get(lo, hi);
  }

  follow(actor: Actor | undefined, options: FollowOptions): Follow | undefined {
    checkOptions("follow", options, followChecks);
    if (actor === undefined) return undefined;
    const { pid } = actor;
    const kept = new Kept(pid, options, kept => this.#stop(kept));
    this.#byPid.set(pid, [...(this.#byPid.get(pid) ?? []), kept]);
    this.areWanted = true;
    // Mailboxes of the host never have the flag.
    if (actor.module !== null) actor.setFlag(TAKES_MESSAGES, false);
    return kept;
  }

  note(
    fromLo: number,
    fromHi: number,
    toLo: number,
    toHi: number,
    kind: number,
    tag: number,
    ref: number,
    bytes: Uint8Array,
    status: number,
    receiver: Actor | undefined,
  ): void {
    const [from, to] = [pidFromWords(fromLo, fromHi), pidFromWords(toLo, toHi)];
    const ofSender = this.#byPid.get(from);
    const ofReceiver = from === to ? undefined : this.#byPid.get(to);
    if (ofSender === undefined && ofReceiver === undefined) return;
    const all = [...(ofSender ?? []), ...(ofReceiver ?? [])];
    const isAnswer = tag < 0;
    const message: FollowedMessage = {
      number: ++this.#number,
      atMs: this.#clock.now(),
      from,
      to,
      kind: kind === TIMER ? "timer" : isAnswer ? "answer" : ref === 0 ? "message" : "request",
      tag: isAnswer ? 0 : tag,
      ref: isAnswer ? tag : ref,
      length: bytes.length,
      bytes: bytes.slice(0, Math.max(...all.map(kept => kept.bytes))),
      refused: status === SEND_ACCEPTED ? undefined : whyRefused(receiver, status),
    };
    for (const kept of all) {
      const isShorter = kept.bytes < message.bytes.length;
      kept.add(isShorter ? { ...message, bytes: message.bytes.slice(0, kept.bytes) } : message);
    }
  }

  #stop(kept: Kept): void {
    const { pid } = kept;
    const others = this.#byPid.get(pid)?.filter(other => other !== kept) ?? [];
    if (others.length > 0) {
      this.#byPid.set(pid, others);
      return;
    }
    if (!this.#byPid.delete(pid)) return;
    this.areWanted = this.#byPid.size > 0;
    const actor = this.#find(lowWord(pid), highWord(pid));
    if (actor !== undefined && actor.module !== null) actor.setFlag(TAKES_MESSAGES, true);
  }
}
