/**
 * The story of a run: who did what to whom, step by step, for a reader. Only a run that is told has one,
 * because looking at stacks and texts takes time.
 */
import type { Actor } from "../actor/actor.ts";
import type { InspectEvent } from "../wire/events.ts";
import { EXIT, MESSAGE, TIMER } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";
import { formatReason } from "../wire/reason.ts";
import type { Cast } from "./cast.ts";
import { contentOf } from "./content.ts";
import type { FlightListener, Signal } from "./flight.ts";
import type { Option } from "./world.ts";

/** A step, and what has happened in it. Names are known at the end only. */
interface Step {
  /** What was chosen against the runtime's own order; 0: nothing. */
  readonly chosen: number;
  readonly text: () => string;
  readonly told: (() => string)[];
}

/** The events that a story tells. */
export const STORY_EVENTS: ReadonlySet<string> = new Set(["spawn", "exit", "register", "log"]);

export class Story implements FlightListener {
  readonly #cast: Cast;
  readonly #current: () => Actor | null;
  readonly #steps: Step[] = [{ chosen: 0, text: () => "the test begins", told: [] }];

  /** What scripts were sent, or have sent. */
  readonly #ofScripts = new Set<Signal>();
  /** Spawns that the last step has told. */
  #spawns = 0;

  constructor(cast: Cast, current: () => Actor | null) {
    this.#cast = cast;
    this.#current = current;
  }

  step(option: Option, chosen: number): void {
    this.#spawns = 0;
    this.#steps.push({ chosen, text: this.#textOf(option), told: [] });
  }

  #textOf(option: Option): () => string {
    if (option.kind === "arrival") {
      const [signal] = option.lane;
      return () => this.#arrival(signal);
    }
    if (option.kind === "turn") {
      const pid = pidFromWords(option.lo, option.hi);
      return () => `${this.#name(pid)} runs`;
    }
    if (option.kind === "kill") {
      const { pid } = option.actor;
      return () => `${this.#name(pid)} is killed by the test`;
    }
    return () => `time passes, to ${option.toMs} ms`;
  }

  sent(signal: Signal): void {
    const from = pidFromWords(signal.fromLo, signal.fromHi);
    const place = this.#placeOf(signal);
    if ([signal.to, this.#current()].some(actor => actor?.module?.name === ENGINE)) this.#ofScripts.add(signal);
    this.#tell(() => {
      const to = this.#name(signal.to.pid);
      const what = this.#sending(signal, to);
      return what === undefined ? undefined : `${this.#name(from)} ${what}${place}`;
    });
  }

  #sending(signal: Signal, to: string): string | undefined {
    const { kind, tag, ref } = signal;
    if (kind === MESSAGE && ref !== 0) return `asks ${to} ${this.#contentOf(signal)}`;
    if (kind === MESSAGE && tag < 0) return `answers ${to} ${this.#contentOf(signal)}`;
    if (kind === MESSAGE) return `sends ${to} ${this.#contentOf(signal)}`;
    if (kind === TIMER) return `had set a timer that sends ${to} ${this.#contentOf(signal)}`;
    if (kind === EXIT) return signal.flag ? undefined : `sends ${to} the exit signal ${formatReason(signal.reason)}`;
    return kind === 0 ? `kills ${to}` : undefined;
  }

  /** What a message says, and its tag. */
  #contentOf(signal: Signal): string {
    const { bytes, tag } = signal;
    const label = tag > 0 ? ` tagged ${tag}` : "";
    if (bytes.length === 0 && tag > 0) return `a message${label}`;
    return `${contentOf(bytes, this.#ofScripts.has(signal))}${label}`;
  }

  #arrival(signal: Signal): string {
    const { kind, tag, reason } = signal;
    const from = this.#name(pidFromWords(signal.fromLo, signal.fromHi));
    const to = this.#name(signal.to.pid);
    if (kind === MESSAGE && tag < 0) return `${to} gets the answer ${this.#contentOf(signal)} of ${from}`;
    if (kind === MESSAGE) return `${to} gets ${this.#contentOf(signal)} from ${from}`;
    if (kind === TIMER) return `${to} gets ${this.#contentOf(signal)} from a timer of ${from}`;
    if (kind === EXIT) return `${to} gets the exit signal of ${from}: ${formatReason(reason)}`;
    return kind === 0 ? `${to} is killed by ${from}` : `${to} hears that ${from} has ended: ${formatReason(reason)}`;
  }

  arrived(signal: Signal, isTaken: boolean): void {
    if (isTaken) return;
    const { kind } = signal;
    if (kind === MESSAGE || kind === TIMER) {
      this.#tell(
        () => `${this.#contentOf(signal)} to ${this.#name(signal.to.pid)} is lost, because nobody waits for it`,
      );
    }
  }

  heard(event: InspectEvent): void {
    if (event.kind === "spawn") {
      const { pid, parent } = event;
      // A spawn is told before what the child was sent.
      const { told } = this.#steps[this.#steps.length - 1];
      told.splice(this.#spawns++, 0, () => `${this.#name(parent)} spawns ${this.#name(pid)}`);
    } else if (event.kind === "exit") {
      const { pid, reason } = event;
      this.#tell(() => `${this.#name(pid)} ends: ${formatReason(reason)}`);
    } else if (event.kind === "register") {
      this.#tell(() => `${this.#cast.roleOf(event.pid)} is registered as ${event.name}`);
    } else if (event.kind === "log") {
      this.#tell(() => `${this.#name(event.pid)} logs: ${event.text}`);
    }
  }

  #tell(text: () => string | undefined): void {
    const step = this.#steps.at(-1);
    step?.told.push(() => text() ?? "");
  }

  #name(pid: Pid): string {
    return this.#cast.nameOf(pid);
  }

  /** Where in the sender's source it was sent. */
  #placeOf({ fromLo, fromHi }: Signal): string {
    const actor = this.#current();
    if (actor === null || actor.module === null || actor.lo !== fromLo || actor.hi !== fromHi) return "";
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 60;
    const stack = new Error().stack ?? "";
    Error.stackTraceLimit = before;
    const found = actor.module.located({ kind: "crashed", message: "", stack });
    const message = found.kind === "crashed" ? found.message : "";
    const [, place] = /(?:from |\()((?!~lib)[^()]+:\d+):\d+\)$/.exec(message) ?? [];
    return place === undefined ? "" : ` (${place})`;
  }

  /** The lines of the story. What was chosen is marked. */
  lines(): string[] {
    const shown = this.#steps.map(({ chosen, text, told }) => ({
      chosen,
      text: text(),
      told: told.map(line => line()).filter(line => line !== ""),
    }));
    const isLeftOut = ({ chosen }: (typeof shown)[number], i: number) =>
      shown.length > MOST_STEPS && i >= FIRST_STEPS && i < shown.length - LAST_STEPS && chosen === 0;
    const first = shown.findIndex(isLeftOut);
    const count = shown.filter(isLeftOut).length;
    return shown.flatMap((step, i) => {
      // What was chosen is the point of the story.
      if (isLeftOut(step, i)) return i === first ? [`      … ${count} steps are left out`] : [];
      return [
        `${String(i).padStart(4)}  ${step.text}${step.chosen === 0 ? "" : `   <- choice ${step.chosen}`}`,
        ...step.told.map(line => `        ${line}`),
      ];
    });
  }
}

/** A longer story is told by its first and its last steps, and by those that were chosen. */
const MOST_STEPS = 150;
const FIRST_STEPS = 60;
const LAST_STEPS = 60;

/** The name of the engine that scripts run in. */
const ENGINE = "javascript";
