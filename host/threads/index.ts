/**
 * `isopod/threads`: one runtime over worker threads. Its actors are on all threads, and talk as if they were on one.
 * This is the first file of the room host/threads/. It guarantees what one runtime guarantees: the order of a pair, one
 * Down each, unique names. A thread that is lost is `noconnection` for every tie to its actors. docs/threads.md is
 * the guide.
 */
import { readString } from "../adapters/assemblyscript.ts";
import { kernelModule } from "../mail/kernel-module.ts";
import type { RuntimeOptions } from "../options.ts";
import { shown } from "../wire/checks.ts";
import { type RuntimeLimits, runtimeLimits } from "../wire/limits.ts";
import { MOST_THREADS } from "../wire/pid.ts";
import { runSetup } from "./setup.ts";
import { SharedSpace } from "./shared.ts";
import { ThreadedRuntime } from "./threaded-runtime.ts";
import { Workers } from "./workers.ts";

export type { Setup, ThreadSetup } from "./setup.ts";
export { ThreadedRuntime } from "./threaded-runtime.ts";
export type { ThreadLoad, Threads } from "./threads.ts";

/** Options of a runtime with threads. */
export interface ThreadOptions extends Omit<RuntimeOptions, "record"> {
  /** How many threads, this one included: 1 to 64, or one for each processor. */
  readonly threads: number | "all";
  /**
   * The address of a module that every thread runs. Its default export gets `{ thread }`, and returns the `imports`,
   * `onLog` and `readString` of that thread, because functions cannot be sent to another one.
   */
  readonly setup?: string | URL;
}

/** Makes the runtime of thread 0. */
export type MakeRuntime<T extends ThreadedRuntime> = (...given: ConstructorParameters<typeof ThreadedRuntime>) => T;

/**
 * Makes a runtime over several threads. It keeps the process alive until `stop`. Rejects with a TypeError for options
 * that only one thread can have, and with an EngineError where a thread cannot begin.
 */
export function createRuntime(options: ThreadOptions): Promise<ThreadedRuntime> {
  return createThreads(options, (...given) => new ThreadedRuntime(...given));
}

/** The same, for a class of runtimes of its own. */
export async function createThreads<T extends ThreadedRuntime>(
  { threads: asked, setup, ...options }: ThreadOptions,
  make: MakeRuntime<T>,
): Promise<T> {
  const threads = asked === "all" ? processors() : asked;
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS) {
    throw new RangeError(
      `createRuntime: threads is a whole number from 1 to ${MOST_THREADS}, or "all", not ${shown(asked)}`,
    );
  }
  if (threads > 1) checkFunctions(options, setup);
  const address = setup === undefined ? undefined : String(setup);
  const space = threads > 1 ? SharedSpace.create(threads) : undefined;
  const kernel = options.kernel ?? kernelModule();
  const limits = shareOf(runtimeLimits(options.limits), threads);
  const own = await runSetup(address, 0);
  const workers = new Workers();
  const runtime = make({ ...own, ...options, kernel, limits }, threads, space, workers);
  const { grants, sliceMs, hibernateAfterMs, onExit, onDeadLetter, onDenied } = options;
  const tells = { exits: onExit !== undefined, letters: onDeadLetter !== undefined, denials: onDenied !== undefined };
  const isAssemblyScript = options.readString === readString;
  const others = { kernel, limits, grants, sliceMs, hibernateAfterMs, tells, isAssemblyScript };
  runtime.opened(await workers.begin(threads, space, address, others));
  return runtime;
}

/** One for each processor. */
function processors(): number {
  return Math.min(MOST_THREADS, globalThis.navigator?.hardwareConcurrency ?? 1);
}

/** Functions that every thread calls must come from the setup module. */
function checkFunctions(options: RuntimeOptions, setup: string | URL | undefined): void {
  for (const name of ["clock", "random", "record", "simulation"] as const) {
    if (options[name] === undefined) continue;
    throw new TypeError(`createRuntime: ${name} cannot be sent to other threads, so a runtime with threads has none`);
  }
  const own = options.readString !== undefined && options.readString !== readString ? ["readString"] : [];
  const functions = [...(options.imports === undefined ? [] : ["imports"]), ...own];
  if (functions.length === 0 || setup !== undefined) return;
  throw new TypeError(
    `createRuntime: ${functions.join(" and ")} cannot be sent to other threads, because functions cannot be cloned: return them from a setup module, { setup: new URL("./setup.js", import.meta.url) }`,
  );
}

/** The limits of one thread: those of all actors together are divided. */
function shareOf(limits: RuntimeLimits, threads: number): RuntimeLimits {
  const part = (limit: number) => Math.max(1, Math.floor(limit / threads));
  const { actors, fibers, instances, allInstances, allMemoryBytes, allMailboxBytes } = limits;
  return {
    ...limits,
    ...{ actors: part(actors), fibers: part(fibers), instances: part(instances), allInstances: part(allInstances) },
    ...{ allMemoryBytes: part(allMemoryBytes), allMailboxBytes: part(allMailboxBytes) },
  };
}
