/** Scripts as actors, and their engine. */
import { readFile } from "node:fs/promises";
import { cbor } from "../../host/adapters/codec.ts";
import type { Client, Pid, Runtime, SpawnOptions } from "../../host/index.ts";
import { loadScript, type ScriptOptions } from "../../host/js/index.ts";

const compiled = readFile(new URL("../../host/js/engine.wasm", import.meta.url)).then(bytes =>
  WebAssembly.compile(bytes),
);
/** Turns are cut by their reductions alone: the machine may do much beside. */
const patient = { turnMs: 60_000, handlerReductions: 2_000_000_000 };

/** Options of loadScript: one compiled engine for all runtimes, and time enough. */
export async function scriptOptions(options: ScriptOptions = {}): Promise<ScriptOptions> {
  return { engine: await compiled, loadMs: 60_000, ...options };
}

/** Spawns an actor of a script. */
export async function spawnScript(runtime: Runtime, source: string, options: SpawnOptions = {}): Promise<Pid> {
  const module = await loadScript(runtime, source, await scriptOptions());
  return runtime.spawn(module, { ...options, limits: { ...patient, ...options.limits } });
}

/** The functions of a script, in an actor of its own. */
export async function functionsOf<Functions>(
  runtime: Runtime,
  source: string,
  options: SpawnOptions = {},
): Promise<Client<Functions>> {
  const pid = await spawnScript(runtime, source, options);
  return runtime.client<Functions>(pid, cbor, { timeoutMs: Number.POSITIVE_INFINITY });
}

/** Evaluates JavaScript in a script, as one does in an engine's console. */
export interface Evaluator {
  evaluate(source: string): Promise<string>;
}

/**
 * What a source evaluates to, as a text: a promise's result; of what is thrown the name. It is itself a source, so that
 * scripts and this engine show values alike.
 */
export const evaluate = `async function evaluate(source) {
  const shown = (_, value) =>
    typeof value === "bigint" ? value + "n"
    : value === undefined ? "undefined"
    : Object.is(value, -0) || (typeof value === "number" && !Number.isFinite(value)) ? "number " + (Object.is(value, -0) ? "-0" : value)
    : value;
  try {
    return JSON.stringify({ value: await (0, eval)(source) }, shown);
  } catch (error) {
    return "throws " + error.name;
  }
}`;
