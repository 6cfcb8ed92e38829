/** Compiles the guests of tests, and runs one test after another. */
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { readInterface } from "../../../module/interface.ts";
import { explore, type SimulateOptions, SimulationError, simulate } from "../../../test.ts";
import { ENTRY_TYPE } from "../../../wire/abi.ts";
import { build } from "../../compile/build.ts";
import type { Compiled } from "../../compile/compiled.ts";
import { LoadError, type ModuleSource, type RuntimeOptions } from "../../index.ts";
import { UsageError } from "../command.ts";
import { compileOptions } from "../compile-options.ts";
import { printDiagnostics } from "../diagnostics.ts";
import { ProgressLine } from "../terminal.ts";
import type { TestOptions, TestResult } from "./options.ts";
import { commandOf, printResult } from "./report.ts";

/** Runs the tests of all files. Resolves to the sources that were read, and whether all tests have passed. */
export async function runTests(
  files: readonly string[],
  options: TestOptions,
): Promise<{ hasPassed: boolean; sources: Map<string, readonly string[]> }> {
  const progress = new ProgressLine();
  progress.say(`compiling ${files.length === 1 ? files[0] : `${files.length} guests`}`);
  const others = [...options.definitions.values()];
  const built = await compile([...files, ...others], options).finally(() => progress.clear());
  const sources = new Map(files.map((file, i) => [file, built[i].sources]));
  for (const { diagnostics } of built) printDiagnostics(diagnostics);
  if (built.some(({ wasm }) => wasm === undefined)) return { hasPassed: false, sources };
  const imports = await importsOf(options.imports);
  const defined = Object.fromEntries([...options.definitions.keys()].map((name, i) => [name, built[files.length + i]]));
  const found = files.flatMap((file, i) => testsOf(file, built[i], options.only).map(test => ({ file, test, i })));
  if (found.length === 0) throw new UsageError(noTests(options.only));
  let failed = 0;
  for (const { file, test, i } of found) {
    const modules = { [nameOf(file)]: built[i], ...defined };
    progress.say(`${test}`);
    const result = await runTest(file, test, modules, imports, options, progress).finally(() => progress.clear());
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
function testsOf(file: string, { wasm }: Compiled, only: readonly string[]): string[] {
  const exports = (wasm && readInterface(wasm)?.exports) ?? [];
  const tests = exports.filter(({ kind, name }) => kind === "function" && /^test(?![a-z])/.test(name));
  const wrong = tests.find(({ signature }) => signature !== ENTRY_TYPE);
  if (wrong !== undefined) {
    throw new UsageError(`${file}: ${wrong.name} has type ${wrong.signature}, but a test takes and returns nothing`);
  }
  return tests.map(({ name }) => name).filter(name => only.length === 0 || only.includes(name));
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
  modules: Readonly<Record<string, ModuleSource>>,
  imports: RuntimeOptions["imports"],
  options: TestOptions,
  progress: ProgressLine,
): Promise<TestResult> {
  const { seeds, first, kill, kills, steps, delayMs, preempt, choices } = options;
  const [own] = Object.keys(modules);
  const shared: SimulateOptions = {
    modules,
    runtime: imports === undefined ? {} : { imports },
    kill,
    kills,
    steps,
    delayMs,
    ...(preempt !== undefined && { preempt }),
  };
  const onSeed = (played: number) => progress.say(`${test}: ${played} of ${seeds} seeds`);
  try {
    const explored =
      choices === undefined
        ? await explore(runtime => runtime.spawn(own, { entry: test }), { ...shared, seeds, first, onSeed })
        : await simulate(runtime => runtime.spawn(own, { entry: test }), { ...shared, choices });
    return { file, test, explored };
  } catch (error) {
    if (error instanceof SimulationError) return { file, test, error, command: commandOf(file, test, error, options) };
    if (error instanceof LoadError) {
      return { file, test, error: new Error(`${error.message}; --imports FILE gives functions of the host`) };
    }
    throw error;
  }
}
