/** The guest that `isopod run` was given: a module as it is, a source compiled first. */
import { resolve } from "node:path";
import { build } from "../../compile/build.ts";
import { entryWarning } from "../../compile/entries.ts";
import type { ModuleSource } from "../../index.ts";
import { whyMissing } from "../../read.ts";
import { type Arguments, UsageError } from "../command.ts";
import { compileOptions } from "../compile-options.ts";
import { printDiagnostics } from "../diagnostics.ts";
import { ProgressLine } from "../terminal.ts";

/**
 * Undefined where the guest does not compile, or has nothing to run. Then the diagnostics have been
 * printed.
 *
 * @param hasEntry whether the export to run is named, so that it needs no usual name
 */
export async function guestFrom(path: string, given: Arguments, hasEntry: boolean): Promise<ModuleSource | undefined> {
  if (!path.endsWith(".ts")) {
    if (!path.endsWith(".wasm") && whyMissing(path) === undefined) {
      throw new UsageError(`a guest is AssemblyScript (.ts) or WebAssembly (.wasm), and ${path} is neither`);
    }
    return path;
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
  if (message === undefined) return compiled;
  printDiagnostics([{ severity: "error", message, code: 0, file: resolve(path) }]);
  return undefined;
}
