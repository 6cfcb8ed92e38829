/**
 * Bytes that the host keeps for an actor, such as its arguments: in a block of the kernel's memory, or,
 * if they are long, in JavaScript. One word says where they are.
 */
import { MAX_INSIDE_BYTES } from "../kernel/words.ts";
import type { Kernel } from "./kernel.ts";

/** A block begins with a word for the length, in 8 bytes. */
const HEADER = 8;
const noBytes = new Uint8Array(0);

/** Keeps a copy of bytes. Answers their word, which is 0 for no bytes. */
export function keep(kernel: Kernel, bytes: Uint8Array): number {
  const { length } = bytes;
  if (length === 0) return 0;
  if (length > MAX_INSIDE_BYTES) return kernel.payloads.keep(bytes) * 2 + 1;
  const block = kernel.newBlock(HEADER + length);
  kernel.setWord(block, length);
  kernel.bytes.set(bytes, (block >>> 0) + HEADER);
  return block;
}

/** The bytes of a word, as they lie there: copy what you use later. */
export function kept(kernel: Kernel, word: number): Uint8Array {
  if (word === 0) return noBytes;
  if ((word & 1) !== 0) return kernel.payloads.get(word >>> 1);
  const begin = (word >>> 0) + HEADER;
  return kernel.bytes.subarray(begin, begin + kernel.word(word));
}

export function dropKept(kernel: Kernel, word: number): void {
  if (word === 0) return;
  if ((word & 1) !== 0) kernel.payloads.drop(word >>> 1);
  else kernel.giveBlock(word, HEADER + kernel.word(word));
}
