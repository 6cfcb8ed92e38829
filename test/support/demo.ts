/** The demo's guests, compiled before its server asks for them. */

import { EXAMPLES_FOLDER } from "../../host/node/installation.ts";
import { guestNames } from "../../host/web/demo/protocol.ts";
import { build } from "./compiler.ts";

/** As the demo compiles them. Then its own compiler finds them in the cache. */
export async function compileDemoGuests(
  baseDir = EXAMPLES_FOLDER,
  names: readonly string[] = guestNames,
): Promise<void> {
  const entries = names.map(name => `${name}.ts`);
  await Promise.all([
    build(entries, { baseDir, park: "asyncify", reductions: "yield" }),
    build(entries, { baseDir, park: "jspi", reductions: "count" }),
  ]);
}
