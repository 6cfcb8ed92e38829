/**
 * Builds the engine of JavaScript guests and writes engine.wasm: `npm run js-engine`. Only developers run this.
 * It needs cargo, which fetches the sources of quickjs-ng, and Debian's clang, lld, wasi-libc and
 * libclang-rt-14-dev-wasm32.
 *
 * The steps: C to WebAssembly; the modules of library/ are evaluated, and the memory that it leaves becomes the module's first state;
 * then the module is made as `isopod build --trusted --reductions kill` makes one: confined, counted, limited, with a
 * section of facts. The same sources give the same bytes.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import binaryen from "binaryen";
import { withFacts } from "../../host/module/facts-writer.ts";
import { Rewriter } from "../../host/module/rewriter.ts";
import { RewrittenModule } from "../../host/module/rewritten-module.ts";
import { defaultLimits } from "../../host/wire/limits.ts";
import { record } from "./built-from.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** The package that has the sources, and what its file must be. An update changes the first three lines. */
const PACKAGE = "libquickjs-ng-sys-0.14.0";
const SHA256 = "9c81e864c33a1d1543f2f651d7622de0e8fb9b8e0c50b808eee606c056dd02e2";
export const QUICKJS_VERSION = "0.18.0";

const FILES = ["engine", "heap", "libc", "utf8", "cbor", "message", "natives", "script", "crash", "turn"];
/** The library, in the order in which it is evaluated: the names of the modules, and their files. */
const LIBRARY = {
  "isopod:waits": "waits.js",
  "isopod:receive": "receive.js",
  isopod: "isopod.js",
  "isopod:text": "text.js",
  "isopod:clone": "clone.js",
  "isopod:host": "url-host.js",
  "isopod:search-params": "search-params.js",
  "isopod:url": "url.js",
  "isopod:console": "console.js",
  "isopod:globals": "globals.js",
  "warm-up": "warm-up.js",
};
const FILES_OF_QUICKJS = ["libregexp", "libunicode", "dtoa"];
/** As SCRATCH in engine.h. */
const STACK_BYTES = 256 * 1024;
/** As PLACE_AT. */
const PLACE = 12_352;
/** Where a source of the library is while it is compiled, and its bytes: below the stack that the build needs. */
const SOURCE_AT = 16 * 1024;
const BYTES_AT = 80 * 1024;
const BYTES_END = 160 * 1024;
const PAGE_BYTES = 65_536;
const FETCH_LIMIT_MS = 60_000;

const FLAGS = [
  "--target=wasm32-wasi",
  "-O2",
  "-mbulk-memory",
  "-msign-ext",
  "-mnontrapping-fptoint",
  "-mmutable-globals",
  "-D_GNU_SOURCE",
  "-DNDEBUG",
  "-fvisibility=hidden",
  // Each block of memory comes from heap.c: QuickJS asks for its own small blocks only without this.
  "-D__SANITIZE_ADDRESS__",
];
const WARNINGS = ["-Wall", "-Wno-unused-function", "-Wno-unused-but-set-variable", "-Wno-sign-compare"];

/** The folder of quickjs-ng's sources, fetched by cargo and checked. */
export function sources(): string {
  execFileSync("cargo", ["fetch", "--manifest-path", join(HERE, "sources/Cargo.toml")], {
    stdio: "inherit",
    timeout: FETCH_LIMIT_MS,
  });
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry");
  const cached = readdirSync(join(registry, "cache"))
    .map(index => join(registry, "cache", index, `${PACKAGE}.crate`))
    .find(path => sha256Of(path) === SHA256);
  if (cached === undefined) throw new Error(`cargo has no ${PACKAGE} with the SHA-256 ${SHA256}`);
  const folder = mkdtempSync(join(tmpdir(), "quickjs-"));
  execFileSync("tar", ["-xzf", cached, "-C", folder]);
  return join(folder, PACKAGE, "embed/quickjs");
}

