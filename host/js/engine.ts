/** The engine that runs scripts: one module for each runtime, which all of its scripts share. */
import type { GuestModule, ModuleSource, Runtime } from "../index.ts";
import { noteHelper } from "../wire/helpers.ts";

/** The name of its module. Actors of it load scripts; those of a script have the script's name. */
export const ENGINE_NAME = "javascript";

/** Where the engine is, beside this code. */
export const ENGINE_URL = new URL("./engine.wasm", import.meta.url);

const engines = new WeakMap<Runtime, Promise<GuestModule>>();

/**
 * The engine of a runtime. `source`: where the first script says that it is. `warmUp` has the engine run before its
 * first script does.
 */
export function engineOf(
  runtime: Runtime,
  source: ModuleSource | undefined,
  warmUp: (engine: GuestModule) => Promise<void>,
): Promise<GuestModule> {
  let engine = engines.get(runtime);
  if (engine === undefined) {
    engine = begin(runtime, source, warmUp);
    engines.set(runtime, engine);
    // The next script tries again.
    engine.catch(() => engines.delete(runtime));
  }
  return engine;
}

async function begin(
  runtime: Runtime,
  source: ModuleSource = ENGINE_URL,
  warmUp: (engine: GuestModule) => Promise<void>,
): Promise<GuestModule> {
  const engine = await runtime.load(source, { name: ENGINE_NAME, trusted: true });
  noteHelper(engine);
  await warmUp(engine);
  return engine;
}
