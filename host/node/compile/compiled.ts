/** What the compiler answers: a module, or diagnostics that say why there is none. */
import { signedMap } from "./module-map.ts";

export interface Diagnostic {
  severity: "error" | "warning" | "info";
  message: string;
  /** The compiler's number, as in `AS100` or `TS2304`. 0 where the message has none. */
  code: number;
  /** Absolute path. A file of AssemblyScript's own library has a name that begins with `~lib/`. */
  file?: string;
  /** From 1. */
  line?: number;
  /** From 1, in UTF-16 units. */
  column?: number;
}

/** Is told of a file that the compiler reads: its content, or null if there is no such file. */
export type OnRead = (file: string, content: string | Uint8Array | null) => void;

export interface Compiled {
  /** The entry as it was given. */
  entry: string;
  /** The module. Absent where there are errors. */
  wasm?: Uint8Array<ArrayBuffer>;
  /**
   * JSON. Absent for `reductions: "yield"`, whose code Binaryen rewrites without a map, and for
   * entries that are WebAssembly.
   */
  sourceMap?: string;
  /**
   * A TypeScript file with a type for each class of the guest that is marked `@message`. Absent where
   * there is none.
   */
  types?: string;
  diagnostics: Diagnostic[];
  /**
   * Absolute paths of the files that were read, and of those that were looked for in vain. Files of
   * packages are left out.
   */
  sources: string[];
  /** What asc would have printed: each message with its source line and a caret. */
  text: string;
}

/** Adds errors that the AssemblyScript compiler did not report itself. */
export function withErrors(compiled: Compiled, errors: readonly Diagnostic[]): Compiled {
  return {
    ...compiled,
    diagnostics: [...compiled.diagnostics, ...errors],
    text: compiled.text + errors.map(({ message }) => `ERROR: ${message}\n`).join(""),
  };
}

/** The fields of a module and its map. The map notes which module it belongs to. */
export function moduleWithMap(
  wasm: Uint8Array<ArrayBuffer>,
  map: string | undefined,
): Pick<Compiled, "wasm" | "sourceMap"> {
  return map === undefined ? { wasm } : { wasm, sourceMap: signedMap(map, wasm) };
}

/** The line and the column of a place in a text, both from 1. */
export function placeAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
}
