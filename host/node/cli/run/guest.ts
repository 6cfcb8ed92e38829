/** What `isopod run` was given: a module or a script as it is, a source of AssemblyScript compiled first. */
import { basename, resolve } from "node:path";
import { build } from "../../compile/build.ts";
import { entryWarning } from "../../compile/entries.ts";
import type { ModuleSource } from "../../index.ts";
import { whyMissing } from "../../read.ts";
import { type Arguments, UsageError } from "../command.ts";
import { compileOptions } from "../compile-options.ts";
import { printDiagnostics } from "../diagnostics.ts";
import { ProgressLine } from "../terminal.ts";
import { isScript } from "./language.ts";
import { type Load, scriptFrom } from "./script.ts";

/**
 * Undefined where the guest does not compile, or has nothing to run. Then the diagnostics have been
 * printed.
 *
 * @param hasEntry whether the export to run is named, so that it needs no usual name
 */
export async function guestFrom(path: string, given: Arguments, hasEntry: boolean): Promise<Load | undefined> {
  if (isScript(path, given)) return scriptFrom(path);
  if (!path.endsWith(".ts")) {
    if (!path.endsWith(".wasm") && whyMissing(path) === undefined) {
      throw new UsageError(
        `a guest is AssemblyScript (.ts), JavaScript (.js, .mjs, .mts) or WebAssembly (.wasm), and ${path} is none of them`,
      );
    }
    // The compiler has not counted its reductions.
    return loading(path, path, given.has("reductions"));
  }
  const policy = given.text("reductions");
  const reductions = policy === "yield" ? "yield" : policy === "kill" ? "count" : "none";
  const progress = new ProgressLine();
  progress.say(`compiling ${path}`);
  const options = { ...compileOptions(given), reductions } as const;
  const [compiled] = await build([path], options).finally(() => progress.clear());
  printDiagnostics(compiled.diagnostics);
  if (compiled.wasm === undefined) return undefined;
  const message = hasEntry ? undefined : entryWarning(compiled.wasm);
  if (message === undefined) return loading(path, compiled, false);
  printDiagnostics([{ severity: "error", message, code: 0, file: resolve(path) }]);
  return undefined;
}

function loading(path: string, source: ModuleSource, counts: boolean): Load {
  return runtime => runtime.load(source, { name: basename(path), reductions: counts ? "count" : "none" });
}