function sha256Of(path: string): string | undefined {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return undefined;
  }
}

/** Where a loop asks whether to go on, and how often the sources have this. */
const ASKS = "if (unlikely(js_poll_interrupts(ctx)))";
const ASKS_IN_LOOPS = 7;

/**
 * The only change of a source of QuickJS. A loop that calls nothing does not note where it is, so that a crash would
 * name the line of its function. Now it does, where it asks every 10,000 rounds: that costs nothing in between.
 */
function notePlaces(path: string): void {
  const parts = readFileSync(path, "utf8").split(ASKS);
  if (parts.length !== ASKS_IN_LOOPS + 1) throw new Error(`${path} has ${parts.length - 1} loops that ask`);
  const noted = "if (unlikely(--ctx->interrupt_counter <= 0 && (sf->cur_pc = pc + 1, __js_poll_interrupts(ctx))))";
  writeFileSync(path, parts.join(noted));
}

/** The engine as clang and lld make it: nothing of it has run. */
function compile(quickjs: string): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), "js-engine-"));
  try {
    // Paths in the command would be in the output.
    cpSync(HERE, join(folder, "js"), { recursive: true });
    cpSync(quickjs, join(folder, "quickjs"), { recursive: true });
    notePlaces(join(folder, "quickjs/quickjs.c"));
    const clang = (...args: string[]) => execFileSync("clang", args, { cwd: folder, stdio: "inherit" });
    for (const name of FILES) {
      clang(...FLAGS, ...WARNINGS, "-Iquickjs", "-Ijs", "-c", `js/${name}.c`, "-o", `${name}.o`);
    }
    for (const name of FILES_OF_QUICKJS)
      clang(...FLAGS, "-w", "-Iquickjs", "-c", `quickjs/${name}.c`, "-o", `${name}.o`);
    clang("--target=wasm32-wasi", "-mmutable-globals", "-c", "js/limit.s", "-o", "limit.o");
    const objects = [...FILES, ...FILES_OF_QUICKJS, "limit"].map(name => `${name}.o`);
    clang(
      "--target=wasm32-wasi",
      "-mexec-model=reactor",
      "-nostartfiles",
      ...objects,
      "-o",
      "engine.wasm",
      "-Wl,--no-entry,--stack-first,--gc-sections,--no-check-features",
      `-Wl,-z,stack-size=${STACK_BYTES}`,
      "-Wl,--export=store_limit,--export=__stack_pointer",
    );
    return new Uint8Array(readFileSync(join(folder, "engine.wasm")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Running {
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
  call(name: string, ...args: number[]): number;
}

/** An instance of the engine, which the host has given nothing. */
function started(compiled: WebAssembly.Module): Running {
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module, name } of WebAssembly.Module.imports(compiled)) {
    imports[module] ??= {};
    imports[module][name] = () => (name === "now" ? -100 : 0);
  }
  const report = (name: string, at: number, length: number) => {
    throw new Error(`the library: ${name}: ${Buffer.from(memory.buffer, at, length).toString()}`);
  };
  Object.assign(imports.actor, { exit: (_code: number, at: number, length: number) => report("it ended", at, length) });
  Object.assign(imports.env, { abort: () => report("abort", 0, 0) });
  const { exports } = new WebAssembly.Instance(compiled, imports);
  const memory = exports.memory as WebAssembly.Memory;
  const call = (name: string, ...args: number[]) => (exports[name] as (...args: number[]) => number)(...args);
  call("engine_begin");
  return { exports, memory, call };
}

/** The library, compiled by an instance that is not kept. */
function compiledLibrary(compiled: WebAssembly.Module): Uint8Array[] {
  const { memory, call } = started(compiled);
  return Object.entries(LIBRARY).map(([name, file]) => {
    const source = readFileSync(join(HERE, "library", file));
    const text = Buffer.concat([Buffer.from(`${name}\0`), source, Buffer.from("\0")]);
    if (SOURCE_AT + text.length > BYTES_AT) throw new Error(`${file} is too long`);
    new Uint8Array(memory.buffer).set(text, SOURCE_AT);
    const sourceAt = SOURCE_AT + text.length - source.length - 1;
    const length = call("engine_compile", SOURCE_AT, sourceAt, source.length, BYTES_AT);
    if (BYTES_AT + length > BYTES_END) throw new Error(`${file} is too long when it is compiled`);
    return new Uint8Array(memory.buffer).slice(BYTES_AT, BYTES_AT + length);
  });
}

/** The module when it has evaluated its library: its memory and its globals are its first state. */
function snapshot(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const compiled = new WebAssembly.Module(bytes);
  const library = compiledLibrary(compiled);
  const { exports, memory, call } = started(compiled);
  for (const part of library) {
    new Uint8Array(memory.buffer).set(part, BYTES_AT);
    call("engine_evaluate", BYTES_AT, part.length);
  }
  call("engine_end");
  const valueOfGlobal = (name: string) => (exports[name] as WebAssembly.Global).value as number;
  const content = new Uint8Array(memory.buffer);
  // The stack and the library are scratch.
  content.fill(0, 0, STACK_BYTES);

  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(binaryen.Features.All);
    const ofBuild = ["engine_begin", "engine_compile", "engine_evaluate", "engine_end"];
    for (const name of [...ofBuild, "store_limit", "__stack_pointer", "memory"]) module.removeExport(name);
    setGlobal(module, "store_limit", valueOfGlobal("store_limit"), true);
    setGlobal(module, "__stack_pointer", valueOfGlobal("__stack_pointer"), true);
    module.addGlobal("scratch", binaryen.i32, false, module.i32.const(STACK_BYTES));
    module.addGlobalExport("store_limit", "isopod:limit");
    module.addGlobal("place", binaryen.i32, false, module.i32.const(PLACE));
    module.addGlobalExport("scratch", "isopod:scratch");
    module.addGlobalExport("place", "isopod:place");
    const segments = partsOf(content).map(([from, until]) => ({
      offset: module.i32.const(from),
      data: content.slice(from, until),
      passive: false,
    }));
    module.setMemory(content.length / PAGE_BYTES, -1, "memory", segments);
    binaryen.setOptimizeLevel(2);
    binaryen.setShrinkLevel(0);
    binaryen.setDebugInfo(false);
    binaryen.setFastMath(false);
    module.optimize();
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}

function setGlobal(module: binaryen.Module, name: string, value: number, mutable: boolean): void {
  module.removeGlobal(name);
  module.addGlobal(name, binaryen.i32, mutable, module.i32.const(value));
}

/** The parts of the memory between long runs of zeros. */
function partsOf(content: Uint8Array): (readonly [from: number, until: number])[] {
  const LONG = 64;
  const parts: [number, number][] = [];
  for (let at = 0; at < content.length; at++) {
    if (content[at] === 0) continue;
    const last = parts.at(-1);
    if (last !== undefined && at - last[1] < LONG) last[1] = at + 1;
    else parts.push([at, at + 1]);
  }
  return parts;
}

/** Confines the module, counts its reductions, limits its stores, and notes the facts. */
async function trusted(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const { moduleBytes, tableElements } = defaultLimits;
  const offers = { imported: new Map(), asked: new Set<string>() };
  const rewriter = new Rewriter({ moduleBytes, tableElements, offers, readSourceMap: undefined });
  const { compiled, ownsMemory } = await rewriter.rewrite("engine.wasm", bytes, true);
  return withFacts(compiled.bytes, new RewrittenModule(compiled, ownsMemory));
}

/** The bytes of engine.wasm. */
export async function build(quickjs: string): Promise<Uint8Array<ArrayBuffer>> {
  return trusted(snapshot(compile(quickjs)));
}

if (import.meta.main) {
  const engine = await build(sources());
  writeFileSync(join(HERE, "../../host/js/engine.wasm"), engine);
  record(engine);
}
