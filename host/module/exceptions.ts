/**
 * Bounds what the exceptions of a guest hold. The engine keeps them in its own heap, which no limit
 * counts, as long as the guest's frames refer to them.
 */
import { Unconfinable } from "./unconfinable.ts";
import { EXCEPTION } from "./value-type.ts";

/**
 * A guest can keep as many exceptions as its stack has room for references: 126,000 in the 984 KiB
 * that V8 gives it. Each takes 56 bytes of the engine's heap, and four times the bytes that it
 * carries. With this bound they take 27 MB together.
 */
const MAX_BYTES = 40;
/** How many bytes an exception carries for each of its parameters, by type. */
const BYTES: Readonly<Record<number, number>> = { 127: 4, 126: 8, 125: 4, 124: 8, 123: 16 };
const REFERENCE_BYTES = 4;

export class Exceptions {
  /** By type: how many bytes its parameters take, and whether an exception is among them. */
  readonly #bytes: number[] = [];
  readonly #holdsException: boolean[] = [];

  /** Takes the parameters of the next type. */
  addType(parameters: readonly number[]): void {
    this.#holdsException.push(parameters.includes(EXCEPTION));
    this.#bytes.push(parameters.reduce((sum, type) => sum + (BYTES[type] ?? REFERENCE_BYTES), 0));
  }

  /** Throws an Unconfinable where exceptions of this type hold too much. */
  checkTag(type: number): void {
    if (this.#holdsException[type]) {
      throw new Unconfinable("has a tag whose exceptions can hold exceptions, a chain that no limit can bound");
    }
    const bytes = this.#bytes[type];
    if (bytes > MAX_BYTES) {
      throw new Unconfinable(
        `has a tag whose exceptions carry ${bytes} bytes; an exception may carry ${MAX_BYTES}, for example the address of larger data`,
      );
    }
  }
}
