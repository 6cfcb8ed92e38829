/**
 * Payloads that are too long for the kernel's memory, which never shrinks. The host keeps each in an
 * array of its own, which the engine takes back, and its item has a number that says which.
 */
export class Payloads {
  /** By number, from 1 up. */
  readonly #kept: (Uint8Array | undefined)[] = [undefined];
  /** Numbers that are free again. */
  readonly #free: number[] = [];

  /** Keeps a payload, which no one may change, and returns its number. */
  keep(bytes: Uint8Array): number {
    const number = this.#free.pop() ?? this.#kept.length;
    this.#kept[number] = bytes;
    return number;
  }

  get(number: number): Uint8Array {
    const bytes = this.#kept[number];
    if (bytes === undefined) throw new Error(`the host keeps no payload ${number}`);
    return bytes;
  }

  drop(number: number): void {
    this.#free.push(number);
    this.#kept[number] = undefined;
  }
}
