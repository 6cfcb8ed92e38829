/** `isopod build`: compiles AssemblyScript guests. Every entry that compiles is written, whatever becomes of the others. */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { build as compileAll } from "../build.ts";
import { type Arguments, type Command, UsageError } from "../command.ts";
import type { Compiled, CompileOptions } from "../compiler.ts";
import { printDiagnostics, showPath } from "../diagnostics.ts";

/** The ways in which a guest can wait, as `--park` says them. */
export const PARK_CHOICES = ["asyncify", "jspi"] as const;
const REDUCTIONS_CHOICES = ["none", "count", "yield"] as const;

export const build: Command = {
  name: "build",
  summary: "compile guests, AssemblyScript to WebAssembly",
  help: `Compiles AssemblyScript guests; a.ts becomes a.wasm beside it. A module that
is WebAssembly already, made by whatever compiler, gets its reductions counted,
or with --park asyncify is taught to wait in every engine; for that --out is
needed, and what docs/languages.md says.

Usage: isopod build <guest.ts | guest.wasm>… [options]

Options:
  --out DIR       write into DIR, which is made if there is none
  --park WAY      how a guest waits: asyncify (default, works in every engine)
                  or jspi (smaller; needs an engine that can switch stacks);
                a .wasm as it does already, unless asyncify is asked for
  --reductions HOW
                  what stops a guest that computes for long: none (default of
                  a source); count: it can be killed, and preempted where it
                  waits by jspi; yield: it can be preempted in every engine
  --debug         keep function names and optimize less
  --source-map    write a.wasm.map too; a build with --debug
  -h, --help      print this

Exit code: 0, or 1 where an entry failed; the others are written all the same.
`,
  options: {
    out: { type: "string" },
    park: { type: "string", choices: PARK_CHOICES },
    reductions: { type: "string", choices: REDUCTIONS_CHOICES },
    debug: { type: "boolean" },
    "source-map": { type: "boolean" },
  },

  async run(given) {
    const entries = [...given.positionals];
    if (entries.length === 0) throw new UsageError("which guests? Name one or more .ts files");
    const out = given.text("out");
    const reductions = given.text("reductions") ?? "none";
    if (reductions !== "none" && given.has("source-map")) {
      throw new UsageError(
        "a source map fits no module whose reductions are counted: leave out --source-map or --reductions",
      );
    }
    const targets = new Map<string, string>();
    for (const entry of entries) {
      const target = targetOf(entry, out);
      if (target === resolve(entry)) throw new UsageError(`${entry} would be written over: say with --out where to`);
      const other = targets.get(target);
      if (other !== undefined)
        throw new UsageError(`${other} and ${entry} would both become ${showPath(target)}: build them apart`);
      targets.set(target, entry);
    }
    if (out !== undefined) await mkdir(out, { recursive: true });
    let failed = 0;
    for (const compiled of await compileAll(entries, compileOptions(given))) {
      printDiagnostics(compiled);
      if (!(await write(compiled, targetOf(compiled.entry, out), given.has("source-map")))) failed++;
    }
    if (failed > 0 && entries.length > 1) process.stderr.write(`${failed} of ${entries.length} failed\n`);
    return failed === 0 ? 0 : 1;
  },
};

/** What `--park`, `--reductions` and `--debug` mean to the compiler. */
export function compileOptions(given: Arguments): CompileOptions {
  const park = PARK_CHOICES.find(way => way === given.text("park"));
  const reductions = REDUCTIONS_CHOICES.find(way => way === given.text("reductions"));
  return {
    ...(park && { park }),
    ...(reductions && { reductions }),
    debug: given.has("debug") || given.has("source-map"),
  };
}

function targetOf(entry: string, out: string | undefined): string {
  return join(resolve(out ?? dirname(entry)), `${basename(entry).replace(/\.(ts|wasm)$/, "")}.wasm`);
}

async function write({ wasm, sourceMap }: Compiled, target: string, withMap: boolean): Promise<boolean> {
  if (wasm === undefined) return false;
  try {
    await writeFile(target, wasm);
    process.stdout.write(`${showPath(target)}  ${wasm.length} bytes\n`);
    if (!withMap || sourceMap === undefined) return true;
    await writeFile(`${target}.map`, sourceMap);
    process.stdout.write(`${showPath(target)}.map  ${Buffer.byteLength(sourceMap)} bytes\n`);
    return true;
  } catch (error) {
    process.stderr.write(
      `${showPath(target)} could not be written: ${error instanceof Error ? error.message : error}\n`,
    );
    return false;
  }
}
