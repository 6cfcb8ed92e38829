/**
 * How actors end: taken out of everything that knows them first, then told to those that are tied to them. Ends that follow from an end, along links,
 * are done after it, one by one: a chain of any length costs no stack.
 */
import { type Actor, DEAD, type Services } from "./actor.ts";
import { Bytes } from "./bytes.ts";
import { FROM_HI, FROM_LO, KIND, LENGTH, type Mailbox, NONE, TAG } from "./mailbox.ts";
import { type ExitReason, isCounted, type Received } from "./message.ts";
import { type Pid, type PidTable, pidFromWords } from "./pid.ts";
import { lastSeen } from "./receive.ts";
import type { Registry } from "./registry.ts";
import { unfold, unfoldCallers } from "./requests.ts";
import { announceEnd } from "./signals.ts";

/** An actor's end, as the host observes it. */
export interface ActorExit {
  readonly pid: Pid;
  /** The module's name, or undefined for a host mailbox. */
  readonly module: string | undefined;
  /** Under which it was registered; absent where it had no name. */
  readonly name?: string;
  readonly reason: ExitReason;
  /** Of a crash: the item that the actor took last, as far as its window still shows it, up to 1 KiB of its payload. */
  readonly lastReceived?: Received;
}

export class Ends {
  readonly #actors: PidTable<Actor>;
  readonly #registry: Registry;
  readonly #onExit: ((exit: ActorExit) => void) | undefined;
  /** By actor: those who wait for its end. */
  readonly #waiting = new Map<Actor, ((reason: ExitReason) => void)[]>();
  /** Actors that have ended and whose ties are still to be told. */
  readonly #ended: { readonly actor: Actor; readonly reason: ExitReason }[] = [];
  #announcing = false;
  /** Guests alive, host mailboxes left out. */
  #guests = 0;
  #onIdle: (() => void)[] = [];

  constructor(actors: PidTable<Actor>, registry: Registry, onExit: ((exit: ActorExit) => void) | undefined) {
    this.#actors = actors;
    this.#registry = registry;
    this.#onExit = onExit;
  }

  get guests(): number {
    return this.#guests;
  }

  /** A guest lives, from now on for everybody. */
  begin(actor: Actor): void {
    this.#guests++;
    actor.services.counters.spawned++;
  }

  end(actor: Actor, reason: ExitReason): void {
    if (actor.state === DEAD) return;
    const isGuest = actor.module !== null;
    const lastReceived = reason.kind === "crashed" && actor.atFault && isGuest ? lastSeen(actor) : undefined;
    const { services, pid, module } = actor;
    const { inspection } = services;
    const name = actor.ties?.names?.values().next().value;
    const names = inspection.wants("exit") ? [...(actor.ties?.names ?? [])] : undefined;
    this.bury(actor, reason);
    services.counters.ended++;
    const onExit = this.#onExit;
    if (onExit !== undefined || names !== undefined) {
      const received = lastReceived === undefined ? {} : { lastReceived };
      const exit = { pid, module: module?.name, reason, ...received };
      if (onExit !== undefined) services.notices.add(() => onExit(name === undefined ? exit : { ...exit, name }));
      if (names !== undefined) inspection.tell({ kind: "exit", atMs: services.clock.now(), names, ...exit });
    }
    if (isGuest && --this.#guests === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** What `end` does also of an actor that never lived for anybody, because its spawn has failed. */
  bury(actor: Actor, reason: ExitReason): void {
    actor.state = DEAD;
    this.#actors.delete(actor);
    const waiting = this.#waiting.get(actor);
    this.#waiting.delete(actor);
    for (const resolve of waiting ?? []) resolve(reason);
    actor.disarmDeadline();
    // Before anybody hears of it, the embedder included.
    this.#registry.release(actor);
    const { services, mailbox, allowance } = actor;
    // Its record knows of requests, and is somebody else's soon.
    unfold(actor);
    unfoldCallers(actor);
    const left = lettersIn(mailbox);
    mailbox.clear();
    services.slots.leave(actor);
    mailbox.liveAt(actor.store, actor.at);
    for (const { from, tag, length } of left) services.deadLetter(from, actor.pid, tag, length, "left behind");
    actor.way.discard(actor);
    release(actor, services);
    if (allowance !== null) {
      allowance.family.size--;
      const { end } = allowance;
      if (end !== null) services.notices.add(end);
    }
    this.#ended.push({ actor, reason });
    this.#announce();
  }

  /** Resolves with the reason for which a live actor ends. */
  exited(actor: Actor): Promise<ExitReason> {
    return new Promise(resolve => {
      const waiting = this.#waiting.get(actor);
      if (waiting === undefined) this.#waiting.set(actor, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** Resolves when no guest is alive. */
  idle(): Promise<void> {
    if (this.#guests === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.#onIdle.push(resolve);
    });
  }

  #announce(): void {
    if (this.#announcing) return;
    this.#announcing = true;
    try {
      for (let next = this.#ended.shift(); next !== undefined; next = this.#ended.shift()) {
        announceEnd(next.actor, next.reason);
      }
    } finally {
      this.#announcing = false;
    }
  }
}

/** Whoever still holds the actor shall not hold its memory. */
function release(actor: Actor, services: Services): void {
  services.recycling.give(actor);
  actor.aside = null;
  services.memory.set(actor, 0);
  services.switch?.end(actor);
  actor.instance = null;
  actor.guest = null;
  actor.reductions = null;
  actor.answer = null;
  actor.bytes = noBytes;
}

/** What nobody will receive of a mailbox. */
function lettersIn(mailbox: Mailbox): { from: Pid; tag: number; length: number }[] {
  const letters: { from: Pid; tag: number; length: number }[] = [];
  for (let at = mailbox.first(); at !== NONE; at = mailbox.next(at)) {
    const word = (which: number) => mailbox.word(at, which);
    if (!isCounted(word(KIND))) continue;
    letters.push({ from: pidFromWords(word(FROM_LO), word(FROM_HI)), tag: word(TAG), length: word(LENGTH) });
  }
  return letters;
}

const noBytes = Bytes.ofLength(0);
