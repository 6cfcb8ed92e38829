/**
 * One run of a program: what can happen is chosen again and again, until the program is over, fails, or
 * nothing can happen any more.
 */
import type { Actor } from "../actor/actor.ts";
import { COUNT, PARKED, RUNNING, TIE_COUNT, WANT, WANT_ANSWER, WANT_REF, WANT_TAG, WANTED } from "../kernel/words.ts";
import type { ActorExit, InspectEvent } from "../wire/events.ts";
import type { Pid } from "../wire/pid.ts";
import { formatReason } from "../wire/reason.ts";
import type { Cast } from "./cast.ts";
import { type Failure, textOf } from "./failure.ts";
import type { Chooser } from "./strategies.ts";
import type { Option, World } from "./world.ts";

/** What a run is bounded by, and what is asked after each step. */
export interface Bounds {
  readonly steps: number;
  readonly kills: number;
  readonly delayMs: number;
  /** Throws where something is wrong. */
  readonly invariant: (() => void) | undefined;
}

/** What the program that was begun is waited for by. */
export type Ending =
  /** The run is over when this actor has ended. */
  | { readonly by: "actor"; readonly pid: Pid }
  /** The run is over when the promise has settled. */
  | { readonly by: "promise"; isSettled: boolean; error: unknown }
  /** The run is over when nothing can happen any more. */
  | { readonly by: "rest" };

/** The events that a run looks at. */
export const RUN_EVENTS: ReadonlySet<string> = new Set(["spawn", "exit", "register"]);

export class Run {
  readonly #world: World;
  readonly #cast: Cast;
  readonly #bounds: Bounds;
  readonly #chooser: Chooser;
  #ending: Ending = { by: "rest" };
  #isEnded = false;
  #killsLeft: number;
  #hash = 0x811c9dc5;
  failure: Failure | undefined;
  steps = 0;
  /** What was chosen, where there was more than one option. */
  readonly choices: number[] = [];
  /** Hears of each step, before it. */
  onStep: ((option: Option, chosen: number) => void) | undefined;

  constructor(world: World, cast: Cast, bounds: Bounds, chooser: Chooser) {
    this.#world = world;
    this.#cast = cast;
    this.#bounds = bounds;
    this.#chooser = chooser;
    this.#killsLeft = bounds.kills;
  }

  /** The program has begun. */
  begin(ending: Ending): void {
    this.#ending = ending;
    this.#world.drain();
  }

  /** A number that says what has happened. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  /** Whether the host's code takes part: then it goes on between two steps. */
  get isHosted(): boolean {
    return this.#ending.by === "promise" || this.#cast.hosts > 0;
  }

