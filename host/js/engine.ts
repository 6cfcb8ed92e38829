/** The engine that runs scripts: one module for each runtime, which all of its scripts share. */
import type { GuestModule, ModuleSource, Runtime } from "../index.ts";

/** The name of its module. Actors of it load scripts; those of a script have the script's name. */
export const ENGINE_NAME = "javascript";

/** Where the engine is, beside this code. */
export const ENGINE_URL = new URL("./engine.wasm", import.meta.url);

const engines = new WeakMap<Runtime, Promise<GuestModule>>();

/** The engine of a runtime. `source`: where the first script says that it is. */
export function engineOf(runtime: Runtime, source: ModuleSource | undefined): Promise<GuestModule> {
  let engine = engines.get(runtime);
  if (engine === undefined) {
    engine = runtime.load(source ?? ENGINE_URL, { name: ENGINE_NAME, trusted: true });
    engines.set(runtime, engine);
    // The next script tries again.
    engine.catch(() => engines.delete(runtime));
  }
  return engine;
}
