/**
 * How this package calls `asc`, the AssemblyScript compiler: its arguments, the files that it asks
 * for, its messages.
 */
import { join, sep } from "node:path";
import * as asc from "assemblyscript/asc";
import { memoryBaseFor, STACK_SIZE } from "../../../guest/transform/layout.ts";
import { PACKAGE_FOLDER } from "../installation.ts";
import { type Diagnostic, placeAt } from "./compiled.ts";
import { hintFor } from "./hints.ts";
import type { CompileOptions } from "./options.ts";

/** A file that asc has read. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/**
 * The folder that `isopod/guest` stands for: beside `host/` in a checkout, beside `dist/` in an
 * installed package.
 */
const GUEST_FOLDER = join(PACKAGE_FOLDER, "guest");

/**
 * asc's arguments. `asconfig.json` repeats those of a release build, for users who call asc by
 * hand.
 */
export function flags(entry: string, outFile: string, baseDir: string, options: CompileOptions): string[] {
  const args = [
    ...[entry.split(sep).join("/"), "--baseDir", baseDir, "--outFile", outFile],
    // A guest that blocks has objects on its stack when the collector runs; `minimal` would need an
    // empty stack.
    ...["--runtime", "incremental", "--exportRuntime", "--stackSize", String(STACK_SIZE)],
    // The host makes the memory, because that is how it sets the quota. It is exported as well, for
    // @assemblyscript/loader.
    ...["--importMemory", "--memoryBase", String(memoryBaseFor(options.stackBytes))],
    // As an export, because a start function would run before the host can see the memory.
    ...["--exportStart", "_start"],
    "--sourceMap",
    ...(options.debug ? ["--debug", "-O1"] : ["-O3"]),
  ];
  if (options.initialPages !== undefined) args.push("--initialMemory", String(options.initialPages));
  if (options.enable !== undefined && options.enable.length > 0) args.push("--enable", options.enable.join());
  return args;
}

/**
 * Maps the paths at which asc looks for `isopod/guest`, in any `node_modules`, to our own library.
 */
export function locate(path: string): string {
  const marker = `${sep}node_modules${sep}isopod${sep}guest`;
  const at = path.lastIndexOf(marker);
  const rest = at < 0 ? "" : path.slice(at + marker.length);
  return rest.startsWith(sep) ? join(GUEST_FOLDER, rest) : path;
}

export function isInPackage(path: string): boolean {
  return path.includes(`${sep}node_modules${sep}`);
}

/** The name that asc's messages use for a file it has asked for. */
export function internalName(name: string): string {
  const path = name.split(sep).join("/");
  const at = path.lastIndexOf("node_modules/");
  return at < 0 ? path : `~lib/${path.slice(at + "node_modules/".length)}`;
}

/** @param sources the files that asc has read, by their internal names */
export function toDiagnostic(message: asc.DiagnosticMessage, sources: ReadonlyMap<string, Source>): Diagnostic {
  const severity = message.category === 3 ? "error" : message.category === 2 ? "warning" : "info";
  // The transform's own errors say enough without asc's title.
  const said = message.message.replace(/^User-defined: /, "");
  const withHint = (at: string) => {
    const hint = hintFor(said, at);
    return `${said}${hint === undefined ? "" : ` (${hint})`}`;
  };
  if (!message.range) return { severity, message: withHint(""), code: message.code };
  const { start, source } = message.range;
  const name = source.normalizedPath;
  const read = sources.get(name);
  const code = read?.text ?? asc.libraryFiles[name.replace(/^~lib\//, "").replace(/\.ts$/, "")] ?? "";
  const place = code === "" ? {} : placeAt(code, start);
  return { severity, message: withHint(code.slice(start)), code: message.code, file: read?.file ?? name, ...place };
}
