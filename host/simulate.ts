/**
 * `explore` and `simulate` of `isopod/test`: a program of actors is played again and again in different
 * orders. The runtime is the real one; the simulation (host/simulation/) decides about each step.
 */
import { readString } from "./adapters/assemblyscript.ts";
import { readSourceMap } from "./adapters/source-map.ts";
import type { ModuleDefaults } from "./life/spawn-options.ts";
import type { GuestModule } from "./module/guest-module.ts";
import type { ModuleSource } from "./module/source.ts";
import { Runtime } from "./runtime.ts";
import {
  checksOfExplore,
  checksOfSimulate,
  type Explored,
  type ExploreOptions,
  type Program,
  type SimulateOptions,
  SimulationError,
} from "./simulate-options.ts";
import { Cast } from "./simulation/cast.ts";
import { type Failure, textOf } from "./simulation/failure.ts";
import { type Bounds, type Ending, RUN_EVENTS, Run } from "./simulation/run.ts";
import { shrink, trimmed } from "./simulation/shrink.ts";
import { STORY_EVENTS, Story } from "./simulation/story.ts";
import { type Chooser, Given, ordinary, Seeded, STRATEGIES } from "./simulation/strategies.ts";
import { World } from "./simulation/world.ts";
import { systemClock } from "./time/clock.ts";
import { checkOptions, shown } from "./wire/checks.ts";

/** So long may shrinking take. */
const SHRINK_MS = 1_000;
/** So long is a slice of seeds, before the event loop has a turn. */
const SLICE_MS = 50;

/** One program in one runtime, which is reset for each run. */
export class Simulator {
  readonly #program: Program;
  readonly #bounds: Bounds;
  readonly #world = new World();
  readonly #cast: Cast;
  readonly #runtime: Runtime;
  readonly #modules: Readonly<Record<string, ModuleSource>>;
  readonly #defaults: ModuleDefaults;
  readonly #setup: ((runtime: Runtime) => unknown) | undefined;
  #run: Run | undefined;
  #story: Story | undefined;

