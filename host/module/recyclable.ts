/**
 * Whether an instance of a module can be made as new: all that its code can change lies in its memory and in globals. What is not known here cannot.
 */
import { Cursor, Undecodable, walk } from "./instructions.ts";
import { Section } from "./sections.ts";

/** Whether it changes nothing else; of what types its globals are is not looked at. */
export function isMemoryAndGlobals(bytes: Uint8Array): boolean {
  try {
    return new Survey(bytes).isMemoryAndGlobals();
  } catch (error) {
    if (error instanceof Undecodable) return false;
    throw error;
  }
}

class Survey {
  readonly #bytes: Uint8Array;
  #lasts = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  isMemoryAndGlobals(): boolean {
    const cursor = new Cursor(this.#bytes);
    cursor.skip(8);
    while (!cursor.isAtEnd) {
      const id = cursor.byte();
      const size = cursor.u32();
      const section = cursor.within(size);
      cursor.skip(size);
      // A start function would have to run again, before anything else.
      if (id === Section.start) return false;
      if (id === Section.code) section.each(() => this.#body(section));
    }
    return !this.#lasts;
  }

  #body(cursor: Cursor): void {
    const size = cursor.u32();
    const body = cursor.within(size);
    cursor.skip(size);
    body.each(() => {
      body.u32();
      body.valueType();
    });
    this.#walk(body);
  }

  #walk(cursor: Cursor): void {
    walk(cursor, {
      functionIndex: nothing,
      call: nothing,
      globalIndex: nothing,
      bulk: nothing,
      lasts: () => {
        this.#lasts = true;
      },
    });
  }
}

const nothing = () => {};
