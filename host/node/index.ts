/**
 * `isopod/node`: all public names of `isopod`, the compiler, and a runtime with Node's defaults.
 *
 * Guarantee: an option that the caller sets wins over a default.
 *
 * `node/` imports host/index.ts, wire/, web/ and the adapters. Only `compile/` also imports the
 * binary readers of module/. No other room imports `node/`.
 */

import { readString } from "../adapters/assemblyscript.ts";
import { readSourceMap } from "../adapters/source-map.ts";
import type { Denial, RuntimeOptions } from "../index.ts";
import type { ThreadOptions } from "../threads/index.ts";
import { adviceFor, hasTrapHandlerFlag } from "./engine.ts";
import { NodeRuntime } from "./node-runtime.ts";
import type { NodeThreadedRuntime } from "./node-threads.ts";
import { read } from "./read.ts";
import type { RecordToFolder } from "./recordings.ts";

export * from "../index.ts";
export { type BuildOptions, build } from "./compile/build.ts";
export type { Compiled, Diagnostic } from "./compile/compiled.ts";
export type { NodeRuntime } from "./node-runtime.ts";
export type { NodeThreadedRuntime } from "./node-threads.ts";
export type { ObserveOptions, ObserverServer } from "./observer/server.ts";
export { MissingPackageError } from "./optional-packages.ts";
export type { RecordToFolder } from "./recordings.ts";

/** A memory takes two kernel mappings. At 32,000 memories the process would abort. */
const MAX_INSTANCES_WITH_FLAG = 30_000;
/** Without the flag, V8 refuses the 13,000th memory. */
const MAX_INSTANCES = 12_000;

export interface NodeRuntimeOptions extends Omit<RuntimeOptions, "record"> {
  /** Records actors, so that their crashes can be replayed: which, and where to ([replay.md](replay.md)). */
  readonly record?: RecordToFolder | RuntimeOptions["record"];
  /**
   * Writes no notice about a missing engine flag or a missing grant to stderr. Default: false.
   * The environment variable ISOPOD_QUIET=1 does the same.
   */
  readonly quiet?: boolean;
}

let told = false;

/**
 * A runtime whose `load` also takes paths and `file:` URLs, and whose crashes carry
 * AssemblyScript's messages and places.
 *
 * The limit `allInstances` is 30,000 where Node runs with `--disable-wasm-trap-handler`, and 12,000
 * otherwise. The first call without the flag writes one line about it to stderr; in Bun the line
 * names Bun's setting. Without an `onDenied`, one line on stderr also reports the first call of a
 * guest that is not granted.
 */
export function createRuntime(options?: NodeRuntimeOptions): NodeRuntime;
/** The same, over several threads: see `isopod/threads`. */
export function createRuntime(
  options: Omit<NodeRuntimeOptions, "record"> & ThreadOptions,
): Promise<NodeThreadedRuntime>;
export function createRuntime({
  quiet,
  threads,
  setup,
  record,
  ...options
}: NodeRuntimeOptions & Partial<Pick<ThreadOptions, "threads" | "setup">> = {}):
  | NodeRuntime
  | Promise<NodeThreadedRuntime> {
  if (quiet !== undefined && typeof quiet !== "boolean") throw new TypeError("createRuntime: quiet is true or false");
  const flag = hasTrapHandlerFlag();
  const speaks = !quiet && !/^(1|true|yes)$/i.test(process.env.ISOPOD_QUIET ?? "");
  const { versions, env } = process;
  const advice = speaks && !told ? adviceFor({ versions, env, hasFlag: flag }, MAX_INSTANCES) : undefined;
  if (advice !== undefined) {
    told = true;
    process.stderr.write(`isopod: ${advice} (ISOPOD_QUIET=1 hides this)\n`);
  }
  const limits = { allInstances: flag ? MAX_INSTANCES_WITH_FLAG : MAX_INSTANCES, ...options.limits };
  const denials = speaks ? { onDenied: sayDenied } : {};
  const all = { read, readString, readSourceMap, ...denials, ...options, limits };
  if (threads === undefined) return new NodeRuntime(record === undefined ? all : { ...all, record });
  if (record !== undefined) throw new TypeError("createRuntime: a runtime with threads records nothing yet");
  const over = setup === undefined ? { threads } : { threads, setup };
  return import("./node-threads.ts").then(({ createNodeThreads }) => createNodeThreads({ ...all, ...over }));
}

function sayDenied({ module, call, grant }: Denial): void {
  const example =
    grant === "spawn" || grant === "imports" ? `${grant}: ["${call === "spawn" ? "…" : call}"]` : `${grant}: true`;
  process.stderr.write(
    `isopod: ${module} called ${call}, which it is not granted: spawn it with { grants: { ${example} } } (ISOPOD_QUIET=1 hides this)\n`,
  );
}
