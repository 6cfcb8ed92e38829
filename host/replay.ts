/**
 * Records actors and replays their crashes: `isopod/replay`. docs/replay.md says how.
 */

import type { DerivedModule } from "./module/derived-module.ts";
import type { GuestModule } from "./module/guest-module.ts";
import type { RuntimeOptions } from "./options.ts";
import { type RecordingFile, readFile } from "./recording/file.ts";
import { hex } from "./recording/hash.ts";
import { ABI_IMPORTS } from "./recording/imports.ts";
import { movedMap } from "./recording/moved-map.ts";
import { Player } from "./recording/player.ts";
import { ReplayError } from "./recording/replay-error.ts";
import type { ReplayStep } from "./recording/steps.ts";
import { Runtime } from "./runtime.ts";
import { SimulatedClock } from "./simulation/clock.ts";
import { callback, checkOptions, checksOf, flag, text } from "./wire/checks.ts";
import type { HostImports } from "./wire/host-functions.ts";
import { defaultLimits } from "./wire/limits.ts";
import type { ExitReason } from "./wire/message.ts";
import { type Pid, pidFromWords } from "./wire/pid.ts";

export { type RecordOptions, recorder } from "./recording/recorder.ts";
export { ReplayError } from "./recording/replay-error.ts";
export type { Recorder } from "./recording/seam.ts";
export type { CallStep, ItemStep, ReplayStep } from "./recording/steps.ts";
export type { Recording } from "./wire/recording.ts";

/** Options of `replay`. */
export interface ReplayOptions {
  /**
   * The module, where the recording does not hold it because it has more than 1 MiB. Gets the module's name and its
   * SHA-256 as it was rewritten.
   */
  readonly module?: (name: string, hash: string) => Uint8Array | PromiseLike<Uint8Array>;
  /**
   * The recorded module was built by `isopod build --trusted`, and you trust whoever has made the file. A module that
   * `module` hands over is trusted if the recorded one was.
   */
  readonly trusted?: boolean;
  /** The address at which a debugger finds the module's source map: serve `Replay.sourceMap` there. */
  readonly mapUrl?: string;
  readonly readSourceMap?: RuntimeOptions["readSourceMap"];
  readonly readString?: RuntimeOptions["readString"];
  /** Is told of each item that comes, and of each call whose answer the recording has. The replay is then slower. */
  readonly onStep?: (step: ReplayStep) => void;
}

/** How a replay has ended. */
export interface ReplayResult {
  /** Why the actor has ended in the replay. Undefined: it lives, because the replay was stopped before the end. */
  readonly reason: ExitReason | undefined;
  /** Why the recorded actor has ended. */
  readonly recorded: ExitReason;
  /** The replay has ended in a crash where the recorded actor did, with the same memory. */
  readonly isSame: boolean;
  /** The memory and the globals are those of the recorded actor. */
  readonly isSameMemory: boolean;
  /** Items that were brought, counted from the recorded actor's beginning. */
  readonly items: number;
}

const checks = checksOf<ReplayOptions>({
  ...{ module: callback, trusted: flag, mapUrl: text, readSourceMap: callback, readString: callback, onStep: callback },
});

/** A recorded actor in a runtime of its own, before its first step. */
export class Replay {
  readonly #file: RecordingFile;
  readonly #player: Player;
  readonly #module: GuestModule;
  readonly runtime: Runtime;

  constructor(file: RecordingFile, player: Player, module: GuestModule, runtime: Runtime) {
    this.#file = file;
    this.#player = player;
    this.#module = module;
    this.runtime = runtime;
  }

  /** The pid of the recorded actor. */
  get pid(): Pid {
    const [lo, hi] = this.#file.header.pid;
    return pidFromWords(lo, hi);
  }

  get module(): string {
    return this.#file.header.name;
  }

  /** The engine that has recorded it, as it calls itself. */
  get engine(): string {
    return this.#file.header.engine;
  }

  /** Functions of the embedder had the actor's memory, so the replay may differ. */
  get isExposed(): boolean {
    return this.#file.header.isExposed;
  }

  /** How many items had come before the recording begins. */
  get itemsBefore(): number {
    return this.#file.header.itemsBefore;
  }

