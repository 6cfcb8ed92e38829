/**
 * A script that `isopod run` was given. Its modules are read from the disk: only files below the working
 * directory, or below the script's own folder if that is elsewhere.
 */
import { readFileSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { loadScript, ScriptError } from "../../../js/index.ts";
import { placeInScript } from "../../../wire/reason.ts";
import type { Diagnostic } from "../../compile/compiled.ts";
import { hostScript } from "../../compile/hints.ts";
import type { DerivedModule, GuestModule, Runtime } from "../../index.ts";
import * as host from "../../index.ts";
import { whyMissing } from "../../read.ts";
import { printDiagnostics } from "../diagnostics.ts";

/** Loads what was given into a runtime. Undefined where that failed, and was printed. */
export type Load = (runtime: Runtime) => Promise<GuestModule | DerivedModule | undefined>;

/** The user waits for the script, and no actor of anyone does. Reductions end an endless loop sooner. */
const LOAD_MS = 10_000;

/** Throws an Error that says what is wrong with the file or with what it imports. */
export async function scriptFrom(path: string): Promise<Load> {
  const missing = whyMissing(path);
  if (missing !== undefined) throw new Error(`${path} could not be read: ${missing}`);
  const source = await readFile(path, "utf8");
  const program = hostScript(path, source);
  if (program !== undefined) throw new Error(program);
  if (/\.m?ts$/.test(path)) hideWarningOfNode();
  const files = new ScriptFiles(path);
  return async runtime => {
    const options = { name: files.entry, loadMs: LOAD_MS, resolve: files.find };
    try {
      return await loadScript(runtime, source, options);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      printDiagnostics([diagnosticOf(error, files, path)]);
      return undefined;
    }
  };
}

/** The files of a script, by the names that its modules have: paths relative to its root. */
class ScriptFiles {
  readonly entry: string;
  readonly #root: string;

  constructor(path: string) {
    const here = relative(".", path);
    const isBelow = !here.startsWith("..") && !isAbsolute(here);
    this.#root = realpathSync(isBelow ? "." : dirname(path));
    this.entry = (isBelow ? here : relative(dirname(path), path)).replaceAll("\\", "/");
  }

  pathOf(name: string): string {
    return resolve(this.#root, name);
  }

  /** The source of a module. Throws an Error that says why there is none. */
  readonly find = (name: string, importer: string): string => {
    const imports = `${importer} imports ${name}`;
    if (/^isopod\//.test(name)) {
      throw new Error(`${imports}, which is not for scripts: they import "isopod"`);
    }
    const path = this.pathOf(name);
    const why = whyMissing(path);
    if (why === undefined) {
      const real = relative(this.#root, realpathSync(path));
      if (!real.startsWith("..") && !isAbsolute(real)) return readFileSync(path, "utf8");
      throw new Error(`${imports}, which is not below ${this.#root}: a script reads no other files`);
    }
    if (isBuiltin(name)) throw new Error(`${imports}, a part of Node: a script has only what its host gives it`);
    if (/^\w\w+:/.test(name)) throw new Error(`${imports}: the modules of a script are files`);
    if (!this.#isPackage(name, importer)) throw new Error(`${imports}, but ${why}`);
    const bundle = `npx esbuild ${this.entry} --bundle --format=esm --external:isopod --outfile=bundle.js`;
    throw new Error(`${imports}, a package: let a bundler make one file of both, for example ${bundle}`);
  };

  /** Whether the importer has written the name without a path. */
  #isPackage(name: string, importer: string): boolean {
    const text = readFileSync(this.pathOf(importer), "utf8");
    return text.includes(`"${name}"`) || text.includes(`'${name}'`);
  }
}

const NOT_EXPORTED = /^SyntaxError: Could not find export '(\w+)' in module 'isopod'$/;

function diagnosticOf(error: ScriptError, files: ScriptFiles, path: string): Diagnostic {
  const message = error.message.replace(`${files.entry}: `, "");
  const [, imported] = NOT_EXPORTED.exec(message) ?? [];
  const hint =
    imported === undefined || !Object.hasOwn(host, imported)
      ? ""
      : `; hosts have it, and a host program is run with \`node ${path}\``;
  const [, file = files.entry, line, column] = /^(.*):(\d+):(\d+)$/.exec(placeInScript(error.scriptStack) ?? "") ?? [];
  return {
    severity: "error",
    message: `${message}${hint}`,
    code: 0,
    file: files.pathOf(file),
    ...(line !== undefined && { line: Number(line), column: Number(column) }),
  };
}

/** Node warns that taking out types is experimental. Our pages say which versions can. */
function hideWarningOfNode(): void {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!String(warning).startsWith("stripTypeScriptTypes")) emitWarning.call(process, warning, ...rest);
  };
}
