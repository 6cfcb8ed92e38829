/**
 * Compiled guests, kept in a folder from one process to the next.
 *
 * Guarantee: `find` answers what the compiler would make now. An entry counts only while the
 * compiler, Node's major version and the options are the same, and while every file that the compiler read, or did not
 * find, is as it was. A damaged entry does not count, and neither does a folder that another user
 * can write to.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { CODE_EXTENSION, CODE_FOLDER, PACKAGE_FOLDER, packageVersion } from "../installation.ts";
import { COMPILER_PACKAGES } from "../optional-packages.ts";
import type { Compiled } from "./compiled.ts";
import type { CompileOptions } from "./options.ts";

/** When the entries are larger than this together, those that were used longest ago are removed. */
const MAX_BYTES = 64 * 2 ** 20;

/** Nothing else in the folder is ever removed. */
const OWN_NAME = /^[0-9a-f]{64}\.(guest|half)$/;

/** What the compiler consists of, beside its packages. In an installed package, that is in bundles. */
const COMPILER_FOLDERS =
  CODE_FOLDER === PACKAGE_FOLDER ? ["host/node/compile", "host/module", "host/wire", "guest/transform"] : ["."];

/**
 * A place in this name is one in the guest library. Other places are relative to the base folder,
 * so that a moved project finds its entries.
 */
const LIBRARY = "isopod:";
const LIBRARY_FOLDER = join(PACKAGE_FOLDER, "guest");

/**
 * The files that a guest was made of, by their paths, as hashes of their contents; null where there
 * was no such file.
 */
export type Inputs = readonly (readonly [file: string, hash: string | null])[];

interface Entry {
  readonly inputs: Inputs;
  readonly sources: readonly string[];
  /** In base64. */
  readonly wasm: string;
  readonly sourceMap?: string;
  readonly types?: string;
}

export const hashOf = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/**
 * The folder that `option` means; undefined where nothing is kept. Without the option it is that of
 * the environment variable ISOPOD_CACHE (`off`: none), or else `isopod` in the user's folder for
 * caches.
 */
export function cacheFolder(option: string | false | undefined): string | undefined {
  const chosen = option ?? (process.env.ISOPOD_CACHE || undefined);
  if (chosen === false || chosen === "off") return undefined;
  if (chosen !== undefined) return resolve(chosen);
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME !== undefined && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "isopod");
  if (process.platform === "win32") return LOCALAPPDATA && join(LOCALAPPDATA, "isopod", "cache");
  const home = homeFolder();
  return home && join(home, process.platform === "darwin" ? "Library/Caches" : ".cache", "isopod");
}

