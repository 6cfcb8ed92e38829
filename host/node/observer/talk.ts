/**
 * The last messages of the actors that a reader of the page follows. To follow costs each message of the
 * actor about a microsecond, so it ends when nobody has looked for a while.
 */
import { type Follow, type FollowedMessage, formatPid, type Pid, type Runtime } from "../../index.ts";
import type { ActorRef, FollowResult, MessagePage, MessageRow } from "../../web/observer/protocol.ts";
import { payloadRow, refTo } from "./rows.ts";

/** How many actors can be followed. */
const MOST_FOLLOWED = 16;
/** How many messages are kept of each actor, and how many bytes of each. It bounds the memory: 0.8 MB. */
const KEPT = 200;
const BYTES = 256;
/** How many messages an actor's details show. */
const IN_DETAILS = 20;
/** After so long without a look, nobody is followed any more. */
const UNSEEN_MS = 60_000;

export class Talk {
  readonly #runtime: Runtime;
  readonly #endedLabel: (pid: string) => string | undefined;
  /** In the order in which they were followed; also those that have ended. */
  readonly #follows = new Map<Pid, Follow>();
  #end: NodeJS.Timeout | undefined;

  /** @param endedLabel what an actor was called that has ended; undefined if that is not known any more */
  constructor(runtime: Runtime, endedLabel: (pid: string) => string | undefined) {
    this.#runtime = runtime;
    this.#endedLabel = endedLabel;
  }

  /** Pids as texts. */
  get followed(): string[] {
    return [...this.#follows.keys()].map(formatPid);
  }

  follow(pid: Pid): FollowResult {
    if (this.#follows.has(pid)) return {};
    if (this.#follows.size >= MOST_FOLLOWED) {
      return { error: `${MOST_FOLLOWED} actors are followed already: stop following another one first` };
    }
    const follow = this.#runtime.follow(pid, { most: KEPT, bytes: BYTES });
    if (follow === undefined) return { error: `${formatPid(pid)} has ended` };
    this.#follows.set(pid, follow);
    this.look();
    return {};
  }

  unfollow(pid: Pid): FollowResult {
    this.#follows.get(pid)?.stop();
    this.#follows.delete(pid);
    return {};
  }

  /** To be called at each look. */
  look(): void {
    if (this.#follows.size === 0) return;
    clearTimeout(this.#end);
    this.#end = setTimeout(() => this.stop(), UNSEEN_MS).unref();
  }

  /** Messages after one, in their order: the last of them, if they are more than a page. */
  page(after: number): MessagePage {
    this.look();
    const byNumber = new Map<number, FollowedMessage>();
    for (const follow of this.#follows.values()) {
      for (const message of follow.messages(after)) byNumber.set(message.number, message);
    }
    const messages = [...byNumber.values()].sort((a, b) => a.number - b.number);
    const refs = new Map<Pid, ActorRef>();
    return {
      followed: [...this.#follows.keys()].map(pid => this.#refTo(pid, refs)),
      rows: this.#rows(messages.slice(-KEPT), refs),
    };
  }

  /** The last messages of one actor; undefined if it is not followed. */
  of(pid: Pid): MessageRow[] | undefined {
    const follow = this.#follows.get(pid);
    return follow && this.#rows(follow.messages().slice(-IN_DETAILS), new Map());
  }

  stop(): void {
    clearTimeout(this.#end);
    for (const follow of this.#follows.values()) follow.stop();
    this.#follows.clear();
  }

  #rows(messages: readonly FollowedMessage[], refs: Map<Pid, ActorRef>): MessageRow[] {
    if (messages.length === 0) return [];
    // The runtime may have a clock of its own.
    const beganMs = Date.now() - this.#runtime.snapshot({ most: 0 }).atMs;
    return messages.map(({ number, atMs, from, to, kind, tag, ref, length, bytes, refused }) => ({
      number,
      atMs: beganMs + atMs,
      from: this.#refTo(from, refs),
      to: this.#refTo(to, refs),
      kind,
      tag,
      ref,
      length,
      payload: payloadRow(bytes, length),
      ...(refused !== undefined && { refused }),
    }));
  }

  #refTo(pid: Pid, refs: Map<Pid, ActorRef>): ActorRef {
    const known = refs.get(pid) ?? refTo(this.#runtime, pid, this.#endedLabel(formatPid(pid)) ?? "ended");
    refs.set(pid, known);
    return known;
  }
}
