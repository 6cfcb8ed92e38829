/**
 * The last messages of the actors that a reader of the page follows. To follow costs each message of the
 * actor about a microsecond, so it ends when nobody has looked for a while. Where an actor has a name, the
 * next one that gets the name is followed, too: a restart by its supervisor interrupts nothing.
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

interface Followed {
  readonly follow: Follow;
  /** The names that it had when it was followed. */
  readonly names: readonly string[];
}

export class Talk {
  readonly #runtime: Runtime;
  readonly #endedLabel: (pid: string) => string | undefined;
  /** In the order in which they were followed; also those that have ended. */
  readonly #follows = new Map<Pid, Followed>();
  #end: NodeJS.Timeout | undefined;
  /** Ends the inspection of names, which lasts as long as somebody is followed. */
  #endInspection: (() => void) | undefined;

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
    if (this.#follows.size >= MOST_FOLLOWED && !this.#dropEnded()) {
      return { error: `${MOST_FOLLOWED} actors are followed already: stop following another one first` };
    }
    const follow = this.#runtime.follow(pid, { most: KEPT, bytes: BYTES });
    if (follow === undefined) return { error: `${formatPid(pid)} has ended` };
    this.#follows.set(pid, { follow, names: this.#runtime.info(pid)?.names ?? [] });
    this.#endInspection ??= this.#runtime.inspect(
      event => {
        if (event.kind === "register") this.#named(event.name, event.pid);
      },
      kind => kind === "register",
    );
    this.look();
    return {};
  }

  unfollow(pid: Pid): FollowResult {
    this.#follows.get(pid)?.follow.stop();
    this.#follows.delete(pid);
    if (this.#follows.size === 0) this.stop();
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
    for (const { follow } of this.#follows.values()) {
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
    const found = this.#follows.get(pid);
    return found && this.#rows(found.follow.messages().slice(-IN_DETAILS), new Map());
  }

  stop(): void {
    clearTimeout(this.#end);
    this.#endInspection?.();
    this.#endInspection = undefined;
    for (const { follow } of this.#follows.values()) follow.stop();
    this.#follows.clear();
  }

  /** An actor has got a name: perhaps that of one that was followed and has ended. */
  #named(name: string, pid: Pid): void {
    for (const { follow, names } of this.#follows.values()) {
      if (names.includes(name) && !this.#runtime.isAlive(follow.pid)) {
        this.follow(pid);
        return;
      }
    }
  }

  /** Forgets the actor that has ended and was followed first. False: all are alive. */
  #dropEnded(): boolean {
    const ended = [...this.#follows.keys()].find(pid => !this.#runtime.isAlive(pid));
    if (ended === undefined) return false;
    this.#follows.get(ended)?.follow.stop();
    return this.#follows.delete(ended);
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
    const known = refs.get(pid) ?? refTo(this.#runtime, pid, this.#labelOfEnded(formatPid(pid)));
    refs.set(pid, known);
    return known;
  }

  #labelOfEnded(pid: string): string {
    const label = this.#endedLabel(pid);
    return label === undefined ? "ended" : `${label}, ended`;
  }
}
