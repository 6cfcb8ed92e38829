/**
 * A list of numbers that decides what is made. Where it is used up every decision falls on the
 * first alternative, the plainest: so a shorter list, or one of smaller numbers, makes something
 * plainer, and fast-check shrinks what was made by shrinking the list.
 */
export class Choices {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return (this.#numbers[this.#at++] ?? 0) % count;
  }

  /** True about once in `count` times. */
  oneIn(count: number): boolean {
    return this.below(count) === count - 1;
  }

  of<T>(alternatives: readonly T[]): T {
    return alternatives[this.below(alternatives.length)];
  }

  /** As many as the numbers say, at most `most`. */
  list<T>(most: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.below(most + 1) }, (_, index) => make(index));
  }
}
