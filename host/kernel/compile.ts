/**
 * Compiles the kernel to WebAssembly and writes binary.ts: `npm run kernel`. Only Node runs this
 * file, never the host.
 *
 * asc compiles kernel.ts and what it imports, with `x.as.ts` in place of `x.ts` where both exist.
 * AssemblyScript knows one memory and one table, so the lines of its text that concern others are
 * replaced (`lower`). Binaryen optimizes the result.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as asc from "assemblyscript/asc";
import binaryen from "binaryen";

const { BulkMemory, BulkMemoryOpt, MutableGlobals, ReferenceTypes, MultiMemory, SIMD128 } = binaryen.Features;

/** Imports from this module are no functions: each call is replaced by the instructions that it names. */
const INSTRUCTION = "instruction";

/** The host's functions. */
const GATE = "gate";

/** What the module imports of memories and tables, and the table that it has itself. */
const IMPORTS = `
 (import "kernel" "memory" (memory $kernel 1))
 (import "guest" "memory" (memory $guest 0))
 (import "kernel" "turns" (table $turns 0 funcref))`;
const TABLE = ` (table $guest (export "guest") 5 5 funcref)`;

/** Source files by name, which take the place of those on disk. */
export type Sources = Readonly<Record<string, string>>;

/**
 * The binary of the kernel.
 *
 * @param entry the file whose exports the module has
 * @param sources files that tests put in place of the kernel's
 * @throws Error with asc's messages, or where the kernel needs what it must not have: a start
 *   function, data, other imports
 */
export async function compile(entry = "kernel.ts", sources: Sources = {}): Promise<Uint8Array<ArrayBuffer>> {
  return optimize(lower(await translate(entry, sources)));
}

/** asc's text of a file and all that it imports, not optimized. */
async function translate(entry: string, sources: Sources): Promise<string> {
  let text = "";
  const stderr = asc.createMemoryStream();
  const { error } = await asc.main(
    [entry, "--textFile", "kernel.wat", "--runtime", "stub", "--enable", "simd", "--importMemory", "--noExportMemory"],
    {
      stderr,
      readFile: name => readSource(name, sources),
      writeFile: (_name, content) => {
        text = String(content);
      },
      listFiles: () => [],
    },
  );
  if (error !== null) throw new Error(`asc cannot compile the kernel: ${error.message}\n${stderr.toString()}`);
  return text;
}

/**
 * The text of a source file; null where there is none. Paths of imports lose their `.ts`, which asc adds
 * again. The comment `// @inline` before a function becomes a decorator, which JavaScript does not have.
 */
function readSource(name: string, sources: Sources): string | null {
  const found = [name.replace(/\.ts$/, ".as.ts"), name].map(file => sources[file] ?? readOnDisk(file));
  const text = found.find(content => content !== null) ?? null;
  return text?.replaceAll(/\bfrom "(\.\/[\w-]+)\.ts"/g, 'from "$1"').replaceAll(/^\/\/ @inline$/gm, "@inline") ?? null;
}

function readOnDisk(file: string): string | null {
  const url = new URL(file, import.meta.url);
  return existsSync(url) ? readFileSync(url, "utf8") : null;
}

/** asc's text with the memories and tables that the kernel has. asc writes one instruction a line. */
export function lower(text: string): string {
  const instructions = new Map<string, string>();
  const lines = text.split("\n").flatMap(line => {
    const [, module, name, what, id] = /^ \(import "(.*?)" "(.*?)" \((\w+) ([^\s)]+)/.exec(line) ?? [];
    if (module === INSTRUCTION) {
      instructions.set(id, name);
      return [];
    }
    if (what === "memory") return [IMPORTS];
    if (module !== undefined && module !== GATE) throw new Error(`the kernel must not import ${module} ${name}`);
    if (/^ \(table /.test(line)) return [TABLE];
    // asc's own table has no entries.
    if (line === " (elem $0 (i32.const 1))") return [];
    if (/^ \((start|data|elem) /.test(line)) throw new Error(`the kernel must not have this:${line}`);
    return [line];
  });
  return lines
    .map(line =>
      line.replace(/^(\s+)call (\S+)$/, (call, indent: string, id: string) => {
        const instruction = instructions.get(id);
        return instruction === undefined ? call : indent + instruction;
      }),
    )
    .join("\n");
}

function optimize(text: string): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(BulkMemory | BulkMemoryOpt | MutableGlobals | ReferenceTypes | MultiMemory | SIMD128);
    if (!module.validate()) throw new Error("the kernel is no valid module");
    setOptions();
    module.optimize();
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}

/** Binaryen's options are global to the process. All are set, so that the binary depends on its source only. */
function setOptions(): void {
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(2);
  binaryen.setFlexibleInlineMaxSize(20);
  binaryen.setOneCallerInlineMaxSize(-1);
  binaryen.setAllowInliningFunctionsWithLoops(false);
  binaryen.setDebugInfo(false);
  // A constant below 1,024 that is added to an address becomes the instruction's offset. The sum must
  // not wrap: the address itself is never negative.
  binaryen.setLowMemoryUnused(true);
  binaryen.setZeroFilledMemory(false);
  binaryen.setFastMath(false);
}

/**
 * Bytes as printable characters, which `bytesOf` of mail/kernel-module.ts reads: `#` to `|` for those below
 * 90, and two for the others. Base64 hides from gzip what repeats: of the kernel it leaves 17.2 KB, and
 * of this text 12.3.
 */
export function textOf(bytes: Uint8Array): string {
  // A backslash would be two characters in the file.
  const character = (value: number) => String.fromCharCode(value + 35).replace("\\", "!");
  return Array.from(bytes, byte =>
    byte < 90 ? character(byte) : byte < 180 ? `}${character(byte - 90)}` : `~${character(byte - 180)}`,
  ).join("");
}

/**
 * The whole text of binary.ts: an object, because minifiers move a constant to where it is used. There it is
 * longer than what gzip looks back, and keeps the code before it from the code behind it.
 */
export async function binaryFile(): Promise<string> {
  return fileOf("binary", "The kernel", "kernel");
}

/** The modules of recordings, by the files that they are in: they are loaded when an actor is recorded or replayed. */
export const tapeFiles = {
  "tape-binary.ts": () => fileOf("tapeBinary", "What recorded actors call", "tape"),
  "player-binary.ts": () => fileOf("playerBinary", "What plays recordings", "player"),
} as const;

async function fileOf(constant: string, what: string, entry: string): Promise<string> {
  const lines = textOf(await compile(`${entry}.ts`)).match(/.{1,110}/g) ?? [];
  const text = lines.map(line => `"${line}"`).join(" +\n    ");
  return `/** ${what} as text, made by compile.ts from ${entry}.ts: \`npm run kernel\`. */\n\nexport const ${constant} = {\n  ${entry}:\n    ${text},\n};\n`;
}

if (import.meta.main) {
  for (const [name, make] of Object.entries({ "binary.ts": binaryFile, ...tapeFiles })) {
    writeFileSync(new URL(name, import.meta.url), await make());
  }
}
