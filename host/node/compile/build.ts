/**
 * The public `build`: compiles guests in a worker thread. The first file of `compile/`.
 *
 * Guarantee: every entry gets an answer. The AssemblyScript compiler ends its process when it meets
 * a bug of its own. Here only the worker ends: the entry that caused it gets an error, and a new
 * worker compiles the entries after it.
 *
 * This folder imports wire/ and the binary readers of module/ from host/, and guest/transform/.
 */
import { join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { MAX_STACK_BYTES } from "../../../guest/transform/layout.ts";
import { type Check, checkOptions, checksOf, flag, oneOf, shown, text, wholeNumber } from "../../wire/checks.ts";
import { CODE_EXTENSION, CODE_FOLDER } from "../installation.ts";
import { COMPILER_PACKAGES, needPackages } from "../optional-packages.ts";
import { CompileCache, cacheFolder, type Inputs } from "./cache.ts";
import type { CompileReply, CompileRequest } from "./compile-worker.ts";
import type { Compiled } from "./compiled.ts";
import { type CompileOptions, FEATURES } from "./options.ts";

export interface BuildOptions extends CompileOptions {
  /**
   * Milliseconds that each entry may take. The compiler is ended when it takes longer. Default: no
   * limit.
   */
  timeoutMs?: number;
  /**
   * The folder where compiled guests are kept, so that the same sources are not compiled again; false: none is kept. Default: the folder that the
   * environment variable ISOPOD_CACHE names (`off`: none), or else `isopod` in the user's folder for caches.
   */
  cache?: string | false;
}

const buildChecks = checksOf<BuildOptions>({
  park: oneOf("asyncify", "jspi"),
  reductions: oneOf("none", "count", "yield"),
  trusted: flag,
  debug: flag,
  initialPages: wholeNumber(1, 65_536),
  stackBytes: wholeNumber(1, MAX_STACK_BYTES),
  baseDir: text,
  transforms: (value, name, where) => listOf(value, name, where, text),
  enable: (value, name, where) => listOf(value, name, where, oneOf(...FEATURES)),
  // The longest delay of setTimeout.
  timeoutMs: wholeNumber(0, 2 ** 31 - 1),
  cache: (value, _, where) => {
    if (value !== false && (typeof value !== "string" || value === "")) {
      throw new TypeError(`${where}: cache is the path of a folder, or false, not ${shown(value)}`);
    }
  },
});

const WORKER = join(CODE_FOLDER, `host/node/compile/compile-worker${CODE_EXTENSION}`);
function listOf(value: unknown, name: string, where: string, check: Check): void {
  if (!Array.isArray(value)) throw new TypeError(`${where}: ${name} is a list, not ${shown(value)}`);
  for (const element of value) check(element, `each of ${name}`, where);
}

/**
 * Compiles all entries, one after another. The first takes about a second, each further one a
 * quarter of a second, also in a call that comes within ten seconds.
 * Guests that were compiled before are taken from the cache; see `cache`.
 *
 * @param entries paths of AssemblyScript or WebAssembly files, absolute or relative to
 * `options.baseDir`; or one such path
 * @returns one result for each entry, in the order given, or the one; `load` takes it, and throws its errors.
 * It has `wasm`, or diagnostics of which at least one is an error
 * @throws {MissingPackageError} where the compiler is not installed
 * @throws {TypeError} where `entries` is neither a path nor an array, or an option has the wrong type
 * @throws {RangeError} where an option is out of its range
 */
export function build(entry: string, options?: BuildOptions): Promise<Compiled>;
export function build(entries: readonly string[], options?: BuildOptions): Promise<Compiled[]>;
export async function build(
  entries: string | readonly string[],
  options: BuildOptions = {},
): Promise<Compiled | Compiled[]> {
  if (typeof entries === "string") return (await build([entries], options))[0];
  if (!Array.isArray(entries)) throw new TypeError('build takes a path or a list of paths: build("guest.ts")');
  checkOptions("build", options, buildChecks);
  const builder = takeIdle() ?? new Builder();
  try {
    const results: Compiled[] = [];
    for (const entry of entries) results.push(await builder.build(entry, options));
    return results;
  } finally {
    if (idle === undefined) keepIdle(builder);
    else await builder.close();
  }
}

const IDLE_MS = 10_000;

/**
 * The builder of the last call. A call that comes within ten seconds uses it, because a new compiler
 * takes seconds to start.
 */
let idle: { readonly builder: Builder; readonly timer: NodeJS.Timeout } | undefined;

function takeIdle(): Builder | undefined {
  const builder = idle?.builder;
  clearTimeout(idle?.timer);
  idle = undefined;
  return builder;
}

/** Keeps a builder for the next call. The process may end meanwhile. */
function keepIdle(builder: Builder): void {
  builder.unref();
  idle = { builder, timer: setTimeout(() => void takeIdle()?.close(), IDLE_MS).unref() };
}

/** Keeps its worker from one entry to the next, until `close`. It compiles one entry at a time. */
export class Builder {
  #worker: Worker | undefined;

  async build(entry: string, { timeoutMs, cache, ...options }: BuildOptions): Promise<Compiled> {
    needPackages("the compiler of guests", COMPILER_PACKAGES);
    const hasTransforms = options.transforms !== undefined && options.transforms.length > 0;
    const folder = hasTransforms ? undefined : cacheFolder(cache);
    const kept = folder === undefined ? undefined : new CompileCache(folder);
    const found = await kept?.find(entry, options);
    if (found !== undefined) return found;
    const isNew = this.#worker === undefined;
    const worker = this.#worker ?? this.#start();
    worker.ref();
    const { compiled, inputs } = await ask(worker, isNew, { entry, options }, timeoutMs);
    // A transform may keep a state, and its file may change before the next entry.
    if (hasTransforms) await this.close();
    if (inputs !== undefined) await kept?.keep(compiled, inputs, options);
    return compiled;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** The process may end while the worker has nothing to do. */
  unref(): void {
    this.#worker?.unref();
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { name: "isopod build" });
    // While it compiles, `ask` listens. Otherwise the next entry gets a new worker.
    worker.on("error", () => {});
    worker.on("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }
}

interface Answer {
  readonly compiled: Compiled;
  /** What it was made of. Undefined where the thread has ended. */
  readonly inputs?: Inputs;
}

/** @param isNew whether the worker has not said yet that it listens */
function ask(worker: Worker, isNew: boolean, request: CompileRequest, timeoutMs: number | undefined): Promise<Answer> {
  return new Promise(done => {
    let log = "";
    let timedOut = false;
    const onTimeout = () => {
      timedOut = true;
      void worker.terminate();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs);
    const onMessage = (reply: CompileReply) => {
      if ("ready" in reply) worker.postMessage(request);
      else if ("log" in reply) log += reply.log;
      // Binaryen says only here, and not in asc's own output, why a module is invalid.
      else {
        const { compiled, inputs } = reply;
        settle({ compiled: compiled.wasm ? compiled : { ...compiled, text: compiled.text + log }, inputs });
      }
    };
    // A worker that fails also exits. The error comes first, and says more.
    const onError = (error: unknown) => {
      log += error instanceof Error ? (error.stack ?? error.message) : String(error);
    };
    const onExit = () => settle({ compiled: timedOut ? tookTooLong(request) : crashed(request, log) });
    const settle = (answer: Answer) => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      done(answer);
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    if (!isNew) worker.postMessage(request);
  });
}

function crashed(request: CompileRequest, log: string): Compiled {
  // asc reports its own crashes in these words. Any other crash is in isopod or in Binaryen.
  const stage = /has crashed during (\w+)/.exec(log)?.[1];
  if (stage !== undefined) {
    const message = `the AssemblyScript compiler crashed in "${stage}" while it compiled "${request.entry}"; change what you wrote last`;
    return failed(request, message, log);
  }
  const why = log.split("\n").find(line => line.trim() !== "");
  return failed(
    request,
    `"${request.entry}" was not built, because of a fault in isopod or in Binaryen${why ? `: ${why.trim()}` : ""}`,
    log,
  );
}

function tookTooLong(request: CompileRequest): Compiled {
  return failed(request, `the compiler took too long over "${request.entry}" and was ended`, "");
}

function failed({ entry, options }: CompileRequest, message: string, log: string): Compiled {
  return {
    entry,
    diagnostics: [{ severity: "error", message, code: 0, file: resolve(options.baseDir ?? ".", entry) }],
    sources: [resolve(options.baseDir ?? ".", entry)],
    text: `ERROR: ${message}\n${log}`,
  };
}
