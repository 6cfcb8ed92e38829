/**
 * How actors end. An end is *recorded* first: from then on the actor takes no message, gets no turn
 * and has no name. Then it is *told*: dead letters are counted, the instance is released for the
 * next actor, linked actors and watchers get their signals, and the embedder gets its notice.
 *
 * Recording changes a few words, because a guest may cause an end when little of its stack is left.
 * Telling happens on the host's own stack, in the order of the ends, and in pieces, so that neither
 * a full mailbox nor many watchers block the thread.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { lastSeen } from "../actor/last-seen.ts";
import { countEnd } from "../actor/memory.ts";
import { moduleNameOf } from "../actor/spec.ts";
import type { Registry } from "../between/names.ts";
import { announceEnd, dropTies } from "../between/signals.ts";
import { ENDING, SIZE } from "../kernel/life-words.ts";
import { ARGS, DEAD, ENDS_WAITING, GUESTS, SPEC, TURNS_LEFT } from "../kernel/words.ts";
import { dropKept } from "../mail/kept.ts";
import { NONE } from "../mail/mailbox.ts";
import type { Notices } from "../time/notices.ts";
import type { Runnable } from "../time/scheduler.ts";
import { isHelper } from "../wire/helpers.ts";
import { type ExitReason, isCounted } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";
import { type Ending, endingOf } from "./ending.ts";
import type { Exits } from "./exits.ts";
import type { Instances } from "./instances.ts";

/**
 * The size of one piece, in units. A dead letter or a signal is one unit. Measured: at most a
 * millisecond (x64, Node 26).
 */
const PIECE_UNITS = 2_048;
/** The units that releasing an actor's instance takes. */
const RELEASE_UNITS = 64;
/** A piece ends with the first actor that is told after this time. */
const PIECE_MS = 1;
/** How many told ends stay in the list before it is cut. */
const ENDINGS_KEPT = 1_024;

export class Ends implements Runnable {
  readonly #services: Services;
  readonly #notices: Notices;
  readonly #registry: Registry;
  readonly #instances: Instances;
  readonly #exits: Exits;
  /** By pid: the promises that wait for the end of its actor. */
  readonly #waiting = new Map<Pid, ((reason: ExitReason) => void)[]>();
  /** Those from `#told` on are still to be told, oldest first. */
  #endings: Ending[] = [];
  #told = 0;
  #isTelling = false;
  #isQueued = false;
  #onIdle: (() => void)[] = [];

  constructor(services: Services, notices: Notices, registry: Registry, instances: Instances, exits: Exits) {
    this.#services = services;
    this.#notices = notices;
    this.#registry = registry;
    this.#instances = instances;
    this.#exits = exits;
  }

  /** Live guests. Host mailboxes do not count. */
  get guests(): number {
    return this.#services.kernel.word(GUESTS);
  }

  /** Whether a promise waits for the end of an actor. */
  get areAwaited(): boolean {
    return this.#waiting.size > 0 || this.#onIdle.length > 0;
  }

  /** Counts a guest whose spawn has succeeded. */
  begin(actor: Actor): void {
    this.#countGuest(1);
    actor.services.counters.spawned++;
  }

