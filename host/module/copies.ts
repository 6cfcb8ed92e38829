/**
 * Which bytes of a rewritten module came from where. It leads from an offset in the new module back
 * to the offset in the old one, which a source map knows. Bytes that the rewriter added have no
 * source.
 */

export class Copies {
  /**
   * Three numbers for each copy: where it begins in the new module, where it begins in the old one,
   * its length. Sorted by the first.
   */
  readonly #numbers: number[] = [];
  readonly #addedBefore: boolean;

  /** @param addedBefore what was added belongs to the instruction that was copied behind it */
  constructor(addedBefore = false) {
    this.#addedBefore = addedBefore;
  }

  /** Adds a copy, which must be behind all others. */
  note(to: number, from: number, length: number): void {
    if (length === 0) return;
    const numbers = this.#numbers;
    const last = numbers.length - 3;
    const follows =
      last >= 0 && to - numbers[last] === numbers[last + 2] && from - numbers[last + 1] === to - numbers[last];
    if (follows) numbers[last + 2] += length;
    else numbers.push(to, from, length);
  }

  /** Drops what was copied to this offset and behind it, because it will be written anew. */
  forget(to: number): void {
    const numbers = this.#numbers;
    while (numbers.length > 0 && numbers[numbers.length - 3] >= to) numbers.length -= 3;
    const last = numbers.length - 3;
    if (last >= 0) numbers[last + 2] = Math.min(numbers[last + 2], to - numbers[last]);
  }

  /** Whether the byte at this offset was added. */
  isAdded(offset: number): boolean {
    return this.#find(offset, false) === undefined;
  }

  /** Where the byte at this offset, or what it belongs to, came from. Undefined where it was added. */
  sourceOf(offset: number): number | undefined {
    return this.#find(offset, this.#addedBefore);
  }

  #find(offset: number, orNext: boolean): number | undefined {
    const numbers = this.#numbers;
    let low = 0;
    let high = numbers.length / 3;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (numbers[middle * 3] <= offset) low = middle + 1;
      else high = middle;
    }
    const at = (low - 1) * 3;
    if (at < 0 || offset - numbers[at] >= numbers[at + 2]) return orNext ? numbers[at + 4] : undefined;
    return numbers[at + 1] + offset - numbers[at];
  }

  /** Calls `see` for each copy, in the order of the new module. */
  forEach(see: (to: number, from: number, length: number) => void): void {
    const numbers = this.#numbers;
    for (let at = 0; at < numbers.length; at += 3) see(numbers[at], numbers[at + 1], numbers[at + 2]);
  }
}
