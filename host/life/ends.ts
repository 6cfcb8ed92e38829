/**
 * How actors end. An end is *recorded* first: from then on its actor takes no message, gets no turn and has no name. Then it is *told*: the
 * dead letters are counted, the instance goes to the next actor, links and watchers get their signals, the embedder its notice.
 *
 * Recording changes a few words, because a guest may cause an end when little of its stack is left. Telling happens on the host's own stack, in
 * the order of the ends, and in pieces: neither a full mailbox nor many watchers hold the thread.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { countEnd } from "../actor/memory.ts";
import { lastSeen } from "../actor/receive.ts";
import type { Registry } from "../between/names.ts";
import { unfold, unfoldCallers } from "../between/requests.ts";
import { announceEnd } from "../between/signals.ts";
import { Bytes } from "../mail/bytes.ts";
import { FROM_HI, FROM_LO, KIND, LENGTH, NONE, TAG } from "../mail/mailbox.ts";
import { HI, LO, TURNS_LEFT } from "../mail/slots.ts";
import { DEAD } from "../mail/states.ts";
import type { Inspection } from "../time/inspection.ts";
import type { Notices } from "../time/notices.ts";
import type { Runnable } from "../time/scheduler.ts";
import type { ActorExit } from "../wire/events.ts";
import { type ExitReason, isCounted } from "../wire/message.ts";
import { type Pid, type PidTable, pidFromWords } from "../wire/pid.ts";
import { type Ending, endingOf } from "./ending.ts";
import type { Instances } from "./instances.ts";

/** One piece of telling, in units: a dead letter or a signal is one. Measured as at most a millisecond (x64, Node 26). */
const PIECE_UNITS = 2_048;
/** Letting go of an actor's instance takes as long as so many of them. */
const RELEASE_UNITS = 64;
/** A piece ends at the first actor behind this time. */
const PIECE_MS = 1;
/** So many that were told stay in the list before it is cut. */
const ENDINGS_KEPT = 1_024;

export class Ends implements Runnable {
  readonly #services: Services;
  readonly #notices: Notices;
  readonly #inspection: Inspection;
  readonly #actors: PidTable<Actor>;
  readonly #registry: Registry;
  readonly #instances: Instances;
  readonly #onExit: ((exit: ActorExit) => void) | undefined;
  /** By actor: those who wait for its end. */
  readonly #waiting = new Map<Actor, ((reason: ExitReason) => void)[]>();
  /** Oldest first, from `#told` on. */
  #endings: Ending[] = [];
  #told = 0;
  #isTelling = false;
  #isQueued = false;
  /** Guests alive, host mailboxes left out. */
  #guests = 0;
  #onIdle: (() => void)[] = [];

