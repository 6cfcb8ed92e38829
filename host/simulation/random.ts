/** Numbers that look random and are the same for the same seed, in every engine: sfc32, by Chris Doty-Humphrey. */
export class SeededRandom {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  constructor(seed = 0) {
    this.reset(seed);
  }

  reset(seed: number): void {
    this.#a = 0;
    this.#b = seed | 0;
    this.#c = Math.floor(seed / 2 ** 32) | 0;
    this.#counter = 1;
    for (let i = 0; i < 12; i++) this.word();
  }

  /** 32 random bits. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum;
  }

  /** A number in [0, 1). */
  readonly next = (): number => (this.word() >>> 0) / 2 ** 32;

  /** A whole number from 0 up to, but not including, this one. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}