/** Undefined for a user that the system does not know, as some containers have. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

export class CompileCache {
  readonly #folder: string;
  readonly #maxBytes: number;

  constructor(folder: string, maxBytes = MAX_BYTES) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** What compiling would give, or undefined where that is not known. */
  async find(entry: string, options: CompileOptions): Promise<Compiled | undefined> {
    const baseDir = resolve(options.baseDir ?? ".");
    const hash = await hashOfFile(resolve(baseDir, entry));
    if (hash === null || !(await isPrivate(this.#folder))) return undefined;
    const path = await this.#pathOf(entry, hash, options);
    const kept = parse(await readFile(path, "utf8").catch(() => ""));
    if (kept === undefined) return undefined;
    const current = await Promise.all(kept.inputs.map(([place]) => hashOfFile(fileAt(place, baseDir))));
    if (kept.inputs.some(([, before], i) => before !== current[i])) return undefined;
    const now = new Date();
    await utimes(path, now, now).catch(() => {});
    const { sources, wasm, sourceMap, types } = kept;
    return {
      entry,
      wasm: new Uint8Array(Buffer.from(wasm, "base64")),
      ...(sourceMap !== undefined && { sourceMap }),
      ...(types !== undefined && { types }),
      diagnostics: [],
      sources: sources.map(place => fileAt(place, baseDir)),
      text: "",
    };
  }

  /**
   * Keeps what was compiled, unless there is something to say about it. A folder that cannot be
   * written is no error.
   */
  async keep({ entry, wasm, sourceMap, types, text, sources }: Compiled, inputs: Inputs, options: CompileOptions) {
    const baseDir = resolve(options.baseDir ?? ".");
    const [, hash] = inputs.find(([file]) => file === resolve(baseDir, entry)) ?? [];
    if (wasm === undefined || text !== "" || hash === undefined || hash === null) return;
    const kept: Entry = {
      inputs: inputs.map(([file, before]) => [placeOf(file, baseDir), before]),
      sources: sources.map(file => placeOf(file, baseDir)),
      wasm: Buffer.from(wasm).toString("base64"),
      ...(sourceMap !== undefined && { sourceMap }),
      ...(types !== undefined && { types }),
    };
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      if (!(await isPrivate(this.#folder))) return;
      // Renamed, so that no process reads half of it.
      const half = join(this.#folder, `${randomBytes(32).toString("hex")}.half`);
      const json = JSON.stringify(kept);
      await writeFile(half, `${hashOf(json)}\n${json}`, { mode: 0o600, flag: "wx" });
      await rename(half, await this.#pathOf(entry, hash, options));
      await this.#removeOldest();
    } catch {
      // It is compiled again then.
    }
  }

  /**
   * The entry's content is part of the name, so that files of the same name do not replace each
   * other.
   */
  async #pathOf(entry: string, hash: string, options: CompileOptions): Promise<string> {
    const { stackBytes, initialPages, trusted = false, debug = false, enable = [], baseDir = "." } = options;
    // These are the compiler's defaults. Of a module it asks itself what there is.
    const isSource = entry.endsWith(".ts");
    const { park = isSource ? "asyncify" : "", reductions = isSource ? "none" : "" } = options;
    // This name is in messages and in the map.
    const name = relative(resolve(baseDir), resolve(baseDir, entry)).split(sep).join("/");
    // The compiler is WebAssembly, so a fault of an engine may be in what it has made.
    const [node] = process.versions.node.split(".");
    const made = [park, reductions, trusted, debug, stackBytes, initialPages, enable];
    const key = [await compilerHash(), node, name, hash, ...made];
    return join(this.#folder, `${hashOf(JSON.stringify(key))}.guest`);
  }

  async #removeOldest(): Promise<void> {
    const names = (await readdir(this.#folder)).filter(name => OWN_NAME.test(name));
    const files = await Promise.all(
      names.map(async name => {
        const path = join(this.#folder, name);
        // Another process may have removed it.
        const found = await stat(path).catch(() => undefined);
        return { path, bytes: found?.size ?? 0, usedMs: found?.mtimeMs ?? 0 };
      }),
    );
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (bytes <= this.#maxBytes) return;
      await rm(file.path, { force: true });
      bytes -= file.bytes;
    }
  }
}

/** Undefined where it is not what was written. */
function parse(file: string): Entry | undefined {
  const end = file.indexOf("\n");
  const json = file.slice(end + 1);
  return end > 0 && file.slice(0, end) === hashOf(json) ? (JSON.parse(json) as Entry) : undefined;
}

function placeOf(file: string, baseDir: string): string {
  const inLibrary = file.startsWith(LIBRARY_FOLDER + sep);
  return inLibrary ? LIBRARY + relative(LIBRARY_FOLDER, file) : relative(baseDir, file);
}

function fileAt(place: string, baseDir: string): string {
  return place.startsWith(LIBRARY) ? join(LIBRARY_FOLDER, place.slice(LIBRARY.length)) : resolve(baseDir, place);
}

async function hashOfFile(file: string): Promise<string | null> {
  try {
    return hashOf(await readFile(file));
  } catch {
    return null;
  }
}

/** Whether it is this user's folder, and no other user can write to it. */
async function isPrivate(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || process.getuid === undefined) return found !== undefined;
  return found.uid === process.getuid() && (found.mode & 0o022) === 0;
}

let compiler: Promise<string> | undefined;

/** One hash of all code that decides what comes out. */
function compilerHash(): Promise<string> {
  compiler ??= hashCompiler();
  return compiler;
}

async function hashCompiler(): Promise<string> {
  const require = createRequire(import.meta.url);
  const hash = createHash("sha256");
  hash.update(packageVersion());
  for (const name of COMPILER_PACKAGES) hash.update(await readFile(require.resolve(`${name}/package.json`)));
  for (const folder of COMPILER_FOLDERS) {
    const path = join(CODE_FOLDER, folder);
    for (const name of (await readdir(path, { recursive: true })).sort()) {
      if (name.endsWith(CODE_EXTENSION)) hash.update(name).update(await readFile(join(path, name)));
    }
  }
  return hash.digest("hex");
}
