/**
 * Random numbers that cannot be predicted. Refs are made of them, and a guest that sees some refs
 * must not be able to guess the next.
 */
import { shown } from "../wire/checks.ts";
import type { Notices } from "./notices.ts";

const words = new Uint32Array(1024);
let left = 0;

/** A number in [0, 1) with 32 random bits, from the system's cryptographic source. */
export function secretRandom(): number {
  if (left === 0) {
    crypto.getRandomValues(words);
    left = words.length;
  }
  return words[--left] / 2 ** 32;
}

/**
 * The embedder's `random`, checked. If it throws or returns anything but a number in [0, 1), that
 * is reported once, and the system's source is used instead. It never throws, because guests are on
 * the stack.
 */
export function checkedRandom(random: () => number, notices: Notices): () => number {
  let isReported = false;
  return () => {
    try {
      const number = random();
      if (number >= 0 && number < 1) return number;
      throw new RangeError(`random must return a number from 0 up to, but not including, 1, not ${shown(number)}`);
    } catch (error) {
      if (!isReported) notices.add(() => notices.callOut.failed("random", error));
      isReported = true;
      return secretRandom();
    }
  };
}
