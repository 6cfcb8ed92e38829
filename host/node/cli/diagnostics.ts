/**
 * The compiler's diagnostics as lines for a terminal. Each begins with `file:line:column`, so that
 * editors find the place.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { escapeControls } from "../../wire/escape-controls.ts";
import type { Diagnostic } from "../compile/compiled.ts";
import { painted } from "./terminal.ts";

/** Writes the diagnostics of one entry to stderr. */
export function printDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
}

function formatDiagnostic({ severity, message, code, file, line, column }: Diagnostic): string {
  const place = file === undefined ? "" : [showPath(file), line, column].filter(part => part !== undefined).join(":");
  const number = code === 0 ? "" : ` ${code < 1000 ? "AS" : "TS"}${code}`;
  const kind = `${severity}${number}:`;
  const head = `${place === "" ? "" : `${place}: `}${severity === "info" ? kind : painted(severity, kind)} ${escapeControls(message, true)}`;
  const source = file === undefined || line === undefined ? undefined : lineOf(file, line);
  if (source === undefined || column === undefined) return head;
  // Tabs stay tabs, so that the caret is below its character.
  const indent = source.slice(0, column - 1).replace(/[^\t]/g, " ");
  return `${head}\n    ${escapeControls(source)}\n    ${indent}^`;
}

/** The path relative to the working directory, where that is shorter. */
export function showPath(path: string): string {
  const fromHere = relative(".", path);
  return path.startsWith("~lib/") || fromHere.length >= path.length || fromHere === "" ? path : fromHere;
}

function lineOf(file: string, line: number): string | undefined {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/)[line - 1];
  } catch {
    // AssemblyScript's own library is no file.
    return undefined;
  }
}
