/** The source map of a module as the host has rewritten it, for debuggers. A crash's own place is found without it. */
import type { Copies } from "../module/copies.ts";

/** Offset in the module, source, line, column, and sometimes a name. */
type Segment = readonly number[];

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * @param json the map of the module before all changes
 * @param changes what was copied where, the last change first
 * @throws where the text is no source map of a module
 */
export function movedMap(json: string, changes: readonly Copies[]): string {
  const map = JSON.parse(json) as { mappings: string };
  const moved = changes.reduceRight(movedBy, segmentsOf(map.mappings));
  // AssemblyScript writes the module's name as the root, which is not a folder.
  return JSON.stringify({ ...map, sourceRoot: "", mappings: textOf(moved) });
}

/** The segments behind one change. Code that was left out has none, and code that was copied twice has two. */
function movedBy(segments: readonly Segment[], copies: Copies): Segment[] {
  const moved: Segment[] = [];
  copies.forEach((to, from, length) => {
    for (let i = firstFrom(segments, from); i < segments.length && segments[i][0] < from + length; i++) {
      moved.push([segments[i][0] - from + to, ...segments[i].slice(1)]);
    }
  });
  return moved.sort((a, b) => a[0] - b[0]);
}

/** The first segment at or behind an offset. */
function firstFrom(segments: readonly Segment[], offset: number): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (segments[middle][0] < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The segments of the one line that a map of WebAssembly has. */
function segmentsOf(mappings: string): Segment[] {
  const last: number[] = [];
  return mappings.split(",").map(text => {
    let at = 0;
    for (let field = 0; at < text.length; field++) {
      let value = 0;
      for (let shift = 0; ; shift += 5) {
        const digit = DIGITS.indexOf(text[at++]);
        value |= (digit & 31) << shift;
        if ((digit & 32) === 0) break;
      }
      last[field] = (last[field] ?? 0) + ((value & 1) !== 0 ? -(value >>> 1) : value >>> 1);
    }
    return [...last];
  });
}

function textOf(segments: readonly Segment[]): string {
  const last: number[] = [];
  return segments
    .map(segment =>
      segment
        .map((value, field) => {
          const difference = value - (last[field] ?? 0);
          last[field] = value;
          return digitsOf(difference);
        })
        .join(""),
    )
    .join(",");
}

function digitsOf(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

/** A module with the address of its source map, which debuggers read. */
export function withMapUrl(bytes: Uint8Array, url: string): Uint8Array<ArrayBuffer> {
  const [name, address] = ["sourceMappingURL", url].map(text => sized(new TextEncoder().encode(text)));
  const section = sized(Uint8Array.of(...name, ...address));
  const all = new Uint8Array(bytes.length + 1 + section.length);
  all.set(bytes);
  // A custom section has the number 0.
  all.set(section, bytes.length + 1);
  return all;
}

/** Bytes behind their length, which is less than 16,384. */
function sized(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of((bytes.length & 127) | 128, bytes.length >>> 7, ...bytes);
}
