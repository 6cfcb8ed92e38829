/**
 * isopod on Node: everything of `isopod`, the compiler, and a runtime with Node's defaults. Whatever a caller sets wins over them.
 */
import { readString } from "../assemblyscript.ts";
import type { RuntimeOptions } from "../runtime.ts";
import { hasTrapHandlerFlag, TRAP_HANDLER_FLAG } from "./engine.ts";
import { NodeRuntime } from "./node-runtime.ts";
import { read } from "./read.ts";

export * from "../index.ts";
export { type BuildOptions, build } from "./build.ts";
export type { Compiled, Diagnostic } from "./compiler.ts";
export type { NodeRuntime } from "./node-runtime.ts";
export type { ObserveOptions, ObserverServer } from "./observer/server.ts";

/** Two kernel mappings each; at some 32,000 memories the process would abort. */
const MAX_ACTORS_WITH_FLAG = 30_000;
/** V8 refuses memories from 13,000 on. */
const MAX_ACTORS = 12_000;

export interface NodeRuntimeOptions extends RuntimeOptions {
  /** Says nothing of a missing engine flag. The environment variable ISOPOD_QUIET=1 does the same. */
  readonly quiet?: boolean;
}

let told = false;

/**
 * A runtime whose `load` takes paths and `file:` URLs too, and whose crashes carry AssemblyScript's messages.
 * The ceiling of actors is 30,000 where Node runs with `--disable-wasm-trap-handler`. Without it, it is 12,000, and the first
 * call says so in one line on stderr.
 */
export function createRuntime({ quiet, ...options }: NodeRuntimeOptions = {}): NodeRuntime {
  const flag = hasTrapHandlerFlag();
  if (!flag && !quiet && !told && !/^(1|true|yes)$/i.test(process.env.ISOPOD_QUIET ?? "")) {
    told = true;
    process.stderr.write(
      `isopod: many actors run at less than half speed, and at most ${MAX_ACTORS} fit: start node with ${TRAP_HANDLER_FLAG} (ISOPOD_QUIET=1 hides this)\n`,
    );
  }
  const limits = { actors: flag ? MAX_ACTORS_WITH_FLAG : MAX_ACTORS, ...options.limits };
  return new NodeRuntime({ read, readString, ...options, limits });
}
