/** Numbers that nobody can guess: refs are made of them, and guests that see some must not know the next. */
import { shown } from "../wire/checks.ts";
import type { Notices } from "./notices.ts";

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

/** Where it throws, or gives what is no such number, that is reported once, and the system's own goes in its place: guests are on the stack. */
export function checkedRandom(random: () => number, notices: Notices): () => number {
  let isReported = false;
  return () => {
    try {
      const number = random();
      if (number >= 0 && number < 1) return number;
      throw new RangeError(`random gives numbers from 0 up to, but not including, 1, not ${shown(number)}`);
    } catch (error) {
      if (!isReported) notices.add(() => notices.callOut.failed("random", error));
      isReported = true;
      return secretRandom();
    }
  };
}
