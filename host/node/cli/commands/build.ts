/** `isopod build`: compiles guests. Every entry that compiles is written, even when others fail. */
import { mkdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Builder } from "../../compile/build.ts";
import type { Compiled } from "../../compile/compiled.ts";
import { entryWarning } from "../../compile/entries.ts";
import { FileWatch } from "../../compile/file-watch.ts";
import type { CompileOptions } from "../../compile/options.ts";
import { type Command, UsageError } from "../command.ts";
import { COMPILE_OPTIONS, compileOptions, REDUCTIONS_CHOICES } from "../compile-options.ts";
import { printDiagnostics, showPath } from "../diagnostics.ts";
import { ProgressLine } from "../terminal.ts";

export const build: Command = {
  name: "build",
  help: `Compiles AssemblyScript guests. a.ts becomes a.wasm and a.wasm.map beside it; with
the map, crashes name lines of the source. The TypeScript types of classes that
are marked @message become a.wasm.d.ts. A .wasm file of another compiler gets
its reductions counted; with --park asyncify it learns to wait in every engine.
That needs --out. docs/languages.md says what such a module must look like.

Usage: isopod build <guest.ts | guest.wasm>… [options]

Options:
  --out DIR       writes into DIR, which is made if there is none
  --watch         builds again when a source changes, until Ctrl-C
  --park WAY      how a guest waits: asyncify (default, works in every engine)
                  or jspi (smaller; needs an engine that can switch stacks);
                  a .wasm file keeps its way, unless this says asyncify
  --reductions HOW
                  what stops a guest that computes for a long time: none (default
                  of a source); count: it can be killed, and preempted where it
                  waits by jspi; yield: it can be preempted in every engine, but
                  its crashes name no lines
  --stack BYTES   room for references to objects, four bytes for each in use: how
                  deep functions with objects may call each other (default 8192)
  --transform NAME
                  a transform of the AssemblyScript compiler, for example json-as:
                  a package, or a path that begins with ./; may be given several
                  times
  --enable NAME   a feature of WebAssembly that asc leaves off: simd, relaxed-simd
                  or reference-types; may be given several times
  --trusted       for load(module, { trusted: true }): the module needs no change by
                  the host, so it can be handed over compiled, where nothing may
                  be compiled at run time
  --debug         keeps function names and optimizes less
  -h, --help      prints this

Exit code: 0; 1 if an entry failed, while the others are written; 2 if the
command line is wrong. --watch ends with 0, after Ctrl-C.
`,
  options: {
    out: { type: "string" },
    watch: { type: "boolean" },
    ...COMPILE_OPTIONS,
    reductions: { type: "string", choices: REDUCTIONS_CHOICES },
    trusted: { type: "boolean" },
  },

  async run(given) {
    const entries = [...given.positionals];
    if (entries.length === 0) throw new UsageError("which guests? Name one or more .ts files");
    const out = given.text("out");
    checkTargets(entries, out);
    if (out !== undefined) await makeFolder(out);
    const entryBuilder = new EntryBuilder(out, compileOptions(given));
    try {
      if (given.has("watch")) return await watch(entries, entryBuilder);
      let failed = 0;
      for (const entry of entries) if (!(await entryBuilder.make(entry)).isMade) failed++;
      if (failed > 0 && entries.length > 1) process.stderr.write(`${failed} of ${entries.length} failed\n`);
      return failed === 0 ? 0 : 1;
    } finally {
      await entryBuilder.close();
    }
  },
};

function checkTargets(entries: readonly string[], out: string | undefined): void {
  const targets = new Map<string, string>();
  for (const entry of entries) {
    const target = targetOf(entry, out);
    if (target === resolve(entry))
      throw new UsageError(`${entry} would be overwritten: name another folder with --out`);
    const other = targets.get(target);
    if (other === entry) throw new UsageError(`${entry} was named twice`);
    if (other !== undefined)
      throw new UsageError(`${other} and ${entry} would both become ${showPath(target)}: build them separately`);
    targets.set(target, entry);
  }
}

function targetOf(entry: string, out: string | undefined): string {
  return join(resolve(out ?? dirname(entry)), `${basename(entry).replace(/\.(ts|wasm)$/, "")}.wasm`);
}

async function makeFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === false) throw new UsageError(`--out needs a folder, but ${path} is a file`);
  await mkdir(path, { recursive: true });
}

/** Builds one entry after another, and prints the result of each. */
class EntryBuilder {
  readonly #out: string | undefined;
  readonly #options: CompileOptions;
  readonly #builder = new Builder();
  readonly #progress = new ProgressLine();

  constructor(out: string | undefined, options: CompileOptions) {
    this.#out = out;
    this.#options = options;
  }

  /** @param note is added to the line that reports the written file */
  async make(entry: string, note: () => string = () => ""): Promise<{ isMade: boolean; sources: readonly string[] }> {
    this.#progress.say(`compiling ${entry}`);
    const compiled = await this.#builder.build(entry, this.#options).finally(() => this.#progress.clear());
    printDiagnostics(compiled.diagnostics);
    const { wasm, sources } = compiled;
    const warning = wasm && entry.endsWith(".ts") ? entryWarning(wasm) : undefined;
    if (warning !== undefined)
      printDiagnostics([{ severity: "warning", message: warning, code: 0, file: resolve(entry) }]);
    return { isMade: await write(compiled, targetOf(entry, this.#out), note()), sources };
  }

  close(): Promise<void> {
    return this.#builder.close();
  }
}

async function write({ wasm, sourceMap, types }: Compiled, target: string, note: string): Promise<boolean> {
  if (wasm === undefined) return false;
  try {
    await writeFile(target, wasm);
    if (sourceMap !== undefined) await writeFile(`${target}.map`, sourceMap);
    if (types !== undefined) await writeFile(`${target}.d.ts`, types);
    process.stdout.write(`${showPath(target)}  ${wasm.length} bytes${note}\n`);
    return true;
  } catch (error) {
    process.stderr.write(
      `${showPath(target)} could not be written: ${error instanceof Error ? error.message : error}\n`,
    );
    return false;
  }
}

/**
 * Builds all entries, and each of them again when one of its sources changes. Returns after SIGINT.
 */
async function watch(entries: readonly string[], entryBuilder: EntryBuilder): Promise<number> {
  const files = new FileWatch();
  const stop = () => files.close();
  process.once("SIGINT", stop);
  const sources = new Map<string, readonly string[]>();
  let stale = entries;
  for (;;) {
    const beganMs = Date.now();
    for (const entry of stale) {
      const entryBeganMs = performance.now();
      const note = () => `  ${((performance.now() - entryBeganMs) / 1000).toFixed(2)} s`;
      sources.set(entry, (await entryBuilder.make(entry, note)).sources);
    }
    const followed = new Set([...sources.values()].flat());
    files.follow(followed, beganMs);
    if (stale === entries) process.stderr.write(`watching ${followed.size} files; Ctrl-C ends it\n`);
    const changed = await files.changes();
    if (changed === undefined) break;
    stale = entries.filter(entry => sources.get(entry)?.some(file => changed.has(file)));
  }
  process.off("SIGINT", stop);
  return 0;
}
