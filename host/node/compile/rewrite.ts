/**
 * What is done to a module after a compiler has made it: it is taught to wait by Asyncify, or to
 * count its reductions.
 *
 * Guarantee: a module that cannot be rewritten is an error of its entry, which says why. It is not
 * an exception.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import binaryen from "binaryen";
import { makeParking } from "../../../guest/transform/compiled.ts";
import { makePreemptible } from "../../../guest/transform/reductions.ts";
import { Unsuitable } from "../../../guest/transform/unsupported.ts";
import { Copies } from "../../module/copies.ts";
import { validateAndCount } from "../../module/counted.ts";
import { YIELD_EXPORT } from "../../wire/abi.ts";
import { LoadError } from "../../wire/errors.ts";
import { type Compiled, moduleWithMap, type OnRead, withErrors } from "./compiled.ts";
import { movedMap } from "./module-map.ts";
import type { CompileOptions } from "./options.ts";

/**
 * Reads a `.wasm` file, made by any compiler, and rewrites it as the options say.
 *
 * @param entry the entry as it was given
 * @param path its absolute path
 */
export async function rewriteFile(
  entry: string,
  path: string,
  options: CompileOptions,
  onRead: OnRead,
): Promise<Compiled> {
  const wasm = new Uint8Array(await readFile(path));
  onRead(path, wasm);
  const parks = options.park === "asyncify";
  const asked = options.reductions === "none" ? undefined : options.reductions;
  const reductions = asked ?? (parks ? "none" : "count");
  const read: Compiled = { entry, diagnostics: [], sources: [path], text: "" };
  const message = ofItsCompiler(entry, options);
  if (message !== undefined) return withErrors(read, [{ severity: "error", message, code: 0, file: path }]);
  // `yield` teaches both at once, in `countReductions`.
  const parking =
    parks && reductions !== "yield"
      ? attempt(read, path, name => ({ wasm: makeParking(binaryen, name, wasm, options.debug === true) }))
      : { ...read, wasm };
  if (parking.wasm === undefined) return parking;
  return countReductions(parking, path, { wasm: new Uint8Array(parking.wasm) }, { ...options, reductions });
}

/** The error where the options ask for something that only the module's own compiler can do. */
function ofItsCompiler(entry: string, { stackBytes, transforms = [], enable = [] }: CompileOptions) {
  if (stackBytes !== undefined) {
    return `the stack of "${entry}" was laid out by its own compiler: give that the number of bytes`;
  }
  if (transforms.length > 0)
    return `"${entry}" is compiled already, and transforms change sources: give them to its own compiler`;
  if (enable.length > 0) return `"${entry}" is compiled already: enable ${enable.join(" and ")} in its own compiler`;
  return undefined;
}

/** A module that a compiler has made. */
interface Made {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly sourceMap?: string | undefined;
  /** Where its static data begins. Absent where only the module itself may know. */
  readonly memoryBase?: number;
}

/** Adds the module to `compiled`, with its reductions counted as the options say. */
export function countReductions(
  compiled: Compiled,
  path: string,
  { wasm, sourceMap, memoryBase }: Made,
  { reductions = "none", park = "asyncify", debug = false }: CompileOptions,
): Compiled {
  if (reductions === "none") return { ...compiled, ...moduleWithMap(wasm, sourceMap) };
  return attempt(compiled, path, name => {
    // Binaryen reads a module without its map.
    if (reductions === "yield" && park === "asyncify") {
      return { wasm: makePreemptible(binaryen, name, wasm, memoryBase, debug) };
    }
    refusePreemptible(name, wasm);
    const copies = new Copies();
    const counted = validateAndCount(name, wasm, copies);
    return moduleWithMap(counted, sourceMap && movedMap(sourceMap, copies));
  });
}

/**
 * Counting must come before Asyncify: code counted after it would be told to unwind where it
 * cannot.
 */
function refusePreemptible(name: string, wasm: Uint8Array<ArrayBuffer>): void {
  if (!WebAssembly.validate(wasm)) return;
  if (WebAssembly.Module.exports(new WebAssembly.Module(wasm)).some(found => found.name === YIELD_EXPORT)) {
    throw new Unsuitable(`${name} was built with --reductions yield: its reductions are counted already`);
  }
}

/** Adds what `change` makes of the module, or the error that says why it cannot. */
function attempt(
  { wasm: _, ...compiled }: Compiled,
  path: string,
  change: (name: string) => Pick<Compiled, "wasm" | "sourceMap">,
): Compiled {
  try {
    return { ...compiled, ...change(basename(path)) };
  } catch (error) {
    if (!(error instanceof LoadError || error instanceof Unsuitable)) throw error;
    const { message } = error;
    return withErrors(compiled, [{ severity: "error", message, code: 0, file: path }]);
  }
}