  #countGuest(change: number): void {
    const { kernel } = this.#services;
    kernel.setWord(GUESTS, kernel.word(GUESTS) + change);
  }

  /** Ends an actor. None of its frames may be on the stack. */
  end(actor: Actor, reason: ExitReason): void {
    if (actor.state === DEAD) return;
    const isNow = this.#record(actor, reason, true);
    this.#services.counters.ended++;
    if (actor.module !== null) this.#countGuest(-1);
    if (isNow) this.#tellNow();
  }

  /**
   * Ends an actor whose spawn has failed. The embedder is not told. Actors that it tied to itself
   * in its start function get their signals.
   */
  endFailedSpawn(actor: Actor, reason: ExitReason): void {
    if (this.#record(actor, reason, false)) this.#tellNow();
  }

  /** Resolves with the exit reason when the end of an actor is told; undefined if there is no such actor. */
  exited(actor: Actor | undefined, pid: Pid): Promise<ExitReason> | undefined {
    if (actor === undefined && !this.#isUntold(pid)) return undefined;
    // Its end is the host's, too.
    if (actor !== undefined) actor.extra.isWatched = true;
    return new Promise(resolve => {
      const waiting = this.#waiting.get(pid);
      if (waiting === undefined) this.#waiting.set(pid, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** Whether the actor of this pid has ended, and that is not told yet. */
  #isUntold(pid: Pid): boolean {
    for (let i = this.#told; i < this.#endings.length; i++) {
      const { actor, wasAlive } = this.#endings[i];
      if (wasAlive && actor.pid === pid) return true;
    }
    return false;
  }

  /** Resolves when no guest is alive and all ends are told. */
  idle(): Promise<void> {
    if (this.guests === 0 && this.#isDone) return Promise.resolve();
    return new Promise(resolve => {
      this.#onIdle.push(resolve);
    });
  }

  /** Tells all ends at once, because the scheduler has stopped. */
  finish(): void {
    this.#isTelling = true;
    while (!this.#isDone) {
      try {
        this.#tellPiece();
      } catch (error) {
        this.failed(error);
      }
      this.#notices.flush();
    }
    this.#isTelling = false;
  }

  /** One turn: tells a piece. */
  run(): boolean {
    this.#isQueued = false;
    this.#tellPiece();
    if (!this.#isDone) {
      this.#services.scheduler.lookSoon();
      this.#queue("last");
    }
    return true;
  }

  /** Telling one end has thrown. The rest of it is lost; the others are told. */
  failed(error: unknown): void {
    this.#notices.callOut.failed("telling of an end", error);
    const ending = this.#endings.at(this.#told);
    if (ending?.isReleased) {
      // The next actor gets the record, so no tie may name it.
      dropTies(ending.actor);
      this.#forget(ending.actor);
    }
    this.#next();
    if (!this.#isDone) this.#queue("last");
  }

  get #isDone(): boolean {
    return this.#told === this.#endings.length;
  }

  /**
   * Records an end. True if it can be told at once: no guest is on the stack, and no other end is
   * being told.
   */
  #record(actor: Actor, reason: ExitReason, wasAlive: boolean): boolean {
    const ending = endingOf(actor, reason, wasAlive);
    // The names are free before anyone is told, the embedder included.
    this.#registry.release(actor);
    this.#endings.push(ending);
    this.#services.kernel.setWord(ENDS_WAITING, 1);
    const isNow = !this.#notices.areHeld && !this.#isTelling;
    if (!isNow) this.#queue("first");
    actor.state = DEAD;
    const { family } = actor;
    if (family !== null) {
      family.add(SIZE, -1);
      if (wasAlive) family.add(ENDING, 1);
    }
    actor.hide();
    return isNow;
  }

  /**
   * Tells a piece before the host's call returns that has ended the actor. Callbacks come after the
   * piece.
   */
  #tellNow(): void {
    const notices = this.#notices;
    this.#isTelling = true;
    notices.hold();
    try {
      this.#tellPiece();
    } finally {
      notices.release();
      this.#isTelling = false;
      if (!this.#isDone) this.#queue("last");
    }
  }

  #queue(place: "first" | "last"): void {
    if (this.#isQueued) return;
    const { scheduler, kernel } = this.#services;
    if (place === "first") scheduler.pushFirst(this);
    else scheduler.push(this);
    // The kernel gives the thread back after this turn.
    kernel.setWord(TURNS_LEFT, 0);
    this.#isQueued = true;
  }

  #tellPiece(): void {
    this.#exits.tellOfKernel();
    const { clock } = this.#services;
    const endMs = clock.now() + PIECE_MS;
    let units = PIECE_UNITS;
    while (!this.#isDone) {
      units = this.#tell(this.#endings[this.#told], units);
      if (units <= 0 || clock.now() >= endMs) return;
    }
  }

  /**
   * Tells one end with at most so many units. Returns the units that are left, or less than 0 if
   * there is more to tell.
   */
  #tell(ending: Ending, units: number): number {
    const { actor } = ending;
    let left = units;
    if (!ending.isReleased) {
      left = this.#bringLettersBack(ending, left);
      if (left < 0) return left;
      this.#release(ending);
      left = Math.max(0, left - RELEASE_UNITS);
    }
    left = announceEnd(actor, ending.reason, left);
    if (left < 0) return left;
    this.#forget(actor);
    this.#next();
    this.#notice(ending);
    if (this.guests === 0 && this.#isDone) for (const resolve of this.#onIdle.splice(0)) resolve();
    return left;
  }

  /** One end is told. */
  #next(): void {
    this.#told++;
    if (this.#isDone) this.#services.kernel.setWord(ENDS_WAITING, 0);
    else if (this.#told < ENDINGS_KEPT) return;
    this.#endings.splice(0, this.#told);
    this.#told = 0;
  }

  /** Counts the messages that are left in the mailbox as dead letters. */
  #bringLettersBack(ending: Ending, units: number): number {
    const { mailbox, pid } = ending.actor;
    let left = units;
    for (; ending.letter !== NONE; ending.letter = mailbox.next(ending.letter)) {
      if (left-- <= 0) return -1;
      const { kind, tag, fromLo, fromHi, length } = mailbox.item(ending.letter);
      if (!isCounted(kind)) continue;
      this.#services.deadLetter(pidFromWords(fromLo, fromHi), pid, tag, length, "left behind");
    }
    return left;
  }

  /**
   * Releases everything that the actor had. None of its frames is on a stack, except on one of
   * JSPI, which is unwound here.
   */
  #release(ending: Ending): void {
    const { actor } = ending;
    const { module, family, extra } = actor;
    ending.isReleased = true;
    if (actor.spec.isRecorded) ending.recording = this.#services.taping?.ended(actor, ending.reason);
    if (actor.atFault && module !== null) {
      if (ending.reason.kind === "crashed" && ending.wasAlive) ending.lastReceived = lastSeen(actor);
      ending.reason = module.located(ending.reason) ?? ending.reason;
    }
    ending.reason = inSources(actor, ending.reason);
    actor.disarmDeadline();
    actor.discard();
    countEnd(actor);
    this.#instances.give(actor);
    if (ending.wasAlive) family?.add(ENDING, -1);
    const { end } = extra;
    extra.context = null;
    const notices = this.#notices;
    if (end !== null) notices.add(() => notices.callOut.run("a listener of HostContext.signal", end));
  }

  /** No tie names the actor any more: its record is another's from now on. */
  #forget(actor: Actor): void {
    const { kernel, specs, extras } = this.#services;
    const { record, family } = actor;
    dropKept(kernel, actor.coldWord(ARGS));
    family?.dropIfGone();
    specs.drop(actor.word(SPEC));
    extras.delete(record);
    kernel.close(record);
    actor.forget();
  }

  /** Tells the embedder of one end. */
  #notice({ actor, reason, wasAlive, names, lastReceived, recording }: Ending): void {
    const waiting = this.#waiting.get(actor.pid);
    this.#waiting.delete(actor.pid);
    for (const resolve of waiting ?? []) resolve(reason);
    const { pid, spec } = actor;
    if (!wasAlive || isHelper(spec)) return;
    this.#exits.tell(
      {
        ...{ pid, module: moduleNameOf(spec), reason },
        ...(lastReceived && { lastReceived }),
        ...(recording && { recording }),
      },
      names,
    );
  }
}

/** The reason with places in the sources of a derived module. A reason that came from elsewhere has none of its own. */
function inSources({ spec, exiting, atFault }: Actor, reason: ExitReason): ExitReason {
  if (reason.kind !== "crashed" || !(atFault || exiting)) return reason;
  try {
    return { ...reason, stack: spec.template?.inSources?.(reason.stack) ?? reason.stack };
  } catch {
    return reason;
  }
}
