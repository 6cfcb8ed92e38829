/** The example guests, compiled and loaded: what the scenarios play with. */

import { build } from "../host/node/compile/build.ts";
import { createRuntime, type GuestModule, type RuntimeOptions } from "../host/node/index.ts";
import { EXAMPLES_FOLDER } from "../host/node/installation.ts";
import type { NodeRuntime } from "../host/node/node-runtime.ts";

/** A runtime, and the examples of these names in their order. Throws the compiler's own words where one does not compile. */
export async function loadExamples(
  names: readonly string[],
  park: "asyncify" | "jspi",
  options: RuntimeOptions = {},
): Promise<{ readonly runtime: NodeRuntime; readonly modules: readonly GuestModule[] }> {
  const compiled = await build(
    names.map(name => `${name}.ts`),
    { baseDir: EXAMPLES_FOLDER, park },
  );
  const runtime = createRuntime({ grants: "all", ...options });
  const modules: GuestModule[] = [];
  for (const { wasm, text, entry } of compiled) {
    if (wasm === undefined) throw new Error(`${entry} does not compile:\n${text}`);
    modules.push(await runtime.load(wasm as Uint8Array<ArrayBuffer>, { name: entry }));
  }
  return { runtime, modules };
}
