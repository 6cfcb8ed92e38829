/**
 * Whether an instance of a module can be made as new: all that its code can change lies in its memory and in mutable globals that it exports. What is
 * not known here cannot.
 */
import { Cursor, Undecodable, walk } from "./instructions.ts";
import { Kind, Section } from "./sections.ts";

/** Names of the exported globals to put back; undefined where that is not enough. */
export function stateOf(bytes: Uint8Array): readonly string[] | undefined {
  try {
    return new Survey(bytes).state();
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

/** i32, i64, f32, f64: what JavaScript can read and write. */
const NUMBERS = [0x7f, 0x7e, 0x7d, 0x7c];

class Survey {
  readonly #bytes: Uint8Array;
  #globals = 0;
  /** The module's own that can be set, by index. */
  readonly #mutable = new Set<number>();
  /** Global exports: names by index. */
  readonly #exported = new Map<number, string>();
  #lasts = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  state(): readonly string[] | undefined {
    const cursor = new Cursor(this.#bytes);
    cursor.skip(8);
    while (!cursor.isAtEnd) {
      const id = cursor.byte();
      const size = cursor.u32();
      const section = cursor.within(size);
      cursor.skip(size);
      // A start function would have to run again, before anything else.
      if (id === Section.start) return undefined;
      if (id === Section.import) section.each(() => this.#import(section));
      else if (id === Section.global) section.each(() => this.#global(section));
      else if (id === Section.export) section.each(() => this.#export(section));
      else if (id === Section.code) section.each(() => this.#body(section));
    }
    const names = [...this.#mutable].map(index => this.#exported.get(index));
    return this.#lasts || names.includes(undefined) ? undefined : (names as string[]);
  }

  /** Of what guests may import only functions and a memory pass the check of `guest.ts`. */
  #import(cursor: Cursor): void {
    cursor.name();
    cursor.name();
    const kind = cursor.byte();
    if (kind === Kind.function) cursor.u32();
    else if (kind === Kind.memory) {
      const flags = cursor.byte();
      cursor.u32();
      if ((flags & 1) !== 0) cursor.u32();
    } else cursor.fail("imports what is neither a function nor a memory");
  }

  #global(cursor: Cursor): void {
    const type = cursor.valueType();
    const isMutable = cursor.byte() === 1;
    this.#walk(cursor);
    const index = this.#globals++;
    if (!isMutable) return;
    this.#mutable.add(index);
    if (!NUMBERS.includes(type)) this.#lasts = true;
  }

  #export(cursor: Cursor): void {
    const name = cursor.name();
    const kind = cursor.byte();
    const index = cursor.u32();
    if (kind === Kind.global) this.#exported.set(index, name);
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
      loop: nothing,
      block: nothing,
      end: nothing,
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