  /**
   * The source map of the module as it runs here: a debugger that has it stops in the sources. Undefined where the
   * recording has no map. It needs `readSourceMap`.
   */
  get sourceMap(): string | undefined {
    const { sourceMap } = this.#file;
    return sourceMap.length === 0 ? undefined : movedMap(new TextDecoder().decode(sourceMap), this.#module.changes);
  }

  /**
   * Plays to the end, or until so many items were brought, counted from the recorded actor's beginning.
   *
   * @throws {ReplayError} where the replay differs from the recording, with the item
   */
  play(lastItem?: number): ReplayResult {
    const player = this.#player;
    player.play(lastItem);
    const { end } = this.#file.header;
    if (player.isOver && lastItem === undefined) player.finish();
    const { ending } = player;
    const reason = ending && this.#module.located(ending.reason);
    const isSameMemory = ending !== undefined && ending.hash === end.hash;
    return {
      reason,
      isSame: isSameMemory && reason?.kind === "crashed" && player.playback.isAtEnd,
      recorded: { kind: "crashed", message: end.located, stack: end.stack },
      isSameMemory,
      items: player.playback.item,
    };
  }
}

/**
 * Opens a recording to replay it.
 *
 * @throws {ReplayError} where the bytes are no recording, are damaged or of another version, or where the module
 *   is missing or another one
 */
export async function replay(bytes: Uint8Array, options: ReplayOptions = {}): Promise<Replay> {
  checkOptions("replay", options, checks);
  const file = readFile(bytes);
  const { header } = file;
  if (header.imports !== ABI_IMPORTS.length) {
    throw new ReplayError("the recording was made by another version of isopod: use that one to replay it");
  }
  const player = new Player(file, options.onStep, options.mapUrl);
  const runtime = new Runtime({
    ...{ record: player, simulation: player.simulation, clock: new SimulatedClock(), limits: limitsOf(file) },
    ...{ imports: standIns(header.functions), grants: "all", onLog: () => undefined },
    ...(options.readSourceMap === undefined ? {} : { readSourceMap: options.readSourceMap }),
    ...(options.readString === undefined ? {} : { readString: options.readString }),
  });
  try {
    const module = await moduleOf(file, runtime, options);
    let derived: GuestModule | DerivedModule = module;
    for (const [i, image] of file.derived.entries()) {
      derived = runtime.derive(derived, image, { begin: header.derived[i].begins, name: header.derived[i].name });
    }
    const spawn = {
      ...{ args: file.args, record: true, grants: "all" as const, way: header.way },
      ...(header.reductions === null ? {} : { reductions: header.reductions }),
    };
    if (file.image.length > 0) runtime.spawnImage(derived, file.image, spawn);
    else runtime.spawn(derived, { ...spawn, entry: header.entry });
    player.begin();
    return new Replay(file, player, module, runtime);
  } catch (error) {
    if (error instanceof ReplayError) throw error;
    throw new ReplayError(`the recording cannot be replayed: ${(error as Error).message}`, { cause: error });
  }
}

async function moduleOf(file: RecordingFile, runtime: Runtime, options: ReplayOptions): Promise<GuestModule> {
  const { name, hash, counts, trusted } = file.header.module;
  const isInside = file.module.length > 0;
  if (trusted && isInside && options.trusted !== true) {
    throw new ReplayError(
      `${name} was loaded as trusted: replay it as trusted, too, if you trust whoever made the file`,
    );
  }
  const wasm = isInside ? file.module : await options.module?.(name, hash);
  if (wasm === undefined) throw new ReplayError(`the recording has no module, because it is large: hand over ${name}`);
  const sourceMap = file.sourceMap.length === 0 ? undefined : new TextDecoder().decode(file.sourceMap);
  const module = await runtime.load(
    { wasm: wasm as Uint8Array<ArrayBuffer>, ...(sourceMap === undefined ? {} : { sourceMap }) },
    { name, reductions: counts ? "count" : "none", ...(trusted ? { trusted } : {}) },
  );
  if (hash !== "" && (module.hash === undefined || hex(module.hash) !== hash)) {
    throw new ReplayError(
      `this isopod makes another module of ${name} than the one that was recorded: use the version that has recorded it`,
    );
  }
  return module;
}

/** Limits of a runtime are the replay's own. */
const OF_RUNTIMES = /^(actors|fibers|instances|moduleBytes|tableElements|all[A-Z])/;

/** The limits of the actor. */
function limitsOf({ header }: RecordingFile): typeof defaultLimits {
  const own = Object.entries(header.limits ?? {}).filter(
    ([name, value]) =>
      Object.hasOwn(defaultLimits, name) && !OF_RUNTIMES.test(name) && Number.isInteger(value) && value >= 0,
  );
  return { ...defaultLimits, ...Object.fromEntries(own), familyActors: 10 } as typeof defaultLimits;
}

/** Functions of the names that the embedder's had. The log answers in their place. */
function standIns(functions: readonly string[]): HostImports {
  const modules: Record<string, Record<string, () => number>> = {};
  for (const full of functions) {
    const dot = full.indexOf(".");
    const [module, name] = [full.slice(0, dot), full.slice(dot + 1)];
    modules[module] ??= {};
    modules[module][name] = () => 0;
  }
  return modules;
}
