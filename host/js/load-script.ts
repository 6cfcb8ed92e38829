/**
 * Loads a script. An actor of the engine without a grant evaluates it, once. Its state becomes the first state of
 * the module that all actors of the script begin with.
 */
import {
  CallError,
  type DerivedModule,
  type ExitReason,
  type GuestModule,
  type ModuleSource,
  type Pid,
  Reader,
  type Runtime,
  Writer,
} from "../index.ts";
import { callback, checkOptions, checksOf, flag, oneOf, text, wholeNumber } from "../wire/checks.ts";
import { formatReason } from "../wire/reason.ts";
import { engineOf } from "./engine.ts";
import { ScriptError } from "./script-error.ts";
import { noteShape, type ScriptShape } from "./shape.ts";
import { inlineMap, stacksBy } from "./source-maps.ts";
import { withoutTypes } from "./types.ts";
import { WARM_UP } from "./warm-up.ts";

export interface ScriptOptions {
  /** The script's name in errors and observers. The imports of the script are relative to it. Default `script.js`. */
  readonly name?: string;
  /** `ts`: types are taken out, in engines that can (Node 22.13 or later). Default: as the name ends. */
  readonly language?: "js" | "ts";
  /** The sources of the modules that the script imports, by name. `import("./b.js")` finds `b.js`. */
  readonly modules?: Readonly<Record<string, string>>;
  /** Gives the source of a module that `modules` has not. Undefined: there is no such module. */
  readonly resolve?: (name: string, importer: string) => string | undefined | PromiseLike<string | undefined>;
  /** The script's source map, as JSON: crashes then name its sources. Default: the map that the script ends with. */
  readonly sourceMap?: string;
  /** Whether the script may use `eval` and `Function`. Default true. */
  readonly eval?: boolean;
  /** Milliseconds that evaluating the script may take. Default 100. */
  readonly loadMs?: number;
  /** Reductions that evaluating the script may take. Default 500,000,000. */
  readonly loadReductions?: number;
  /** Pages of 64 KiB that the script may have when it is evaluated. Default: the limit of the runtime. */
  readonly memoryPages?: number;
  /** The engine, `isopod/js-engine.wasm`, where it is not fetched beside this code. The first script of a runtime decides. */
  readonly engine?: ModuleSource;
}

const MOST_MS = 2 ** 31 - 1;

const checks = checksOf<ScriptOptions>({
  name: text,
  language: oneOf("js", "ts"),
  modules: null,
  resolve: callbackCheck,
  sourceMap: text,
  eval: flag,
  loadMs: wholeNumber(1, MOST_MS),
  loadReductions: wholeNumber(1, 2 ** 31 - 2),
  memoryPages: wholeNumber(1, 65_536),
  engine: null,
});

const LOAD_MS = 100;
const LOAD_REDUCTIONS = 500_000_000;
/** As the engine reads its arguments: script.c. */
const MAY_EVAL = 1;
/** A module that imports itself by ever new names would go on for ever. */
const MOST_MODULES = 10_000;
/** Turns that a loader may take after its answer. */
const MOST_TURNS = 100;

/** No actor of anyone is within its reach. */
const alone = {
  ...{ familyActors: 1, spawnsPerSecond: 0, timers: 0, ties: 0, names: 0, unknownPids: 0, hostCalls: 0 },
  logBytesPerSecond: 0,
};

function callbackCheck(value: unknown, name: string, where: string): void {
  callback(value, name, where);
}

/**
 * Evaluates a script and makes a module of it, which `spawn` and `define` take. The script is an ES module, and
 * exports one of: `onMessage(message)`; `async main()`; or functions that callers call by name. Rejects with a
 * ScriptError that says what is wrong with the script.
 */
