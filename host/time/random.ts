/** Numbers that nobody can guess: refs are made of them, and guests that see some must not know the next. */

const words = new Uint32Array(1024);
let left = 0;

/** A number in [0, 1) of 32 bits, from the system's source of secrets. */
export function secretRandom(): number {
  if (left === 0) {
    crypto.getRandomValues(words);
    left = words.length;
  }
  return words[--left] / 2 ** 32;
}
