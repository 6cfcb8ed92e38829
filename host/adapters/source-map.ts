/**
 * Source maps of WebAssembly modules: what a runtime's `readSourceMap` needs so that crashes say where in the sources they were. Nothing is said of a
 * byte whose instruction the map gives no place.
 */
import { type EncodedSourceMap, originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

/** Reads a source map, which is JSON. The answer looks up bytes of the module: `file:line:column`, from 1. Throws where it is no source map. */
export function readSourceMap(json: string): (offset: number) => string | undefined {
  // AssemblyScript's root is the module's name, which is no folder.
  const map = new TraceMap({ ...(JSON.parse(json) as EncodedSourceMap), sourceRoot: "" });
  return offset => {
    // A source map of WebAssembly has one line, and the offsets of the file are its columns.
    const { source, line, column } = originalPositionFor(map, { line: 1, column: offset });
    return source === null ? undefined : `${source}:${line}:${column + 1}`;
  };
}
