/** The guests of bench/guests, each compiled once in a process. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "../host/node/compile/build.ts";
import { PACKAGE_FOLDER } from "../host/node/installation.ts";

/** The guests ship as sources. */
const GUESTS_FOLDER = join(PACKAGE_FOLDER, "bench", "guests");

/** By file and way: what was compiled in this process before. */
const known = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** A guest of bench/guests, compiled once per process. */
export function compiled(
  file: string,
  park: "asyncify" | "jspi",
  preemptible = false,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = `${file} ${park} ${preemptible}`;
  let wasm = known.get(key);
  if (wasm === undefined) {
    wasm = compile(file, park, preemptible);
    known.set(key, wasm);
  }
  return wasm;
}

/**
 * Compiles all guests that were not compiled before, at once, which is quicker than one by one, and in a long run none depends on what is edited meanwhile. One that does not compile
 * is the error of the scenarios that play it.
 */
export async function compileAll(park: "asyncify" | "jspi"): Promise<void> {
  const names = readdirSync(GUESTS_FOLDER).filter(name => name.endsWith(".ts") && name !== "round.ts");
  const keyOf = (file: string) => `${file} ${park} false`;
  const files = names.map(name => name.slice(0, -".ts".length)).filter(file => !known.has(keyOf(file)));
  if (files.length === 0) return;
  const modules = await compileTogether(files, park, false);
  files.forEach((file, i) => {
    const module = modules[i];
    if (!(module instanceof Error)) known.set(keyOf(file), Promise.resolve(module));
  });
}

async function compile(
  file: string,
  park: "asyncify" | "jspi",
  preemptible: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const [module] = await compileTogether([file], park, preemptible);
  if (module instanceof Error) throw module;
  return module;
}

async function compileTogether(
  files: readonly string[],
  park: "asyncify" | "jspi",
  preemptible: boolean,
): Promise<(Uint8Array<ArrayBuffer> | Error)[]> {
  const entries = files.map(file => `${file}.ts`);
  const options = { baseDir: GUESTS_FOLDER, park, ...(preemptible && { reductions: "yield" as const }) };
  return (await build(entries, options)).map(({ wasm, text, entry }) =>
    wasm === undefined ? new Error(`${entry} does not compile:\n${text}`) : (wasm as Uint8Array<ArrayBuffer>),
  );
}