  constructor(program: Program, options: SimulateOptions) {
    const {
      kill = [],
      kills = 1,
      steps = 20_000,
      delayMs = 1_000,
      invariant,
      preempt,
      modules = {},
      runtime = {},
    } = options;
    const victims = typeof kill === "string" ? [kill] : [...kill];
    this.#program = callbackOf(program);
    this.#cast = new Cast(victims, () => this.#world.inside.actors);
    this.#runtime = new Runtime({
      grants: "all",
      readString,
      readSourceMap,
      onLog: () => {},
      ...runtime,
      clock: this.#world.clock,
      random: this.#world.random,
      sliceMs: 0,
      simulation: this.#world,
      onError: (error, callback) => this.#run?.fail({ kind: "callback", reason: `${callback}: ${textOf(error)}` }),
    });
    this.#bounds = {
      steps,
      delayMs,
      kills: victims.length === 0 ? 0 : kills,
      invariant: invariant && (() => invariant(this.#runtime)),
    };
    this.#modules = modules;
    this.#setup = options.setup;
    this.#defaults = preempt === undefined ? {} : { reductions: { policy: "yield", perTurn: preempt } };
    this.#runtime.inspect(
      event => {
        this.#run?.heard(event);
        this.#story?.heard(event);
      },
      kind => RUN_EVENTS.has(kind) || (this.#story !== undefined && STORY_EVENTS.has(kind)),
    );
  }

  get kills(): number {
    return this.#bounds.kills;
  }

  /** Loads the modules. */
  async load(): Promise<void> {
    const loaded = new Map<ModuleSource, GuestModule>();
    for (const [name, source] of Object.entries(this.#modules)) {
      const module = loaded.get(source) ?? (await this.#runtime.load(source, { name }));
      loaded.set(source, module);
      this.#runtime.define(name, module, this.#defaults);
    }
    if (this.#setup !== undefined) await this.#setUp(this.#setup);
  }

  /** Actors that the setup needs have their turns in the ordinary order. It may await anything. */
  async #setUp(setup: (runtime: Runtime) => unknown): Promise<void> {
    const run = new Run(this.#world, this.#cast, this.#bounds, ordinary);
    const ending = endingOf(Promise.resolve(setup(this.#runtime)));
    run.begin(ending);
    while (!(ending.by === "promise" && ending.isSettled)) {
      run.go();
      await macrotask();
    }
    this.#world.reset();
    if (ending.error !== undefined) throw ending.error;
  }

  /** Plays one run. `isTold`: it has a story. */
  async play(chooser: Chooser, isTold = false): Promise<{ run: Run; story: readonly string[] }> {
    const world = this.#world;
    this.#cast.clear();
    const run = new Run(world, this.#cast, this.#bounds, chooser);
    this.#run = run;
    const story = isTold ? new Story(this.#cast, () => world.inside.services.kernel.current) : undefined;
    this.#story = story;
    world.transit.listener = story ?? null;
    if (story !== undefined) run.onStep = (option, chosen) => story.step(option, chosen);
    try {
      this.#begin(run);
      if (run.isHosted) await macrotask();
      while (!run.go()) {
        // The host's code goes on until it waits for the simulation.
        await macrotask();
        if (!run.isAtRest) continue;
        await macrotask();
        if (!run.isAtRest) continue;
        run.rest();
        break;
      }
      return { run, story: story?.lines() ?? [] };
    } finally {
      this.#run = undefined;
      this.#story = undefined;
      world.transit.listener = null;
      world.reset();
      if (run.isHosted) {
        // What the host's code does at its end is no part of the next run.
        await macrotask();
        world.reset();
      }
    }
  }

  #begin(run: Run): void {
    let result: unknown;
    try {
      result = this.#program(this.#runtime);
    } catch (error) {
      run.fail({ kind: "rejection", reason: textOf(error) });
    }
    run.begin(endingOf(result));
  }

  stop(): Promise<void> {
    return this.#runtime.stop();
  }
}

function callbackOf(program: Program): Program {
  if (typeof program === "function") return program;
  throw new TypeError(`a simulation plays a function that begins the program, not ${shown(program)}`);
}

function endingOf(result: unknown): Ending {
  if (typeof result === "number") return { by: "actor", pid: result };
  if (!(result instanceof Promise)) return { by: "rest" };
  const ending: Ending = { by: "promise", isSettled: false, error: undefined };
  result.then(
    () => {
      ending.isSettled = true;
    },
    (error: unknown) => {
      ending.error = error ?? new Error("the program's promise was rejected");
      ending.isSettled = true;
    },
  );
  return ending;
}

const macrotask = (): Promise<void> => new Promise(resolve => systemClock.defer(resolve));

/** Plays one run: the given choices, or the ordinary order. Rejects with a SimulationError where it fails. */
export async function simulate(program: Program, options: SimulateOptions = {}): Promise<Explored> {
  checkOptions("simulate", options, checksOfSimulate);
  const simulator = new Simulator(program, options);
  try {
    await simulator.load();
    const choices = options.choices ?? [];
    const { run, story } = await simulator.play(new Given(choices), true);
    if (run.failure !== undefined) throw new SimulationError(run.failure, undefined, trimmed(run.choices), story);
    return { seeds: 0, steps: run.steps, hash: hex(run.hash) };
  } finally {
    await simulator.stop();
  }
}

/**
 * Plays a program in the ordinary order, and then in the order of each seed. Rejects with a SimulationError
 * where a run fails: an actor crashes that may not be killed, nobody can act although the program is not
 * over, a run does not end, or the invariant throws.
 */
export async function explore(program: Program, options: ExploreOptions = {}): Promise<Explored> {
  checkOptions("explore", options, checksOfExplore);
  const { seeds = 1_000, first = 1, strategy, onSeed } = options;
  const simulator = new Simulator(program, options);
  try {
    await simulator.load();
    const { run } = await simulator.play(ordinary);
    if (run.failure !== undefined) throw await explained(simulator, run, undefined);
    const length = run.choices.length;
    let { steps, hash } = run;
    let sliceEndMs = systemClock.now() + SLICE_MS;
    for (let seed = first; seed < first + seeds; seed++) {
      const way = strategy ?? STRATEGIES[seed % STRATEGIES.length];
      const { run } = await simulator.play(new Seeded(seed, way, length, simulator.kills));
      if (run.failure !== undefined) throw await explained(simulator, run, seed);
      steps += run.steps;
      hash = Math.imul(hash ^ run.hash, 0x01000193) >>> 0;
      onSeed?.(seed - first + 1);
      if (systemClock.now() < sliceEndMs) continue;
      await macrotask();
      sliceEndMs = systemClock.now() + SLICE_MS;
    }
    return { seeds, steps, hash: hex(hash) };
  } finally {
    await simulator.stop();
  }
}

/** The error of a failed run, with the smallest list of choices that fails in the same way. */
async function explained(simulator: Simulator, failed: Run, seed: number | undefined): Promise<SimulationError> {
  const { failure } = failed;
  if (failure === undefined) throw new Error("this run has not failed");
  const endMs = systemClock.now() + SHRINK_MS;
  const replay = async (choices: readonly number[]) => {
    const { run } = await simulator.play(new Given(choices));
    return run.failure?.kind === failure.kind && signature(run.failure) === signature(failure)
      ? run.choices
      : undefined;
  };
  const choices = await shrink(failed.choices, replay, () => systemClock.now() < endMs);
  const { run, story } = await simulator.play(new Given(choices), true);
  return new SimulationError(run.failure ?? failure, seed, choices, story);
}

/** What two failures of the same fault have in common: numbers in the reason may differ. */
function signature({ reason }: Failure): string {
  return reason.replaceAll(/(?<!:)\b\d+\b(?!:)/g, "N");
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}
