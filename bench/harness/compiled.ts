/** Compiles guests for the benchmarks. A guest of `bench/guests/` is compiled once in a process. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../host/node/compile/build.ts";
import { EXAMPLES_FOLDER, PACKAGE_FOLDER } from "../../host/node/installation.ts";

/** Guests are published as sources. */
const GUESTS_FOLDER = join(PACKAGE_FOLDER, "bench", "guests");

type Wasm = Uint8Array<ArrayBuffer>;
type Park = "asyncify" | "jspi";

/** What this process has compiled, by file, way to park and preemption. */
const known = new Map<string, Promise<Wasm>>();

/** A guest of `bench/guests/`, by its file without `.ts`. Rejects with the compiler's messages. */
export function compiled(file: string, park: Park, preemptible = false): Promise<Wasm> {
  const key = keyOf(file, park, preemptible);
  let wasm = known.get(key);
  if (wasm === undefined) {
    wasm = compile([file], GUESTS_FOLDER, { park, ...(preemptible && { reductions: "yield" as const }) })
      .then(allOf)
      .then(([only]) => only);
    known.set(key, wasm);
  }
  return wasm;
}

/**
 * Compiles all guests of `bench/guests/` at once, which takes less time than one by one. A long run
 * then does not depend on files that are edited meanwhile. A guest that does not compile is an
 * error of the scenarios that use it.
 */
export async function compileAll(park: Park): Promise<void> {
  const files = readdirSync(GUESTS_FOLDER)
    .filter(name => name.endsWith(".ts"))
    .map(name => name.slice(0, -".ts".length))
    .filter(file => !known.has(keyOf(file, park, false)));
  if (files.length === 0) return;
  const modules = await compile(files, GUESTS_FOLDER, { park });
  files.forEach((file, i) => {
    const module = modules[i];
    if (!(module instanceof Error)) known.set(keyOf(file, park, false), Promise.resolve(module));
  });
}

/** Examples of `guest/examples/`, by their files without `.ts`. Rejects with the compiler's messages. */
export async function compiledExamples(...files: readonly string[]): Promise<Wasm[]> {
  return allOf(await compile(files, EXAMPLES_FOLDER, {}));
}

async function compile(
  files: readonly string[],
  baseDir: string,
  options: { readonly park?: Park; readonly reductions?: "yield" },
): Promise<(Wasm | Error)[]> {
  const entries = files.map(file => `${file}.ts`);
  return (await build(entries, { baseDir, ...options })).map(({ wasm, text, entry }) =>
    wasm === undefined ? new Error(`${entry} does not compile:\n${text}`) : (wasm as Wasm),
  );
}

/** Throws the first error. */
function allOf(modules: readonly (Wasm | Error)[]): Wasm[] {
  return modules.map(module => {
    if (module instanceof Error) throw module;
    return module;
  });
}

function keyOf(file: string, park: Park, preemptible: boolean): string {
  return `${file} ${park} ${preemptible}`;
}