  constructor(
    services: Services,
    notices: Notices,
    inspection: Inspection,
    actors: PidTable<Actor>,
    registry: Registry,
    instances: Instances,
    onExit: ((exit: ActorExit) => void) | undefined,
  ) {
    this.#services = services;
    this.#notices = notices;
    this.#inspection = inspection;
    this.#actors = actors;
    this.#registry = registry;
    this.#instances = instances;
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

  /** An actor ends. None of its frames may be on the stack. */
  end(actor: Actor, reason: ExitReason): void {
    if (actor.state === DEAD) return;
    const isNow = this.#record(actor, reason, true);
    this.#services.counters.ended++;
    if (actor.module !== null) this.#guests--;
    if (isNow) this.#tellNow();
  }

  /** An actor never lived for anybody, because its spawn has failed. What it did to others in its start function, they know by its ties. */
  bury(actor: Actor, reason: ExitReason): void {
    if (this.#record(actor, reason, false)) this.#tellNow();
  }

  /** An actor whose end is not told yet. */
  untold(pid: Pid): Actor | undefined {
    for (let i = this.#told; i < this.#endings.length; i++) {
      const { actor, wasAlive } = this.#endings[i];
      if (wasAlive && actor.pid === pid) return actor;
    }
    return undefined;
  }

  /** Resolves with the reason when the end of an actor, live or untold, is told. */
  exited(actor: Actor): Promise<ExitReason> {
    return new Promise(resolve => {
      const waiting = this.#waiting.get(actor);
      if (waiting === undefined) this.#waiting.set(actor, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** Resolves when no guest is alive, and the end of each was told. */
  idle(): Promise<void> {
    if (this.#guests === 0 && this.#isDone) return Promise.resolve();
    return new Promise(resolve => {
      this.#onIdle.push(resolve);
    });
  }

  /** Tells of all that has ended, at once: the scheduler runs nothing any more. */
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

  /** A turn of the scheduler. */
  run(): boolean {
    this.#isQueued = false;
    this.#tellPiece();
    if (!this.#isDone) {
      this.#services.scheduler.lookSoon();
      this.#queue("last");
    }
    return true;
  }

  /** What could not be told of one end is lost; the others are told. */
  failed(error: unknown): void {
    this.#notices.callOut.failed("telling of an end", error);
    this.#next();
    if (!this.#isDone) this.#queue("last");
  }

  get #isDone(): boolean {
    return this.#told === this.#endings.length;
  }

  /** True where its end can be told at once: no guest is on the stack, and no other end is being told. */
  #record(actor: Actor, reason: ExitReason, wasAlive: boolean): boolean {
    const ending = endingOf(actor, reason, wasAlive);
    // Before anybody hears of it, the embedder included.
    this.#registry.release(actor);
    this.#endings.push(ending);
    const isNow = !this.#notices.areHeld && !this.#isTelling;
    if (!isNow) this.#queue("first");
    this.#actors.hide(actor);
    actor.state = DEAD;
    const { words } = actor.store;
    const family = actor.allowance?.family;
    if (family !== undefined) {
      family.size--;
      if (wasAlive) family.ending++;
    }
    // No pid has these words.
    words[actor.at + LO] = 0;
    words[actor.at + HI] = -1;
    return isNow;
  }

  /** The host that ends an actor finds it told when its call returns. Callbacks come after the piece. */
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
    const { scheduler, slots } = this.#services;
    if (place === "first") scheduler.pushFirst(this);
    else scheduler.push(this);
    // The switch gives the thread back after this turn.
    slots.store.words[TURNS_LEFT] = 0;
    this.#isQueued = true;
  }

  #tellPiece(): void {
    const { clock } = this.#services;
    const endMs = clock.now() + PIECE_MS;
    let units = PIECE_UNITS;
    while (!this.#isDone) {
      units = this.#tell(this.#endings[this.#told], units);
      if (units <= 0 || clock.now() >= endMs) return;
    }
  }

  /** Tells of one end, as far as so many units reach; answers what is left of them, or less than 0 where there is more to tell. */
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
    this.#next();
    this.#notice(ending);
    if (this.#guests === 0 && this.#isDone) for (const resolve of this.#onIdle.splice(0)) resolve();
    return left;
  }

  #next(): void {
    this.#told++;
    if (!this.#isDone && this.#told < ENDINGS_KEPT) return;
    this.#endings.splice(0, this.#told);
    this.#told = 0;
  }

  /** What nobody will receive of a mailbox. */
  #bringLettersBack(ending: Ending, units: number): number {
    const { actor } = ending;
    const { mailbox, pid } = actor;
    const { counters } = this.#services;
    let left = units;
    for (; ; ending.letter = mailbox.next(ending.letter)) {
      const { letter, handed } = ending;
      // It came behind all that its receive had passed over.
      if (handed !== null && (letter === NONE || letter >= mailbox.saved)) {
        ending.handed = null;
        this.#services.deadLetter(handed.from, pid, handed.tag, handed.length, "left behind");
        counters.received--;
      }
      if (letter === NONE) break;
      if (left-- <= 0) return -1;
      const word = (which: number) => mailbox.word(ending.letter, which);
      if (!isCounted(word(KIND))) continue;
      const from = pidFromWords(word(FROM_LO), word(FROM_HI));
      this.#services.deadLetter(from, pid, word(TAG), word(LENGTH), "left behind");
    }
    return left;
  }

  /** Lets go of everything that the actor had. None of its frames is left on any stack but one of JSPI, which is unwound. */
  #release(ending: Ending): void {
    const { actor } = ending;
    const { mailbox, allowance, module } = actor;
    const services = this.#services;
    ending.isReleased = true;
    if (actor.atFault && module !== null) {
      if (ending.reason.kind === "crashed" && ending.wasAlive) ending.lastReceived = lastSeen(actor);
      ending.reason = module.located(ending.reason) ?? ending.reason;
    }
    actor.disarmDeadline();
    // Its record knows of requests, and is somebody else's soon.
    unfold(actor);
    unfoldCallers(actor);
    mailbox.clear();
    services.slots.leave(actor);
    mailbox.liveAt(actor.store, actor.at);
    actor.way.discard(actor);
    countEnd(actor);
    this.#instances.give(actor);
    // Callers may keep the actor for longer than its memory.
    actor.instance = null;
    actor.guest = null;
    actor.reductions = null;
    actor.answer = null;
    actor.aside = null;
    actor.bytes = noBytes;
    actor.args = noBytes.u8;
    this.#actors.release(actor);
    if (allowance === null) return;
    if (ending.wasAlive) allowance.family.ending--;
    const { end } = allowance;
    allowance.context = null;
    const notices = this.#notices;
    if (end !== null) notices.add(() => notices.callOut.run("a listener of HostContext.signal", end));
  }

  /** Tells the embedder. */
  #notice({ actor, reason, wasAlive, names, lastReceived }: Ending): void {
    const waiting = this.#waiting.get(actor);
    this.#waiting.delete(actor);
    for (const resolve of waiting ?? []) resolve(reason);
    if (!wasAlive) return;
    const inspection = this.#inspection;
    const onExit = this.#onExit;
    if (onExit === undefined && !inspection.wants("exit")) return;
    const { pid, module } = actor;
    const exit = { pid, module: module?.name, reason, ...(lastReceived === undefined ? {} : { lastReceived }) };
    const callback = onExit && (() => onExit(names.length === 0 ? exit : { ...exit, name: names[0] }));
    inspection.tell({ kind: "exit", names, ...exit }, "onExit", callback);
  }
}

const noBytes = Bytes.ofLength(0);