  /** Goes on until the run is over (true), or the host's code has to go on first. */
  go(): boolean {
    const world = this.#world;
    for (;;) {
      world.drain();
      if (world.isAway) return false;
      this.#check();
      if (this.#isOver()) return true;
      const options = world.options(this.#killsLeft > 0 ? this.#cast.victims : [], this.#bounds.delayMs);
      if (options.length === 0) return false;
      if (this.steps >= this.#bounds.steps) {
        this.fail({ kind: "livelock", reason: `the program goes on after ${this.steps} steps` });
        return true;
      }
      this.#step(options);
      if (this.isHosted) return false;
    }
  }

  /** The host's code has gone on, and nothing can happen. Says how the run is over. */
  rest(): void {
    this.#check();
    if (this.#isOver() || this.#ending.by === "rest") return;
    this.fail(this.#whyStuck());
  }

  /** Whether nothing can happen now. */
  get isAtRest(): boolean {
    return !this.#world.isAway && this.#world.options([], 0).length === 0;
  }

  fail(failure: Failure): void {
    this.failure ??= failure;
  }

  /** An event of the runtime. */
  heard(event: InspectEvent): void {
    if (event.kind === "spawn") this.#cast.spawned(event);
    else if (event.kind === "register") this.#cast.registered(event.pid, event.name);
    else if (event.kind === "exit") this.#exited(event);
  }

  #exited({ pid, reason, module }: ActorExit): void {
    const isRoot = this.#ending.by === "actor" && this.#ending.pid === pid;
    if (isRoot) this.#isEnded = true;
    this.#mix(pid % 2 ** 20, reason.kind.length);
    if (reason.kind === "crashed" && !this.#cast.isVictim(pid)) {
      this.fail({ kind: "crash", reason: `${this.#cast.nameOf(pid)} crashed: ${reason.message}` });
    } else if (isRoot && reason.kind !== "normal") {
      this.fail({
        kind: "end",
        reason: `${this.#cast.nameOf(pid)} (${module}) did not end normally: ${formatReason(reason)}`,
      });
    }
  }

  #isOver(): boolean {
    const ending = this.#ending;
    if (this.failure !== undefined || this.#isEnded) return true;
    if (ending.by !== "promise" || !ending.isSettled) return false;
    if (ending.error !== undefined) this.fail({ kind: "rejection", reason: textOf(ending.error) });
    return true;
  }

  #step(options: readonly Option[]): void {
    let chosen = 0;
    if (options.length > 1) {
      chosen = this.#chooser.choose(options);
      this.choices.push(chosen);
    }
    const option = options[chosen];
    this.steps++;
    this.onStep?.(option, chosen);
    this.#note(option);
    if (option.kind === "kill") this.#killsLeft--;
    this.#world.take(option);
  }

  /** Asks the invariant, when the host's code has gone on. */
  #check(): void {
    const { invariant } = this.#bounds;
    if (invariant === undefined || this.failure !== undefined || this.steps === 0) return;
    try {
      invariant();
    } catch (error) {
      this.fail({ kind: "invariant", reason: textOf(error) });
    }
  }

  #note(option: Option): void {
    if (option.kind === "arrival") {
      const [{ fromLo, to, kind, tag, bytes }] = option.lane;
      this.#mix(fromLo, to.lo);
      this.#mix(kind, tag);
      for (let i = 0; i < bytes.length && i < 32; i++) this.#hash = Math.imul(this.#hash ^ bytes[i], 0x01000193);
    } else if (option.kind === "turn") {
      this.#mix(1, option.lo);
    } else if (option.kind === "kill") {
      this.#mix(2, option.actor.lo);
    } else {
      this.#mix(3, this.#world.clock.now());
    }
  }

  #mix(a: number, b: number): void {
    this.#hash = Math.imul(Math.imul(this.#hash ^ a, 0x01000193) ^ b, 0x01000193);
    this.#hash ^= this.#hash >>> 15;
  }

  /** Nothing can happen, and the program is not over. */
  #whyStuck(): Failure {
    const { actors, calls, ends } = this.#world.inside;
    const living = [...actors].filter(({ immune }) => !immune);
    const outside = living.find(actor => waitsOutside(actor));
    if (outside !== undefined) {
      return { kind: "outside", reason: `${this.#cast.nameOf(outside.pid)} ${AWAITS_OUTSIDE}` };
    }
    const isWaiting = calls.arePending || ends.areAwaited || living.some(({ module }) => module === null);
    if (this.#ending.by === "promise" && !isWaiting)
      return { kind: "outside", reason: `the program ${AWAITS_OUTSIDE}` };
    const who = living.map(actor => `${this.#cast.nameOf(actor.pid)} ${howItWaits(actor)}`);
    const list = who.length > 8 ? [...who.slice(0, 8), `${who.length - 8} more wait`] : who;
    return { kind: "deadlock", reason: `deadlock: nobody can act${list.map(line => `; ${line}`).join("")}` };
  }
}

const AWAITS_OUTSIDE =
  "awaits something outside of the simulation, which knows receives, calls, ends and timers of the runtime only";

/** A guest that waits for the embedder's function, or an actor of the host that neither receives nor calls. */
function waitsOutside(actor: Actor): boolean {
  if (actor.module !== null) return actor.state === PARKED && actor.word(WANT) === WANT_ANSWER;
  return actor.state === RUNNING && actor.coldWord(TIE_COUNT) === 0;
}

function howItWaits(actor: Actor): string {
  const [want, wanted, count] = [actor.word(WANT), actor.word(WANTED), actor.word(COUNT)];
  const what = want === WANT_TAG ? `a message with the tag ${wanted}` : want === WANT_REF ? "an answer" : "a message";
  const items = count === 0 ? "" : ` and has ${count} that it does not want`;
  return `waits for ${what}${items}`;
}
