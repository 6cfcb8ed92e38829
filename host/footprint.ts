/**
 * What an instance of a module takes of the process beside its memory, estimated from the sizes of the module's sections. Each constant is what one of its kind
 * was measured to take at most (V8 14, x64).
 */
import { INSTANCE_BYTES } from "./account.ts";
import { limits, NOTHING, valueType } from "./confine.ts";
import { Cursor, Undecodable, walk } from "./instructions.ts";
import { Section } from "./sections.ts";

/** An element of a table. */
export const ELEMENT_BYTES = 48;
/** A function; one that a guest can hold a reference to has objects of its own as soon as the guest does. */
const FUNCTION_BYTES = 20;
const REFERENCE_BYTES = 360;
const EXPORT_BYTES = 400;
const IMPORT_BYTES = 160;
const GLOBAL_BYTES = 24;
const SEGMENT_BYTES = 16;

export interface Footprint {
  /** Of everything but tables. */
  readonly fixedBytes: number;
  /** Elements of all tables at first, and as far as they may grow. */
  readonly firstElements: number;
  readonly mostElements: number;
}

const unknown: Footprint = { fixedBytes: INSTANCE_BYTES, firstElements: 0, mostElements: 0 };

/** Of a module that was confined; where its bytes are unknown, what is always there. */
export function footprintOf(bytes: Uint8Array | undefined): Footprint {
  if (bytes === undefined) return unknown;
  try {
    return survey(new Cursor(bytes));
  } catch (error) {
    // The engine refuses it, and says why.
    if (error instanceof Undecodable) return unknown;
    throw error;
  }
}

function survey(cursor: Cursor): Footprint {
  let fixedBytes = INSTANCE_BYTES;
  let functions = 0;
  let firstElements = 0;
  let mostElements = 0;
  cursor.skip(8);
  while (!cursor.isAtEnd) {
    const id = cursor.byte();
    const size = cursor.u32();
    const body = cursor.within(size);
    cursor.skip(size);
    const count = size > 0 && id !== Section.custom && id !== Section.start ? body.u32() : 0;
    if (id === Section.function) {
      functions = count;
      fixedBytes += count * FUNCTION_BYTES;
    } else if (id === Section.import) fixedBytes += count * IMPORT_BYTES;
    else if (id === Section.global) fixedBytes += count * GLOBAL_BYTES;
    else if (id === Section.export) fixedBytes += count * EXPORT_BYTES;
    else if (id === Section.data) fixedBytes += count * SEGMENT_BYTES;
    else if (id === Section.element) {
      // A function that is named here takes a byte at least.
      fixedBytes += count * SEGMENT_BYTES + Math.min(size, functions) * REFERENCE_BYTES;
    } else if (id === Section.table) {
      for (let left = count; left > 0; left--) {
        const isFilled = body.bytes[body.at] === 0x40;
        if (isFilled) body.skip(2);
        valueType(body);
        const { initial, maximum } = limits(body, "table");
        if (isFilled) walk(body, NOTHING);
        firstElements += initial;
        mostElements += maximum;
      }
    }
  }
  return { fixedBytes, firstElements, mostElements };
}
