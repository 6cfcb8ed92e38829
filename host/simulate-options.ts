/** What `explore` and `simulate` take and give. */
import type { ModuleSource } from "./module/source.ts";
import type { RuntimeOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";
import type { Failure, FailureKind } from "./simulation/failure.ts";
import { STRATEGIES, type StrategyName } from "./simulation/strategies.ts";
import { callback, checksOf, milliseconds, oneOf, wholeNumber } from "./wire/checks.ts";
import { IsopodError } from "./wire/errors.ts";

/**
 * Begins the program that is tested, in each run anew. It spawns actors of the modules of the options. If it
 * returns a pid, the run is over when that actor has ended, and fails if it has not ended normally. If it
 * returns a promise, the run is over when that settles. Otherwise the run is over when nothing can happen
 * any more.
 */
export type Program = (runtime: Runtime) => unknown;

/** Options of `simulate`. */
export interface SimulateOptions {
  /** The modules that the program spawns by name. They are loaded once. */
  readonly modules?: Readonly<Record<string, ModuleSource>>;
  /** Called once, before the first run, for what `modules` cannot say: loads, and gives names by `define`. */
  readonly setup?: (runtime: Runtime) => unknown;
  /** Options of the runtime. By default, everything is granted. */
  readonly runtime?: Omit<RuntimeOptions, "clock" | "random" | "sliceMs" | "simulation" | "onError">;
  /** What is chosen, step by step, as a failure names it. Behind its end, 0: what the runtime itself would do. */
  readonly choices?: readonly number[];
  /** Who may be killed: names of modules, of entries, or of actors. A crash of one of them is no failure. */
  readonly kill?: string | readonly string[];
  /** How many of them are killed in a run, at most. Default 1. */
  readonly kills?: number;
  /** A run that goes on after so many steps is a livelock. Default 20,000. */
  readonly steps?: number;
  /** Actors give way when they have spent so many reductions. Their modules must be built with `reductions: "yield"`. Default: never. */
  readonly preempt?: number;
  /**
   * How late a message, or the turn of an actor that is ready, may be, in milliseconds. A timeout that is
   * shorter may come first. Default 1,000.
   */
  readonly delayMs?: number;
  /** Called after each step. What it throws is a failure. */
  readonly invariant?: (runtime: Runtime) => void;
}

/** Options of `explore`. */
export interface ExploreOptions extends Omit<SimulateOptions, "choices"> {
  /** How many seeds are played, after the ordinary order. Default 1,000. */
  readonly seeds?: number;
  /** The first seed. Default 1. */
  readonly first?: number;
  /** How a seed chooses. Default: all strategies in turns. */
  readonly strategy?: StrategyName;
  /** Called after each seed with the number of seeds that were played. */
  readonly onSeed?: (played: number) => void;
}

/** What was played without a failure. */
export interface Explored {
  readonly seeds: number;
  readonly steps: number;
  /** The same for the same program, seeds and version of isopod, in every engine. */
  readonly hash: string;
}

/** A run has failed. The message has the reason, the choices and the story. */
export class SimulationError extends IsopodError {
  readonly kind: FailureKind;
  readonly reason: string;
  /** The seed that has found it; undefined: the ordinary order, or given choices. */
  readonly seed: number | undefined;
  /** The smallest list of choices that was found. `simulate` plays it again. */
  readonly choices: readonly number[];
  /** Who did what to whom, a line for each step. */
  readonly story: readonly string[];

  constructor(failure: Failure, seed: number | undefined, choices: readonly number[], story: readonly string[]) {
    const where = seed === undefined ? "in the ordinary order" : `found by seed ${seed}`;
    super("ISOPOD_SIMULATION", `${failure.reason}\n${where}; choices: [${choices.join(", ")}]\n\n${story.join("\n")}`);
    this.kind = failure.kind;
    this.reason = failure.reason;
    this.seed = seed;
    this.choices = choices;
    this.story = story;
  }
}

const simulateChecks = {
  // Each of these is checked where it is used.
  modules: null,
  runtime: null,
  setup: callback,
  kill: null,
  choices: null,
  kills: wholeNumber(0, 1_000),
  steps: wholeNumber(1, 1e9),
  delayMs: milliseconds,
  preempt: wholeNumber(1, 2 ** 31 - 2),
  invariant: callback,
} as const;
export const checksOfSimulate = checksOf<SimulateOptions>(simulateChecks);
const { choices: _, ...sharedChecks } = simulateChecks;
export const checksOfExplore = checksOf<ExploreOptions>({
  ...sharedChecks,
  seeds: wholeNumber(0, 2 ** 40),
  first: wholeNumber(0, 2 ** 40),
  strategy: oneOf(...STRATEGIES),
  onSeed: callback,
});
