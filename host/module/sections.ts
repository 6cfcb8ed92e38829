/**
 * Walks the sections of a WebAssembly binary. Everything that reads a module goes through here. The
 * body of a section is a cursor that cannot leave the section.
 */
import { Cursor } from "./cursor.ts";

/** The numbers of the sections. */
export const Section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** The order of the sections in a module. Custom sections can stand anywhere. */
export const SECTION_ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

export const HEADER_BYTES = 8;

export interface Part {
  readonly id: number;
  readonly body: Cursor;
  /** The section, with its number, begins at `from`. Both it and its body end at `to`. */
  readonly from: number;
  readonly bodyFrom: number;
  readonly to: number;
}

/** The sections of a module. Their order is not checked. */
export function* sectionsOf(bytes: Uint8Array): Generator<Part> {
  const cursor = new Cursor(bytes);
  cursor.skip(HEADER_BYTES);
  yield* partsOf(cursor);
}

/** The sections of a module. Throws Undecodable where one is unknown or out of order. */
export function* orderedSectionsOf(bytes: Uint8Array): Generator<Part> {
  let last = -1;
  for (const part of sectionsOf(bytes)) {
    if (part.id !== Section.custom) {
      const place = SECTION_ORDER.indexOf(part.id);
      const cursor = new Cursor(bytes, part.to);
      if (place < 0) cursor.fail(`has a section ${part.id}, which isopod does not know`);
      if (place <= last) cursor.fail("has sections out of order");
      last = place;
    }
    yield part;
  }
}

/** The parts of a module, or of its name section. Each begins with its number and its size. */
export function* partsOf(cursor: Cursor): Generator<Part> {
  while (!cursor.isAtEnd) {
    const from = cursor.at;
    const id = cursor.byte();
    const body = cursor.take(cursor.u32());
    yield { id, body, from, bodyFrom: body.at, to: cursor.at };
  }
}

/** Calls `see` with the body of each function of a section of code. */
export function eachBody(code: Cursor, see: (body: Cursor) => void): void {
  code.each(() => see(code.take(code.u32())));
}
