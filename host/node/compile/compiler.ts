/**
 * Compiles one guest in this process.
 *
 * Guarantee: `compile` resolves for every mistake in a source, with diagnostics that say file, line
 * and column. A crash of the AssemblyScript compiler itself ends the process, so code from users
 * goes through `build.ts`.
 */
import { readFile, stat } from "node:fs/promises";
import { basename, relative, resolve } from "node:path";
import type { Program } from "assemblyscript";
import * as asc from "assemblyscript/asc";
import { MEMORY_BASE } from "../../../guest/transform/asyncify.ts";
import GuestTransform from "../../../guest/transform/index.ts";
import { Unsuitable } from "../../../guest/transform/unsupported.ts";
import { flags, internalName, isInPackage, locate, type Source, toDiagnostic } from "./asc.ts";
import { type Compiled, type OnRead, withErrors } from "./compiled.ts";
import { hostProgram, importErrors } from "./hints.ts";
import { tidyMap } from "./module-map.ts";
import { namesLike } from "./names-like.ts";
import type { CompileOptions } from "./options.ts";
import { countReductions, rewriteFile } from "./rewrite.ts";
import { loadTransforms } from "./transforms.ts";
import { makeTrusted } from "./trusted.ts";

/** "File not found", as TypeScript and asc number it. */
const NOT_FOUND = 6054;

const typesHeader = (file: string) =>
  `// The messages of ${file}, as \`cbor\` of isopod/codec reads and writes them.\n// Made by the build: change the guest instead.\n\n`;

/**
 * Compiles `entry`. A `.wasm` file, made by any compiler, is only rewritten: it learns to wait by
 * Asyncify, or to count its reductions, as the options say.
 *
 * @param entry path of an AssemblyScript or WebAssembly file, absolute or relative to `baseDir`
 * @param onRead is told of each file that is read, or that is not there
 * @returns the module, or diagnostics of which at least one is an error
 */
export async function compile(
  entry: string,
  options: CompileOptions = {},
  onRead: OnRead = () => {},
): Promise<Compiled> {
  const path = resolve(options.baseDir ?? ".", entry);
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
  const host = path.endsWith(".ts") ? hostProgram(entry, (await readText(path)) ?? "") : undefined;
  if (host !== undefined) return refused(entry, path, host, 0);
  try {
    const compiled = path.endsWith(".wasm")
      ? await rewriteFile(entry, path, options, onRead)
      : await compileSource(entry, path, options, onRead);
    return options.trusted === true ? makeTrusted(compiled, path) : compiled;
  } catch (error) {
    if (!(error instanceof Unsuitable)) throw error;
    return refused(entry, path, error.message, 0);
  }
}

async function compileSource(entry: string, path: string, options: CompileOptions, onRead: OnRead): Promise<Compiled> {
  const transforms = await loadTransforms(options.transforms ?? [], resolve(options.baseDir ?? "."));
  const baseDir = resolve(options.baseDir ?? ".");
  /** By the names that asc uses. */
  const sources = new Map<string, Source>();
  const output = new Map<string, Uint8Array | string>();
  const asked = new Set([path]);
  const found: asc.DiagnosticMessage[] = [];
  const stderr = asc.createMemoryStream();
  const park = options.park ?? "asyncify";
  const preempts = options.reductions === "yield" && park === "asyncify";
  // The module refers to its source map by this name.
  const outFile = `${basename(path, ".ts")}.wasm`;
  let types = "";
  const { error } = await asc.main(flags(relative(baseDir, path), outFile, baseDir, options), {
    stderr,
    stdout: asc.createMemoryStream(),
    async readFile(name) {
      // A settings file of the project must not change what an actor may do; all our settings are
      // in `flags`.
      if (name.endsWith("asconfig.json")) return null;
      const file = locate(resolve(baseDir, name));
      if (file === resolve(baseDir, name) && !isInPackage(file)) asked.add(file);
      const text = await readText(file);
      onRead(file, text);
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
    // asc writes onto the prototype, so each compilation needs a class of its own. asc takes
    // classes; its types do not say so.
    transforms: [
      ...transforms,
      class extends GuestTransform {
        // Asyncify has to come after the counting.
        override park = preempts ? "jspi" : park;
        override afterInitialize(program: Program): void {
          types = this.typesOf(program);
        }
      } as unknown as asc.Transform,
    ],
  });

  const diagnostics = found.map(message => toDiagnostic(message, sources));
  if (error && !diagnostics.some(({ severity }) => severity === "error")) {
    diagnostics.push({ severity: "error", message: error.message, code: 0, file: path });
  }
  const compiled: Compiled = { entry, diagnostics, sources: [...asked], text: stderr.toString() };
  const made = output.get(outFile);
  if (error || !(made instanceof Uint8Array)) return compiled;
  const wasm = new Uint8Array(made);
  const own = [...sources.values()].filter(({ file }) => asked.has(file));
  const missing = importErrors(wasm, own);
  if (missing.length > 0) return withErrors(compiled, missing);
  const map = output.get(`${outFile}.map`);
  const sourceMap = typeof map === "string" ? tidyMap(map) : undefined;
  const typed = types === "" ? compiled : { ...compiled, types: `${typesHeader(basename(path))}${types}` };
  return countReductions(typed, path, { wasm, sourceMap, memoryBase: MEMORY_BASE }, { ...options, park });
}

/**
 * Answers without asking asc, whose message would name neither the file as it was given nor what to do.
 *
 * @param code the compiler's number of such a message; 0 where it has none
 */
function refused(entry: string, file: string, message: string, code = NOT_FOUND): Compiled {
  return {
    entry,
    diagnostics: [{ severity: "error", message, code, file }],
    sources: [file],
    text: `ERROR${code === 0 ? "" : ` TS${code}`}: ${message}\n`,
  };
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Null where there is no such file, as asc expects. */
async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}
