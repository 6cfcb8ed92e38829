/** The demo's guests, compiled before its server asks for them. */
import { DEMO_GUESTS } from "../../host/node/demo/files.ts";
import { EXAMPLES_FOLDER } from "../../host/node/installation.ts";
import { build } from "./compiler.ts";

/** As the demo compiles them. Then its own compiler finds them in the cache. */
export async function compileDemoGuests(
  baseDir = EXAMPLES_FOLDER,
  names: readonly string[] = DEMO_GUESTS,
): Promise<void> {
  const entries = names.map(name => `${name}.ts`);
  await Promise.all([
    build(entries, { baseDir, park: "asyncify", reductions: "yield" }),
    build(entries, { baseDir, park: "jspi", reductions: "count" }),
  ]);
}
