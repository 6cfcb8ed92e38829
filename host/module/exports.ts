/** Writes the section of exports of a module anew, with some of the exports. */
import { GLOBALS_EXPORT } from "../wire/abi.ts";
import type { Cursor } from "./cursor.ts";
import { Kind, readExport } from "./declarations.ts";
import type { Output } from "./output.ts";
import { Section, sectionsOf } from "./sections.ts";

export function hasExport(bytes: Uint8Array, name: string): boolean {
  let found = false;
  for (const { id, body } of sectionsOf(bytes)) {
    if (id !== Section.export) continue;
    body.each(() => {
      if (readExport(body).name === name) found = true;
    });
  }
  return found;
}

/**
 * Writes the section of exports with those that `keeps` selects. `mover` is the index of the
 * function that copies the globals, if there is one.
 */
export function writeExports(
  out: Output,
  bytes: Uint8Array,
  body: Cursor,
  keeps: (name: string, kind: number) => boolean,
  mover?: number,
): void {
  const kept: (readonly [from: number, to: number])[] = [];
  body.each(() => {
    const from = body.at;
    const { name, kind } = readExport(body);
    if (keeps(name, kind)) kept.push([from, body.at]);
  });
  out.begin(Section.export);
  out.u32(kept.length + (mover === undefined ? 0 : 1));
  for (const [from, to] of kept) out.copy(bytes, from, to);
  if (mover !== undefined) {
    out.name(GLOBALS_EXPORT);
    out.put(Kind.function);
    out.u32(mover);
  }
  out.end();
}
