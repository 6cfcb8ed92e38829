/** What is to change in a range of a module's bytes, in the order of its places. What is between is copied. */
import type { Output } from "./output.ts";

const HEAD = 0;
const PART = 1;
const BYTES = 2;
const ELEMENTS = 3;
const REPLACE = 4;

/** Writes the code of charges. */
export interface Charges {
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
  /** The reductions of a charge, decided later; at 0 there is no charge. The new index of a replacement. */
  readonly #values: number[] = [];

  constructor(out: Output, bytes: Uint8Array, from: number) {
    this.#out = out;
    this.#bytes = bytes;
    this.#from = from;
  }

  /** A charge at this place. Answers its number, the first of which is 0. */
  charge(at: number, isHead: boolean): number {
    return this.#add(isHead ? HEAD : PART, at, at, 0);
  }

  decide(charge: number, reductions: number): void {
    this.#values[charge] = reductions;
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
  finish(to: number, charges?: Charges): void {
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
