/**
 * Compiles one guest with asc, in this process.
 *
 * Guarantee: `compile` resolves with diagnostics that say file, line and column, and rejects for no mistake in a source. A crash
 * of the compiler itself ends the process, so what users hand in goes through `build.ts`.
 */
import { readFile, stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import * as asc from "assemblyscript/asc";
import binaryen from "binaryen";
import { MEMORY_BASE } from "../../../guest/transform/asyncify.ts";
import { makeParking } from "../../../guest/transform/compiled.ts";
import GuestTransform from "../../../guest/transform/index.ts";
import { memoryBaseFor, STACK_SIZE } from "../../../guest/transform/layout.ts";
import type { ParkWay } from "../../../guest/transform/park.ts";
import { makePreemptible, type ReductionsWay } from "../../../guest/transform/reductions.ts";
import { Unsuitable } from "../../../guest/transform/unsupported.ts";
import { Copies } from "../../module/copies.ts";
import { validateAndCount } from "../../module/counted.ts";
import { YIELD_EXPORT } from "../../wire/abi.ts";
import { LoadError } from "../../wire/errors.ts";
import { PACKAGE_FOLDER } from "../installation.ts";
import { hintFor, importErrors } from "./hints.ts";
import { movedMap, signedMap, tidyMap } from "./module-map.ts";
import { namesLike } from "./names-like.ts";

export interface CompileOptions {
  /** How the guest blocks. Default: `asyncify`, which works in every engine; of a `.wasm` file, as it does already. */
  park?: ParkWay;
  /**
   * Whether the guest can be stopped when it computes for long: not at all (default); `count`: killed, and where it waits by jspi preempted; `yield`: preempted in
   * every engine.
   */
  reductions?: ReductionsWay;
  /** Keeps names and optimizes less. Default: false. */
  debug?: boolean;
  /**
   * Bytes for references to collected objects, four for each that a function has in use: how deep functions with objects may call each other. Rounded up to a
   * multiple of 4,096. Default: 8,192. Of a `.wasm` file its own compiler has decided.
   */
  stackBytes?: number;
  /** Pages of 64 KiB that the guest starts with. Default: as few as its static data and stack need. */
  initialPages?: number;
  /** What relative entries, and the paths in messages, are relative to. Default: the working directory. */
  baseDir?: string;
}

export interface Diagnostic {
  severity: "error" | "warning" | "info";
  message: string;
  /** asc's number, as in `AS100` or `TS2304`; 0 where asc gives none. */
  code: number;
  /** The file's absolute path. For AssemblyScript's own library a name that begins with `~lib/`. */
  file?: string;
  /** From 1. */
  line?: number;
  /** From 1, in UTF-16 units. */
  column?: number;
}

export interface Compiled {
  /** The entry as it was given. */
  entry: string;
  /** The module; absent if there are errors. */
  wasm?: Uint8Array<ArrayBuffer>;
  /** JSON. Absent where the code was rewritten by what keeps no map (reductions `yield`), and of entries that are WebAssembly. */
  sourceMap?: string;
  diagnostics: Diagnostic[];
  /** The files that it was made of, and those that were looked for and are not there. Absolute paths, the packages' left out. */
  sources: string[];
  /** What asc would have printed: each message with its source line and a caret. */
  text: string;
}

/** "File not found" of TypeScript and of asc. */
const NOT_FOUND = 6054;

/** The folder that `isopod/guest` stands for: beside `host/` here, and beside `dist/` in an installed package. */
const GUEST_FOLDER = join(PACKAGE_FOLDER, "guest");

/**
 * Compiles `entry`. A `.wasm` file, made by whatever compiler, is made to wait by Asyncify where that is asked for, and has its reductions
 * counted where that is, or nothing.
 *
 * @param entry path of an AssemblyScript or WebAssembly file, absolute or relative to `baseDir`
 * @returns the module, or diagnostics of which at least one is an error
 */
export async function compile(entry: string, options: CompileOptions = {}): Promise<Compiled> {
  const baseDir = resolve(options.baseDir ?? ".");
  const path = resolve(baseDir, entry);
  if (!/\.(ts|wasm)$/.test(path)) {
    return refused(entry, path, `"${entry}" is not an AssemblyScript source: its name must end in .ts (or in .wasm)`);
  }
  if (!(await isFile(path))) {
    const [likely] = options.baseDir === undefined ? namesLike(entry) : [];
    return refused(
      entry,
      path,
      `there is no file "${entry}"${likely === undefined ? "" : `; did you mean ${likely}?`}`,
    );
  }
  if (path.endsWith(".wasm")) return rewrite(entry, path, options);

  const sources = new Map<string, { file: string; text: string }>();
  const output = new Map<string, Uint8Array | string>();
  const asked = new Set([path]);
  const found: asc.DiagnosticMessage[] = [];
  const stderr = asc.createMemoryStream();
  const park = options.park ?? "asyncify";
  const preempts = options.reductions === "yield" && park === "asyncify";
  // The module refers to its source map by this name.
  const outFile = `${basename(path, ".ts")}.wasm`;
  const { error } = await asc.main(flags(relative(baseDir, path), outFile, baseDir, options), {
    stderr,
    stdout: asc.createMemoryStream(),
    async readFile(name) {
      // Somebody else's settings must not change what an actor is allowed; ours are all in `flags`.
      if (name.endsWith("asconfig.json")) return null;
      const file = locate(resolve(baseDir, name));
      if (file === resolve(baseDir, name) && !isInPackage(file)) asked.add(file);
      const text = await readText(file);
      if (text !== null) sources.set(internalName(name), { file, text });
      return text;
    },
    writeFile(name, contents) {
      output.set(name, contents);
    },
    listFiles: () => [],
    reportDiagnostic: message => {
      found.push(message);
    },
    // asc writes onto the prototype, so each compilation needs a class of its own. It takes classes; its types do not say so.
    transforms: [
      class extends GuestTransform {
        // Asyncify has to come after the counting.
        override park = preempts ? "jspi" : park;
      } as unknown as asc.Transform,
    ],
  });

  const diagnostics = found.map(message => toDiagnostic(message, sources));
  if (error && !diagnostics.some(d => d.severity === "error")) {
    diagnostics.push({ severity: "error", message: error.message, code: 0, file: path });
  }
  const compiled: Compiled = { entry, diagnostics, sources: [...asked], text: stderr.toString() };
  const wasm = output.get(outFile);
  const sourceMap = output.get(`${outFile}.map`);
  if (!error && wasm instanceof Uint8Array) {
    const map = typeof sourceMap === "string" ? tidyMap(sourceMap) : undefined;
    const bytes = new Uint8Array(wasm);
    const missing = importErrors(
      bytes,
      [...sources.values()].filter(({ file }) => asked.has(file)),
    );
    if (missing.length > 0) return withErrors(compiled, missing);
    return count(compiled, path, bytes, map, MEMORY_BASE, { ...options, park });
  }
  return compiled;
}

async function rewrite(entry: string, path: string, options: CompileOptions): Promise<Compiled> {
  const bytes = new Uint8Array(await readFile(path));
  const parks = options.park === "asyncify";
  const asked = options.reductions === "none" ? undefined : options.reductions;
  const reductions = asked ?? (parks ? "none" : "count");
  const read: Compiled = { entry, diagnostics: [], sources: [path], text: "", wasm: bytes };
  if (options.stackBytes !== undefined) {
    const message = `the stack of "${entry}" was laid out by its own compiler: give that the number of bytes`;
    const { wasm: _, ...others } = read;
    return withErrors(others, [{ severity: "error", message, code: 0, file: path }]);
  }
  // What is to yield is taught both at once.
  const parking =
    parks && reductions !== "yield"
      ? attempt(read, path, name => ({ wasm: makeParking(binaryen, name, bytes, options.debug === true) }))
      : read;
  if (parking.wasm === undefined) return parking;
  return count(parking, path, new Uint8Array(parking.wasm), undefined, undefined, { ...options, reductions });
}

/** Code that was counted after it was taught to unwind would be told to unwind where it cannot. */
function refusePreemptible(name: string, wasm: Uint8Array<ArrayBuffer>): void {
  if (!WebAssembly.validate(wasm)) return;
  if (WebAssembly.Module.exports(new WebAssembly.Module(wasm)).some(found => found.name === YIELD_EXPORT)) {
    throw new Unsuitable(`${name} was built with --reductions yield: its reductions are counted already`);
  }
}

/** Adds the module to what was compiled, its reductions counted as the options say. */
function count(
  compiled: Compiled,
  path: string,
  wasm: Uint8Array<ArrayBuffer>,
  sourceMap: string | undefined,
  memoryBase: number | undefined,
  { reductions = "none", park = "asyncify", debug = false }: CompileOptions,
): Compiled {
  if (reductions === "none") return { ...compiled, wasm, ...withMap(sourceMap, wasm) };
  return attempt(compiled, path, name => {
    // Binaryen reads a module without its map.
    if (reductions === "yield" && park === "asyncify") {
      return { wasm: makePreemptible(binaryen, name, wasm, memoryBase, debug) };
    }
    refusePreemptible(name, wasm);
    const copies = new Copies();
    const counted = validateAndCount(name, wasm, copies);
    return { wasm: counted, ...withMap(sourceMap && movedMap(sourceMap, copies), counted) };
  });
}

/** Adds what `rewrite` makes, or why it cannot. */
function attempt(
  { wasm: _, ...compiled }: Compiled,
  path: string,
  rewrite: (name: string) => Pick<Compiled, "wasm" | "sourceMap">,
): Compiled {
  try {
    return { ...compiled, ...rewrite(basename(path)) };
  } catch (error) {
    if (!(error instanceof LoadError || error instanceof Unsuitable)) throw error;
    const { message } = error;
    return withErrors(compiled, [{ severity: "error", message, code: 0, file: path }]);
  }
}

/** Where asc found none. */
function withErrors(compiled: Compiled, errors: readonly Diagnostic[]): Compiled {
  return {
    ...compiled,
    diagnostics: [...compiled.diagnostics, ...errors],
    text: compiled.text + errors.map(({ message }) => `ERROR: ${message}\n`).join(""),
  };
}

function withMap(map: string | undefined, wasm: Uint8Array): { sourceMap?: string } {
  return map === undefined ? {} : { sourceMap: signedMap(map, wasm) };
}

/** asc's arguments. What a release has of them is also in `asconfig.json`, for those who call asc by hand. */
function flags(entry: string, outFile: string, baseDir: string, options: CompileOptions): string[] {
  const args = [
    ...[entry.split(sep).join("/"), "--baseDir", baseDir, "--outFile", outFile],
    // A guest that blocks has objects on its stack when the collector runs; `minimal` would need an empty one.
    ...["--runtime", "incremental", "--exportRuntime", "--stackSize", String(STACK_SIZE)],
    // The host makes the memory: that is how it sets the quota. It is exported as well, for @assemblyscript/loader.
    ...["--importMemory", "--memoryBase", String(memoryBaseFor(options.stackBytes))],
    // As an export, because the start function would run before the host can see the memory.
    ...["--exportStart", "_start"],
    "--sourceMap",
    ...(options.debug ? ["--debug", "-O1"] : ["-O3"]),
  ];
  if (options.initialPages !== undefined) args.push("--initialMemory", String(options.initialPages));
  return args;
}

/** Maps what asc looks for in some `node_modules` to our own guest library, wherever it is. */
function locate(path: string): string {
  const marker = `${sep}node_modules${sep}isopod${sep}guest`;
  const at = path.lastIndexOf(marker);
  const rest = at < 0 ? "" : path.slice(at + marker.length);
  return rest.startsWith(sep) ? join(GUEST_FOLDER, rest) : path;
}

function isInPackage(path: string): boolean {
  return path.includes(`${sep}node_modules${sep}`);
}

/** The name by which asc knows a file it has asked for. */
function internalName(name: string): string {
  const path = name.split(sep).join("/");
  const at = path.lastIndexOf("node_modules/");
  return at < 0 ? path : `~lib/${path.slice(at + "node_modules/".length)}`;
}

function toDiagnostic(
  message: asc.DiagnosticMessage,
  sources: Map<string, { file: string; text: string }>,
): Diagnostic {
  const severity = message.category === 3 ? "error" : message.category === 2 ? "warning" : "info";
  const hint = hintFor(message.message);
  const text = `${message.message}${hint === undefined ? "" : ` (${hint})`}`;
  const diagnostic: Diagnostic = { severity, message: text, code: message.code };
  if (!message.range) return diagnostic;
  const name = message.range.source.normalizedPath;
  const source = sources.get(name);
  diagnostic.file = source?.file ?? name;
  const code = source?.text ?? asc.libraryFiles[name.replace(/^~lib\//, "").replace(/\.ts$/, "")];
  if (code === undefined) return diagnostic;
  const before = code.slice(0, message.range.start);
  diagnostic.line = before.split("\n").length;
  diagnostic.column = before.length - before.lastIndexOf("\n");
  return diagnostic;
}

/** The answer where asc need not be asked: it would name neither the file as it was given nor where it looked. */
function refused(entry: string, file: string, message: string): Compiled {
  return {
    entry,
    diagnostics: [{ severity: "error", message, code: NOT_FOUND, file }],
    sources: [file],
    text: `ERROR TS${NOT_FOUND}: ${message}\n`,
  };
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** null is how asc wants to hear that there is no such file. */
async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}
