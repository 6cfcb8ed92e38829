/**
 * Source maps of built modules: making them small, moving them with the code, and telling which
 * module one belongs to.
 */
import { createHash } from "node:crypto";
import { decodedMappings, encodedMap, type SourceMapSegment, TraceMap } from "@jridgewell/trace-mapping";
import type { Copies } from "../../module/copies.ts";

interface MapJson {
  sourceRoot?: string;
  sources: string[];
  sourcesContent?: (string | null)[];
  /** SHA-256 of the module. Extensions of the format begin with x_. */
  x_wasm?: string;
}

/**
 * The map with paths as in the compiler's messages, and without the source text of AssemblyScript's
 * library and ours. That text is nine tenths of the map.
 */
export function tidyMap(json: string): string {
  const { sourceRoot: _, ...map } = JSON.parse(json) as MapJson;
  const contents = map.sourcesContent?.map((text, i) => (map.sources[i].startsWith("~lib/") ? null : text));
  return JSON.stringify(contents === undefined ? map : { ...map, sourcesContent: contents });
}

/**
 * The map after the code was copied to where `copies` says. Code that was added has no place in the
 * source.
 */
export function movedMap(json: string, copies: Copies): string {
  const map = new TraceMap(json);
  const [segments = []] = decodedMappings(map);
  const moved: SourceMapSegment[] = [];
  let next = 0;
  copies.forEach((to, from, length) => {
    while (next < segments.length && segments[next][0] <= from) next++;
    // The copy begins inside an instruction, whose place goes on here.
    if (next > 0) moved.push(at(to, segments[next - 1]));
    for (; next < segments.length && segments[next][0] < from + length; next++) {
      moved.push(at(to + segments[next][0] - from, segments[next]));
    }
    moved.push([to + length]);
  });
  return JSON.stringify(
    encodedMap(new TraceMap({ ...(JSON.parse(json) as MapJson), version: 3, names: [], mappings: [moved] })),
  );
}

/** The map with the hash of the module that it belongs to. */
export function signedMap(json: string, wasm: Uint8Array): string {
  return JSON.stringify({ ...(JSON.parse(json) as MapJson), x_wasm: hashOf(wasm) });
}

/**
 * Whether the map belongs to this module. A map without a hash does; text that is no map does not.
 */
export function fits(json: string, wasm: Uint8Array): boolean {
  try {
    const { x_wasm } = JSON.parse(json) as MapJson;
    return x_wasm === undefined || x_wasm === hashOf(wasm);
  } catch {
    return false;
  }
}

function hashOf(wasm: Uint8Array): string {
  return createHash("sha256").update(wasm).digest("hex");
}

function at(column: number, [, ...place]: SourceMapSegment): SourceMapSegment {
  return [column, ...place] as SourceMapSegment;
}
