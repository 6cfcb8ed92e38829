/** Compiles the guests of tests, and runs one test after another. */
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readInterface } from "../../../module/interface.ts";
import { explore, type SimulateOptions, SimulationError, simulate } from "../../../test.ts";
import { ENTRY_TYPE } from "../../../wire/abi.ts";
import { build } from "../../compile/build.ts";
import type { Compiled } from "../../compile/compiled.ts";
import { LoadError, type ModuleSource, type Runtime, type RuntimeOptions } from "../../index.ts";
import { read } from "../../read.ts";
import { UsageError } from "../command.ts";
import { compileOptions } from "../compile-options.ts";
import { printDiagnostics } from "../diagnostics.ts";
import { isScript } from "../run/language.ts";
import { ProgressLine } from "../terminal.ts";
import type { TestOptions, TestResult } from "./options.ts";
import { commandOf, printResult } from "./report.ts";
import { callTest, defineScript, ScriptFailed, testsIn } from "./scripts.ts";

/** Runs the tests of all files. Resolves to the sources that were read, and whether all tests have passed. */
export async function runTests(
  files: readonly string[],
  options: TestOptions,
): Promise<{ hasPassed: boolean; sources: Map<string, readonly string[]> }> {
  const progress = new ProgressLine();
  progress.say(`compiling ${files.length === 1 ? files[0] : `${files.length} guests`}`);
  const others = [...options.definitions.values()];
  const guests = [...new Set([...files, ...others])].filter(file => !isScript(file, options.given));
  const built = new Map(
    (await compile(guests, options).finally(() => progress.clear())).map((compiled, i) => [guests[i], compiled]),
  );
  const sources = new Map(files.map(file => [file, built.get(file)?.sources ?? [resolve(file)]]));
  for (const { diagnostics } of built.values()) printDiagnostics(diagnostics);
  if ([...built.values()].some(({ wasm }) => wasm === undefined)) return { hasPassed: false, sources };
  const imports = await importsOf(options.imports);
  const found: { file: string; test: string }[] = [];
  for (const file of files) {
    const compiled = built.get(file);
    const tests = compiled === undefined ? testsIn(await readFile(file, "utf8")) : testsOf(file, compiled);
    const wanted = tests.filter(test => options.only.length === 0 || options.only.includes(test));
    for (const test of wanted) found.push({ file, test });
  }
  if (found.length === 0) throw new UsageError(noTests(options.only));
  let failed = 0;
  for (const { file, test } of found) {
    const names = new Map([[nameOf(file), file], ...options.definitions]);
    progress.say(`${test}`);
    const result = await runTest(file, test, names, built, imports, options, progress).finally(() => progress.clear());
    if (result.error !== undefined) failed++;
    printResult(result, options.isJson);
  }
  if (!options.isJson && found.length > 1) {
    process.stdout.write(
      `${failed === 0 ? `all ${found.length} tests have passed` : `${failed} of ${found.length} tests have failed`}\n`,
    );
  }
  return { hasPassed: failed === 0, sources };
}

/** The name that the guests of a file are spawned by. */
function nameOf(file: string): string {
  return basename(file).replace(/\..*$/, "");
}

/** With all frames kept, a failed check of the library leads to the line that called it. */
async function compile(files: readonly string[], { given, preempt }: TestOptions): Promise<Compiled[]> {
  const reductions = preempt === undefined ? "none" : "yield";
  return build(files, { ...compileOptions(given), reductions, debug: true });
}

/** The names of the tests that a module exports. Throws a UsageError where a test takes something. */
function testsOf(file: string, { wasm }: Compiled): string[] {
  const exports = (wasm && readInterface(wasm)?.exports) ?? [];
  const tests = exports.filter(({ kind, name }) => kind === "function" && /^test(?![a-z])/.test(name));
  const wrong = tests.find(({ signature }) => signature !== ENTRY_TYPE);
  if (wrong !== undefined) {
    throw new UsageError(`${file}: ${wrong.name} has type ${wrong.signature}, but a test takes and returns nothing`);
  }
  return tests.map(({ name }) => name);
}

function noTests(only: readonly string[]): string {
  if (only.length > 0) return `there is no test ${only.join(" or ")}`;
  return 'there is no test: export functions whose names begin with "test", for example testTransfer(): void';
}

/** The default export of the file of `--imports`. */
async function importsOf(file: string | undefined): Promise<RuntimeOptions["imports"]> {
  if (file === undefined) return undefined;
  const module: { default?: unknown } = await import(pathToFileURL(file).href);
  const { default: imports } = module;
  if (typeof imports === "object" && imports !== null) return imports as RuntimeOptions["imports"];
  throw new UsageError(`--imports: ${file} has no default export with functions, such as { shop: { price() { … } } }`);
}

async function runTest(
  file: string,
  test: string,
  names: ReadonlyMap<string, string>,
  built: ReadonlyMap<string, Compiled>,
  imports: RuntimeOptions["imports"],
  options: TestOptions,
  progress: ProgressLine,
): Promise<TestResult> {
  const { seeds, first, kill, kills, steps, delayMs, preempt, choices } = options;
  const own = nameOf(file);
  const modules = Object.fromEntries(
    [...names].flatMap(([name, path]): [string, ModuleSource][] => {
      const compiled = built.get(path);
      return compiled === undefined ? [] : [[name, compiled]];
    }),
  );
  const scripts = [...names].filter(([, path]) => isScript(path, options.given));
  const shared: SimulateOptions = {
    modules,
    ...(scripts.length > 0 && {
      setup: async runtime => {
        for (const [name, path] of scripts) await defineScript(runtime, name, path);
      },
    }),
    runtime: imports === undefined ? { read } : { imports, read },
    kill,
    kills,
    steps,
    delayMs,
    ...(preempt !== undefined && { preempt }),
  };
  const program = (runtime: Runtime) =>
    isScript(file, options.given) ? callTest(runtime, own, test) : runtime.spawn(own, { entry: test });
  const onSeed = (played: number) => progress.say(`${test}: ${played} of ${seeds} seeds`);
  try {
    const explored =
      choices === undefined
        ? await explore(program, { ...shared, seeds, first, onSeed })
        : await simulate(program, { ...shared, choices });
    return { file, test, explored };
  } catch (error) {
    if (error instanceof SimulationError) return { file, test, error, command: commandOf(file, test, error, options) };
    if (error instanceof LoadError) {
      return { file, test, error: new Error(`${error.message}; --imports FILE gives functions of the host`) };
    }
    if (error instanceof ScriptFailed) return { file, test, error: new Error("its scripts cannot be loaded") };
    throw error;
  }
}
