/**
 * Changes to a range of a module's bytes, in the order in which they stand there. The bytes between
 * them are copied.
 */
import type { Output } from "./output.ts";

const HEAD = 0;
const PART = 1;
const BYTES = 2;
const ELEMENTS = 3;
const REPLACE = 4;

/** Writes the code that charges. */
export interface ChargeWriter {
  charge(reductions: number, isHead: boolean): void;
  chargeBulk(ofTable: boolean): void;
}

export class Edits {
  readonly #out: Output;
  readonly #bytes: Uint8Array;
  readonly #from: number;
  /** One element of each list for each edit. */
  readonly #kinds: number[] = [];
  readonly #places: number[] = [];
  readonly #ends: number[] = [];
  /** The reductions that a site charges; nothing is written at 0. The new index of a replacement. */
  readonly #values: number[] = [];

  constructor(out: Output, bytes: Uint8Array, from: number) {
    this.#out = out;
    this.#bytes = bytes;
    this.#from = from;
  }

  /** A site for a charge. Answers its number, the first of which is 0. */
  addSite(at: number, isHead: boolean): number {
    return this.#add(isHead ? HEAD : PART, at, at, 0);
  }

  charge(site: number, reductions: number): void {
    this.#values[site] = reductions;
  }

  chargeBulk(at: number, ofTable: boolean): void {
    this.#add(ofTable ? ELEMENTS : BYTES, at, at, 0);
  }

  /** Another index in the place of the bytes from `from` to `to`. */
  replace(from: number, to: number, index: number): void {
    this.#add(REPLACE, from, to, index);
  }

  #add(kind: number, from: number, to: number, value: number): number {
    this.#kinds.push(kind);
    this.#places.push(from);
    this.#ends.push(to);
    return this.#values.push(value) - 1;
  }

  /** Writes the range up to `to`. `charges` may be absent where nothing is charged. */
  finish(to: number, charges?: ChargeWriter): void {
    let from = this.#from;
    for (let i = 0; i < this.#kinds.length; i++) {
      const kind = this.#kinds[i];
      if (kind <= PART && this.#values[i] === 0) continue;
      this.#out.copy(this.#bytes, from, this.#places[i]);
      if (kind === REPLACE) this.#out.u32(this.#values[i]);
      else if (kind <= PART) charges?.charge(this.#values[i], kind === HEAD);
      else charges?.chargeBulk(kind === ELEMENTS);
      from = this.#ends[i];
    }
    this.#out.copy(this.#bytes, from, to);
  }
}
