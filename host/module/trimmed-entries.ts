/** The entries of a module whose exports were trimmed before. */
import { resumeExport } from "../wire/abi.ts";
import type { ExportType } from "./interface.ts";

const RESUME = resumeExport("");

/**
 * A module that another host has trimmed no longer exports its entries, only the functions that
 * resume them.
 */
export function withTrimmedEntries(exports: readonly ExportType[]): ExportType[] {
  const names = new Set(exports.map(({ name }) => name));
  const entries = exports.filter(({ name }) => name.startsWith(RESUME)).map(({ name }) => name.slice(RESUME.length));
  const missing = entries.filter(entry => !names.has(entry));
  return [...exports, ...missing.map((name): ExportType => ({ name, kind: "function" }))];
}
