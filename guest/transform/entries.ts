/**
 * What the host and a guest call of each other: the entries that a module exports, and the functions
 * of module `actor` that it imports.
 */
import type binaryen from "binaryen";
import { GIVES_WAY_EXPORT } from "../../host/wire/abi.ts";

type Binaryen = typeof binaryen;

/**
 * Internal names of the imports `actor.<base>`. There is one for each source file that declares it.
 */
export function importsOf(b: Binaryen, module: binaryen.Module, base: string, from = "actor"): string[] {
  const names: string[] = [];
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const info = b.getFunctionInfo(module.getFunctionByIndex(i));
    if (info.module === from && info.base === base) names.push(info.name);
  }
  return names;
}

export interface Entry {
  /** The export's name. */
  name: string;
  /** The function's internal name. */
  target: string;
}

/** The exports that the host can run as entries. */
export function entriesOf(b: Binaryen, module: binaryen.Module): Entry[] {
  const entries: Entry[] = [];
  for (let i = 0; i < module.getNumExports(); i++) {
    const { kind, name, value } = b.getExportInfo(module.getExportByIndex(i));
    // `__collect` and similar exports belong to AssemblyScript's runtime. The host calls them, but
    // not as entries.
    if (kind !== b.ExternalFunction || name === "_start" || name.startsWith("__")) continue;
    if (name === GIVES_WAY_EXPORT) continue;
    const { params, results } = b.getFunctionInfo(module.getFunction(value));
    if (params === b.none && results === b.none) entries.push({ name, target: value });
  }
  return entries;
}
