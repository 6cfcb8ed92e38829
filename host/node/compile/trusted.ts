/**
 * Makes of a module what a host would make of it when it loads the bytes: confined, with its stores
 * limited, trimmed, and with a section of facts. A host that trusts it takes it as it stands, so it can be
 * handed over as a `WebAssembly.Module` where nothing may be compiled at run time.
 */
import { basename } from "node:path";
import { RewrittenModule } from "../../module/facts.ts";
import { withFacts } from "../../module/facts-section.ts";
import { ModuleLoader } from "../../module/loader.ts";
import { LoadError } from "../../wire/errors.ts";
import { defaultLimits } from "../../wire/limits.ts";
import { type Compiled, moduleWithMap, withErrors } from "./compiled.ts";
import { movedMap } from "./module-map.ts";

/** @param path the absolute path of the entry */
export async function makeTrusted(compiled: Compiled, path: string): Promise<Compiled> {
  const { wasm, sourceMap, ...rest } = compiled;
  if (wasm === undefined) return compiled;
  // Tables that name no maximum get the one of the default limit. A runtime that allows fewer says so.
  const { tableElements } = defaultLimits;
  const loader = new ModuleLoader({
    tableElements,
    offers: { imported: new Map(), asked: new Set() },
    readSourceMap: undefined,
  });
  try {
    const { compiled: made, ownsMemory, earlier } = await loader.rewrite(basename(path), wasm, false);
    const changes = [...earlier()].reverse().concat(made.limit?.copies ?? [], made.copies ?? []);
    const map = sourceMap && changes.reduce((moved, copies) => movedMap(moved, copies), sourceMap);
    return { ...rest, ...moduleWithMap(withFacts(made.bytes, new RewrittenModule(made, ownsMemory)), map) };
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    return withErrors(rest, [{ severity: "error", message: error.message, code: 0, file: path }]);
  }
}
