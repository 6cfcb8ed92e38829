/**
 * Makes of a module what a host would make of it when it loads the bytes: confined, with its stores
 * limited, trimmed, and with a section of facts. A host that trusts it takes it as it stands, so it can be
 * handed over as a `WebAssembly.Module` where nothing may be compiled at run time.
 */
import { basename } from "node:path";
import { withFacts } from "../../module/facts-writer.ts";
import { Rewriter } from "../../module/rewriter.ts";
import { RewrittenModule } from "../../module/rewritten-module.ts";
import { LoadError } from "../../wire/errors.ts";
import { defaultLimits } from "../../wire/limits.ts";
import { type Compiled, moduleWithMap, withErrors } from "./compiled.ts";
import { movedMap } from "./module-map.ts";

/** @param path the absolute path of the entry */
export async function makeTrusted(compiled: Compiled, path: string): Promise<Compiled> {
  const { wasm, sourceMap, ...rest } = compiled;
  if (wasm === undefined) return compiled;
  // Tables that name no maximum get the one of the default limit. A runtime that allows fewer says so.
  const { moduleBytes, tableElements } = defaultLimits;
  const offers = { imported: new Map(), asked: new Set<string>() };
  const rewriter = new Rewriter({ moduleBytes, tableElements, offers, readSourceMap: undefined });
  try {
    const { compiled: made, ownsMemory, earlier } = await rewriter.rewrite(basename(path), wasm, false);
    const changes = [...earlier()].reverse().concat(made.limit?.copies ?? [], made.copies ?? []);
    const map = sourceMap && changes.reduce((moved, copies) => movedMap(moved, copies), sourceMap);
    return { ...rest, ...moduleWithMap(withFacts(made.bytes, new RewrittenModule(made, ownsMemory)), map) };
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    return withErrors(rest, [{ severity: "error", message: error.message, code: 0, file: path }]);
  }
}
