/** What the name section of a module calls a function, for a message to people. Nobody has validated that section. */
import { Cursor, Undecodable } from "./instructions.ts";
import { Section } from "./sections.ts";

const OF_FUNCTIONS = 1;
/** Names of C++ are long, and the message should not be. */
const MOST_CHARACTERS = 80;

/** For example ` "main"`, with what is no plain character replaced; nothing where it has no name. */
export function functionName(bytes: Uint8Array, index: number): string {
  try {
    const name = find(bytes, index);
    if (name === undefined) return "";
    const plain = name.replaceAll(/[^\x20-\x7e]/g, "?");
    return ` "${plain.length > MOST_CHARACTERS ? `${plain.slice(0, MOST_CHARACTERS)}…` : plain}"`;
  } catch (error) {
    if (error instanceof Undecodable) return "";
    throw error;
  }
}

function find(bytes: Uint8Array, index: number): string | undefined {
  const module = new Cursor(bytes, 8);
  while (!module.isAtEnd) {
    const id = module.byte();
    const size = module.u32();
    const section = module.within(size);
    module.skip(size);
    if (id !== Section.custom || section.name() !== "name") continue;
    while (!section.isAtEnd) {
      const kind = section.byte();
      const length = section.u32();
      const names = section.within(length);
      section.skip(length);
      if (kind !== OF_FUNCTIONS) continue;
      for (let left = names.u32(); left > 0; left--) {
        const of = names.u32();
        const name = names.name();
        if (of === index) return name;
      }
    }
  }
  return undefined;
}
