/**
 * isopod on Node: everything of `isopod`, the compiler, and a runtime with Node's defaults. Whatever a caller sets wins over them.
 */

import { readString } from "../adapters/assemblyscript.ts";
import { readSourceMap } from "../adapters/source-map.ts";
import type { RuntimeOptions } from "../options.ts";
import type { Denial } from "../wire/events.ts";
import { adviceFor, hasTrapHandlerFlag } from "./engine.ts";
import { NodeRuntime } from "./node-runtime.ts";
import { read } from "./read.ts";

export * from "../index.ts";
export { type BuildOptions, build } from "./compile/build.ts";
export type { Compiled, Diagnostic } from "./compile/compiler.ts";
export type { NodeRuntime } from "./node-runtime.ts";
export type { ObserveOptions, ObserverServer } from "./observer/server.ts";

/** Two kernel mappings each; at some 32,000 memories the process would abort. */
const MAX_ACTORS_WITH_FLAG = 30_000;
/** V8 refuses memories from 13,000 on. */
const MAX_ACTORS = 12_000;

export interface NodeRuntimeOptions extends RuntimeOptions {
  /** Says nothing on stderr of a missing engine flag, or of missing grants. The environment variable ISOPOD_QUIET=1 does the same. */
  readonly quiet?: boolean;
}

let told = false;

/**
 * A runtime whose `load` takes paths and `file:` URLs too, and whose crashes carry AssemblyScript's messages.
 * The environment variable ISOPOD_SWITCH=off turns the switch off where the options say nothing of it.
 * The ceiling of actors is 30,000 where Node runs with `--disable-wasm-trap-handler`. Without it, it is 12,000, and the first
 * call says so in one line on stderr; in Bun, where another setting helps, it says that. So does a guest's first call of what it is not granted, unless there is an `onDenied`.
 */
export function createRuntime({ quiet, ...options }: NodeRuntimeOptions = {}): NodeRuntime {
  if (quiet !== undefined && typeof quiet !== "boolean") throw new TypeError("createRuntime: quiet is true or false");
  const flag = hasTrapHandlerFlag();
  const speaks = !quiet && !/^(1|true|yes)$/i.test(process.env.ISOPOD_QUIET ?? "");
  const { versions, env } = process;
  const advice = speaks && !told ? adviceFor({ versions, env, hasFlag: flag }, MAX_ACTORS) : undefined;
  if (advice !== undefined) {
    told = true;
    process.stderr.write(`isopod: ${advice} (ISOPOD_QUIET=1 hides this)\n`);
  }
  const limits = { actors: flag ? MAX_ACTORS_WITH_FLAG : MAX_ACTORS, ...options.limits };
  const way = /^off$/i.test(process.env.ISOPOD_SWITCH ?? "") ? ({ switch: "off" } as const) : {};
  const denials = speaks ? { onDenied: sayDenied } : {};
  return new NodeRuntime({ read, readString, readSourceMap, ...way, ...denials, ...options, limits });
}

function sayDenied({ module, call, grant }: Denial): void {
  const example =
    grant === "spawn" || grant === "imports" ? `${grant}: ["${call === "spawn" ? "…" : call}"]` : `${grant}: true`;
  process.stderr.write(
    `isopod: ${module} called ${call}, which it is not granted: spawn it with { grants: { ${example} } } (ISOPOD_QUIET=1 hides this)\n`,
  );
}
