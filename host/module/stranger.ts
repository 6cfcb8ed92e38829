/** What the host knows of a module that came compiled, and that it does not trust. */
import type { ModuleFacts } from "./facts.ts";
import { footprintOf } from "./footprint.ts";
import { withTrimmedEntries } from "./trimmed-entries.ts";

/** Only the engine checks its types, at spawn. */
export function factsOfStranger(module: WebAssembly.Module): ModuleFacts {
  return {
    module,
    imports: WebAssembly.Module.imports(module),
    exports: withTrimmedEntries(WebAssembly.Module.exports(module)),
    footprint: footprintOf(undefined),
    ownsMemory: false,
    storeLimit: undefined,
    scratch: 0,
    leftGlobal: -1,
    parkedGlobal: -1,
    movableGlobals: undefined,
    hash: undefined,
  };
}
