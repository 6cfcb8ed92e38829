/**
 * The custom section `name`, in which a module can name its functions and what is in them. No
 * engine validates it, so it can contain anything.
 */
import { type Cursor, Undecodable } from "./cursor.ts";
import { Edits } from "./edits.ts";
import type { Output } from "./output.ts";
import { partsOf, Section, sectionsOf } from "./sections.ts";

export const NAME_SECTION = "name";
/** The parts of the section by number. Locals and labels are named within functions. */
const Names = { functions: 1, labels: 3 } as const;

/** Names of C++ are long, and the message should not be. */
const MAX_CHARACTERS = 80;

/**
 * What a module calls a function, for a message: for example ` "main"`, in plain characters;
 * nothing where it has no name.
 */
export function functionName(bytes: Uint8Array, index: number): string {
  try {
    const name = find(bytes, index);
    if (name === undefined) return "";
    const plain = name.replaceAll(/[^\x20-\x7e]/g, "?");
    return ` "${plain.length > MAX_CHARACTERS ? `${plain.slice(0, MAX_CHARACTERS)}…` : plain}"`;
  } catch (error) {
    if (error instanceof Undecodable) return "";
    throw error;
  }
}

function find(bytes: Uint8Array, index: number): string | undefined {
  for (const { id, body: section } of sectionsOf(bytes)) {
    if (id !== Section.custom || section.name() !== NAME_SECTION) continue;
    for (const { id: kind, body } of partsOf(section)) {
      if (kind !== Names.functions) continue;
      for (let left = body.u32(); left > 0; left--) {
        const of = body.u32();
        const name = body.name();
        if (of === index) return name;
      }
    }
  }
  return undefined;
}

/**
 * Writes the parts of the section. `moveFunction` reads the index of a function and puts the new
 * one into `edits`.
 */
export function moveNames(out: Output, section: Cursor, moveFunction: (cursor: Cursor, edits: Edits) => void): void {
  for (const { id, body, bodyFrom, to } of partsOf(section)) {
    out.begin(id);
    const edits = new Edits(out, section.bytes, bodyFrom);
    if (id >= Names.functions && id <= Names.labels) {
      body.each(() => {
        moveFunction(body, edits);
        if (id === Names.functions) body.name();
        else {
          body.each(() => {
            body.u32();
            body.name();
          });
        }
      });
    }
    edits.finish(to);
    out.end();
  }
}
