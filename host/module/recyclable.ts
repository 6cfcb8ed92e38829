/**
 * Whether an instance of a module can be used again: everything that its code can change lies in
 * its memory and in globals, which the host can put back.
 */
import { Undecodable } from "./cursor.ts";
import { readLocals } from "./declarations.ts";
import { walk } from "./instructions.ts";
import { eachBody, Section, sectionsOf } from "./sections.ts";
import { IGNORE } from "./visitor.ts";

/** Does not look at the types of the globals. False for a module that isopod cannot decode. */
export function isRecyclable(bytes: Uint8Array): boolean {
  try {
    return changesNothingElse(bytes);
  } catch (error) {
    if (error instanceof Undecodable) return false;
    throw error;
  }
}

function changesNothingElse(bytes: Uint8Array): boolean {
  let changes = false;
  const visitor = {
    ...IGNORE,
    changesInstance: () => {
      changes = true;
    },
  };
  for (const { id, body } of sectionsOf(bytes)) {
    // A start function would have to run again.
    if (id === Section.start) return false;
    if (id !== Section.code) continue;
    eachBody(body, code => {
      readLocals(code);
      walk(code, visitor);
    });
  }
  return !changes;
}
