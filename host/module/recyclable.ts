/**
 * Whether an instance of a module can be made as new: all that its code can change lies in its memory and in globals. A module that uses
 * what is not known here cannot.
 */
import { Undecodable } from "./cursor.ts";
import { readLocals } from "./declarations.ts";
import { walk } from "./instructions.ts";
import { eachBody, Section, sectionsOf } from "./sections.ts";
import { IGNORE } from "./visitor.ts";

/** Whether the code of a module changes nothing else. The types of its globals are not looked at. */
export function isMemoryAndGlobals(bytes: Uint8Array): boolean {
  try {
    return changesNothingElse(bytes);
  } catch (error) {
    if (error instanceof Undecodable) return false;
    throw error;
  }
}

function changesNothingElse(bytes: Uint8Array): boolean {
  let lasts = false;
  const visitor = {
    ...IGNORE,
    lasts: () => {
      lasts = true;
    },
  };
  for (const { id, body } of sectionsOf(bytes)) {
    // A start function would have to run again, before anything else.
    if (id === Section.start) return false;
    if (id !== Section.code) continue;
    eachBody(body, code => {
      readLocals(code);
      walk(code, visitor);
    });
  }
  return !lasts;
}
