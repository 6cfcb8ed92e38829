/**
 * Source maps of WebAssembly modules, and of scripts. A runtime's option `readSourceMap` takes `readSourceMap`;
 * crashes then name places in the sources.
 */
import { type EncodedSourceMap, originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

/**
 * Reads a source map.
 *
 * @param json the text of the map
 * @returns looks up the place of a byte of the module as `file:line:column`, line and column from
 * 1; undefined where the map has no place for it
 * @throws where the text is no source map
 */
export function readSourceMap(json: string): (offset: number) => string | undefined {
  // AssemblyScript writes the module's name as the root, which is not a folder.
  const map = new TraceMap({ ...(JSON.parse(json) as EncodedSourceMap), sourceRoot: "" });
  return offset => {
    // A source map of WebAssembly has one line. Its columns are offsets in the module.
    const { source, line, column } = originalPositionFor(map, { line: 1, column: offset });
    return source === null ? undefined : `${source}:${line}:${column + 1}`;
  };
}

/**
 * Reads the source map of a script.
 *
 * @returns looks up a place, line and column from 1, as `file:line:column`; undefined where the map has none for it
 * @throws where the text is no source map
 */
export function readScriptMap(json: string): (line: number, column: number) => string | undefined {
  const map = new TraceMap(json);
  return (line, column) => {
    const found = originalPositionFor(map, { line, column: column - 1 });
    return found.source === null ? undefined : `${found.source}:${found.line}:${found.column + 1}`;
  };
}
