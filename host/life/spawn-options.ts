/** What a spawn may say beside the module, and what a definition says for all spawns by its name. */
import { reductionChecks } from "../turns/reduction-policy.ts";

import { callback, checksOf, flag, oneOf, options, text } from "../wire/checks.ts";

import type { Grants } from "../wire/grants.ts";
import type { Limits, ReductionOptions, WayName } from "../wire/limits.ts";

export interface SpawnOptions {
  /** The export to run. Default: `run` if there is one, else `handle`, else `_start`. */
  readonly entry?: string;
  /** A name that the actor has from the start. The spawn fails where another one has it. */
  readonly name?: string;
  /** What the guest's import `args` gives it; a string becomes UTF-8. */
  readonly args?: Uint8Array | string;
  /** How the guest waits. Default: the way that the module was built for. */
  readonly way?: WayName;
  /** Limits of this actor that differ from the runtime's. */
  readonly limits?: Partial<Limits>;
  /**
   * What happens when it computes for long. Only a module that counts its reductions can be
   * stopped: `load` with `reductions`, or `isopod build --reductions`.
   */
  readonly reductions?: ReductionOptions;
  /**
   * What the guest may do beyond sending and receiving. Its children get no more. Default: the
   * runtime's `grants`.
   */
  readonly grants?: Grants | "all";
  /**
   * The thread on which it lives, in a runtime with several (docs/threads.md). Default: what the definition says,
   * else the thread of its parent.
   */
  readonly thread?: number;
  /**
   * Records what happens to the actor, so that a crash can be replayed (docs/replay.md). The runtime must have a
   * recorder. Default: as the recorder's `modules` say.
   */
  readonly record?: boolean;
}

/** Where actors of a defined module begin: beside their parents, on each thread in turn, or on this thread. */
export type Placement = "here" | "spread" | number;

/**
 * How a defined module is spawned, unless the spawn says otherwise. A guest that spawns it chooses
 * the entry and the arguments only, and its child gets only those of these grants that the guest
 * has.
 */
export interface ModuleDefaults extends Omit<SpawnOptions, "args" | "name" | "thread"> {
  /** Default `here`. In a runtime with one thread it has no effect. */
  readonly placement?: Placement;
}

/** Options of `derive`. */
export interface DeriveOptions {
  /**
   * `parked`: actors of the module wait where the actor of the image was parked. `entry`: they run its entry from
   * the beginning, on its memory, and no start function. Handlers wait for their next item in both cases.
   * Default `parked`.
   */
  readonly begin?: "parked" | "entry";
  /** The module's name in messages and observers. Default: that of its base. */
  readonly name?: string;
  /** What its actors are written in, if that is not their base's language: for observers. */
  readonly language?: "javascript";
  /** Writes the places of the sources into the stack of an actor that has crashed, for example by a source map. */
  readonly inSources?: (stack: string) => string;
}

export const deriveChecks = checksOf<DeriveOptions>({
  begin: oneOf("parked", "entry"),
  name: text,
  language: oneOf("javascript"),
  inSources: callback,
});

export const spawnChecks = checksOf<SpawnOptions>({
  entry: text,
  name: text,
  args: null,
  way: oneOf("handler", "asyncify", "jspi"),
  limits: null,
  reductions: options(reductionChecks),
  grants: null,
  // Checked by runtimes that have threads, as `placement` is.
  thread: null,
  record: flag,
});
const { args: _args, name: _name, thread: _thread, ...checksOfDefaults } = spawnChecks;
export const defaultsChecks = checksOf<ModuleDefaults>({
  ...checksOfDefaults,
  placement: null,
});