export async function loadScript(
  runtime: Runtime,
  source: string,
  options: ScriptOptions = {},
): Promise<DerivedModule> {
  checkOptions("loadScript", options, checks);
  const { name = "script.js" } = options;
  const engine = await engineOf(runtime, options.engine, engine => warmUp(runtime, engine));
  const modules = new Map([[name, source]]);
  for (const [key, text] of Object.entries(options.modules ?? {})) modules.set(key.replace(/^\.\//, ""), text);
  while (true) {
    const loaded = await evaluate(runtime, engine, modules, options);
    if (!Array.isArray(loaded)) return loaded as DerivedModule;
    for (const [missing, importer] of loaded) {
      const found = await options.resolve?.(missing, importer);
      if (typeof found !== "string") throw new ScriptError(`${importer} imports ${missing}, which is not there`);
      modules.set(missing, found);
    }
    if (modules.size > MOST_MODULES) throw new ScriptError(`${name} has more than ${MOST_MODULES} modules`);
  }
}

/**
 * Evaluates a script of ours. JavaScript engines compile each function of WebAssembly when it is first called, and that
 * must not count as time of the first script.
 */
async function warmUp(runtime: Runtime, engine: GuestModule): Promise<void> {
  const name = "warm-up.js";
  const module = await evaluate(runtime, engine, new Map([[name, WARM_UP]]), { name, loadMs: MOST_MS });
  runtime.unload(module as DerivedModule);
}

type Missing = readonly (readonly [name: string, importer: string])[];

/** The module, or what the script imports and was not given. */
async function evaluate(
  runtime: Runtime,
  engine: GuestModule,
  modules: ReadonlyMap<string, string>,
  options: ScriptOptions,
): Promise<DerivedModule | Missing> {
  const { name = "script.js", loadMs = LOAD_MS, loadReductions = LOAD_REDUCTIONS } = options;
  const { memoryPages = runtime.limits.memoryPages } = options;
  const loader = runtime.spawn(engine, {
    args: written(modules, options),
    grants: {},
    limits: { ...alone, memoryPages, turnMs: loadMs, handlerReductions: loadReductions },
  });
  try {
    const shape = shapeIn(await runtime.call(loader, "", { timeoutMs: Number.POSITIVE_INFINITY }));
    // main begins with its actor; the others wait for their first item as the loader does.
    const begin = shape.kind === "main" ? "entry" : "parked";
    const inSources = await stacksBy(mapsOf(modules, options));
    const derived = { begin, name, language: "javascript", ...(inSources && { inSources }) } as const;
    const module = runtime.derive(engine, await imageOf(runtime, loader, name), derived);
    noteShape(module, shape);
    return module;
  } catch (error) {
    if (!(error instanceof CallError) || error.reason === undefined) throw error;
    if (error.reason.kind === "custom") return missingIn(error.reason.bytes);
    throw failure(name, error.reason, await stacksBy(mapsOf(modules, options)));
  } finally {
    end(runtime, loader);
  }
}

/** The arguments of the loader. */
function written(modules: ReadonlyMap<string, string>, { language, eval: mayEval = true }: ScriptOptions): Uint8Array {
  const writer = new Writer().u32(mayEval ? MAY_EVAL : 0).u32(modules.size);
  let isFirst = true;
  for (const [name, source] of modules) {
    if (/^isopod([:/]|$)/.test(name))
      throw new ScriptError(`a module cannot be called ${name}: such names are isopod's own`);
    const isTyped = isFirst && language !== undefined ? language === "ts" : /\.m?ts$/.test(name);
    writer.text(name).text(isTyped ? withoutTypes(name, source) : source);
    isFirst = false;
  }
  return writer.toBytes();
}

function shapeIn(bytes: Uint8Array): ScriptShape {
  const reader = new Reader(bytes);
  const [kind, ...functions] = Array.from({ length: reader.u32() }, () => reader.text());
  return { kind: kind as ScriptShape["kind"], functions };
}

function missingIn(bytes: Uint8Array): Missing {
  const reader = new Reader(bytes);
  return Array.from({ length: reader.u32() }, () => [reader.text(), reader.text()] as const);
}

/** The source maps of the modules, by their names. */
function mapsOf(modules: ReadonlyMap<string, string>, { name = "script.js", sourceMap }: ScriptOptions) {
  const maps = new Map<string, string>();
  for (const [module, source] of modules) {
    const map = module === name ? (sourceMap ?? inlineMap(source)) : inlineMap(source);
    if (map !== undefined) maps.set(module, map);
  }
  return maps;
}

function failure(name: string, reason: ExitReason, inSources: ((stack: string) => string) | undefined): ScriptError {
  if (reason.kind !== "crashed") return new ScriptError(`${name}: ${formatReason(reason)}`);
  const stack = inSources?.(reason.stack) ?? reason.stack;
  return new ScriptError(`${name}: ${reason.message}`, stack);
}

/**
 * The image of a loader that has answered. It may have been preempted before its next receive, and a script can keep
 * it busy.
 */
async function imageOf(runtime: Runtime, loader: Pid, name: string): Promise<Uint8Array> {
  for (let turns = 0; turns < MOST_TURNS; turns++) {
    const state = runtime.info(loader)?.state;
    if (state === "parked") return runtime.image(loader);
    if (state === undefined) break;
    await runtime.queueDelay();
  }
  throw new ScriptError(`${name}: it does not wait when it is loaded: it must not send to itself, for example`);
}

/** The loader has done its work. */
function end(runtime: Runtime, loader: Pid): void {
  runtime.exit(loader, { kind: "shutdown" });
}
