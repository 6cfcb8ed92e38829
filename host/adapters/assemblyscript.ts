/**
 * Reads AssemblyScript's strings out of guests' memories, with AssemblyScript's own loader: what a runtime's `readString` needs to
 * show the message of an `abort`. Guests are hostile: only what lies inside the memory is looked at, and the work is bounded
 * whatever a pointer says, because the loader sees a copy of at most {@link MAX_CHARACTERS}.
 */
import { instantiateSync } from "@assemblyscript/loader";

/** A longer string is cut here. */
export const MAX_CHARACTERS = 16_384;

/** `(module (memory (export "memory") 1 1))`: the loader reads strings of modules only, so it gets one that is all memory. */
const PAGE = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x05, 0x04, 0x01, 0x01, 0x01, 0x01],
  ...[0x07, 0x0a, 0x01, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00],
]);

// An object's header ends in two words: its class, then its size in bytes. A pointer points behind them.
const HEADER_BYTES = 8;
const STRING_CLASS = 2;

/** Where the copy lies in the page; any place with room for the header before it would do. */
const COPY_AT = 16;

interface Page {
  readonly memory: WebAssembly.Memory;
  readonly read: (pointer: number) => string;
}

let page: Page | undefined;

/** Made when first needed, for most programs never see an abort. */
function newPage(): Page {
  const { exports } = instantiateSync<{ memory: WebAssembly.Memory }>(PAGE);
  return { memory: exports.memory, read: exports.__getString };
}

/**
 * The string at `pointer` in a guest's memory, cut to {@link MAX_CHARACTERS}.
 * Throws a RangeError where there is no string, wherever the pointer points.
 */
export function readString(memory: WebAssembly.Memory, pointer: number): string {
  const start = pointer >>> 0;
  const guest = memory.buffer;
  if (start < HEADER_BYTES || start % 4 !== 0 || start > guest.byteLength) {
    throw new RangeError(`there is no AssemblyScript string at ${start}: no object can begin there`);
  }
  const [kind, bytes] = new Uint32Array(guest, start - HEADER_BYTES, 2);
  if (kind !== STRING_CLASS) {
    throw new RangeError(`there is no AssemblyScript string at ${start}: the object has class ${kind}`);
  }
  if (bytes > guest.byteLength - start) {
    throw new RangeError(`the AssemblyScript string at ${start} of ${bytes} bytes does not end in its memory`);
  }
  page ??= newPage();
  const length = Math.min(bytes, MAX_CHARACTERS * 2);
  new Uint32Array(page.memory.buffer, COPY_AT - HEADER_BYTES, 2).set([STRING_CLASS, length]);
  new Uint8Array(page.memory.buffer).set(new Uint8Array(guest, start, length), COPY_AT);
  return page.read(COPY_AT);
}
