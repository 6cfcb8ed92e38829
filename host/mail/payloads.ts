/**
 * Payloads that are too long for the kernel's memory, which never shrinks. The host keeps each in an
 * array of its own, and its item has a number that says which.
 */
export class Payloads {
  /** By number, from 1 up. */
  readonly #kept: (Uint8Array<ArrayBuffer> | undefined)[] = [undefined];
  /** Numbers that are free again. */
  readonly #free: number[] = [];

  /** Keeps a copy of a payload, and returns its number. */
  keep(payload: Uint8Array): number {
    const bytes = new Uint8Array(payload);
    const number = this.#free.pop() ?? this.#kept.length;
    this.#kept[number] = bytes;
    return number;
  }

  get(number: number): Uint8Array {
    const bytes = this.#kept[number];
    if (bytes === undefined) throw new Error(`the host keeps no payload ${number}`);
    return bytes;
  }

  /** Gives the memory back at once, where the engine can: a collector would do it late. */
  drop(number: number): void {
    const buffer = this.#kept[number]?.buffer;
    this.#free.push(number);
    this.#kept[number] = undefined;
    buffer?.transfer?.(0);
  }
}
