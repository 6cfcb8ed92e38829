/** The source maps of modules that are built: what is left out of them, and how they follow code that is moved. */
import { decodedMappings, encodedMap, type SourceMapSegment, TraceMap } from "@jridgewell/trace-mapping";
import type { Copies } from "../copies.ts";

interface MapJson {
  sourceRoot?: string;
  sources: string[];
  sourcesContent?: (string | null)[];
}

/** The map with paths as the compiler's messages have them, and without the text of AssemblyScript's library and ours: nine tenths of it. */
export function tidyMap(json: string): string {
  const { sourceRoot: _, ...map } = JSON.parse(json) as MapJson;
  const contents = map.sourcesContent?.map((text, i) => (map.sources[i].startsWith("~lib/") ? null : text));
  return JSON.stringify(contents === undefined ? map : { ...map, sourcesContent: contents });
}

/** The map of a module after its bytes went where `copies` says. Code that was added has no place. */
export function movedMap(json: string, copies: Copies): string {
  const map = new TraceMap(json);
  const [segments = []] = decodedMappings(map);
  const moved: SourceMapSegment[] = [];
  let next = 0;
  copies.forEach((to, from, length) => {
    while (next < segments.length && segments[next][0] <= from) next++;
    // The instruction before goes on here.
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

function at(column: number, [, ...place]: SourceMapSegment): SourceMapSegment {
  return [column, ...place] as SourceMapSegment;
}
