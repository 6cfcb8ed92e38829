/** A runtime for a scenario: the guests are compiled, loaded and defined under their names. */
import { engineName } from "../../host/node/engine.ts";
import { createRuntime, hasJspi, type Runtime } from "../../host/node/index.ts";
import { compiled } from "./compiled.ts";
import type { Style } from "./scenario.ts";

/** The scenarios need more actors, timers and messages of one family than the default limits allow. */
const LIMITS = {
  familyActors: 2 ** 20,
  spawnsPerSecond: 10_000_000,
  timers: 1_000_000,
  ties: 100_000,
  mailboxMessages: 2 ** 21,
};

/**
 * Makes a runtime, which the caller has to stop. `guests` maps the name that spawns a guest to its
 * file in `bench/guests/`. Rejects if a guest does not compile, or if the engine has no JSPI.
 */
export function runtimeWith(guests: Readonly<Record<string, string>>, style: Style): Promise<Runtime> {
  return maker.make(guests, style);
}

async function make(guests: Readonly<Record<string, string>>, style: Style): Promise<Runtime> {
  if (style === "jspi" && !hasJspi()) {
    throw new Error(`${engineName()} has no JSPI: use Node 24.20 or later, or the style process`);
  }
  const runtime = createRuntime({ grants: "all", quiet: true, limits: LIMITS });
  for (const [name, file] of Object.entries(guests)) {
    const wasm = await compiled(file, style === "jspi" ? "jspi" : "asyncify");
    runtime.define(name, await runtime.load(wasm, { name: file }));
  }
  return runtime;
}

/** What makes the runtimes. A test has another one. */
export const maker = { make };
