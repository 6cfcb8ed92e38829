/**
 * Reads AssemblyScript's strings in the memories of guests, with AssemblyScript's own loader. A
 * runtime's option `readString` takes `readString`, to show the message of an `abort`.
 *
 * Guarantee: a hostile guest cannot make it read outside of its memory, nor do unbounded work. The
 * loader sees a copy of at most {@link MAX_CHARACTERS}.
 *
 * `adapters/` holds the entry points that need packages from npm. Each file imports wire/ and its
 * package. Of the other rooms, only pages and `node/` import adapters.
 */
import { instantiateSync } from "@assemblyscript/loader";

/** Longer strings are cut. In UTF-16 units. */
export const MAX_CHARACTERS = 16_384;

/**
 * `(module (memory (export "memory") 1 1))`. The loader reads strings only of modules, so it gets
 * one with only a memory.
 */
const PAGE = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x05, 0x04, 0x01, 0x01, 0x01, 0x01],
  ...[0x07, 0x0a, 0x01, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00],
]);

// An object's header ends with two words: its class, then its size in bytes. A pointer points
// behind the header.
const HEADER_BYTES = 8;
const STRING_CLASS = 2;

/** The address of the copy: any address with room for the header before it. */
const COPY_AT = 16;

interface Page {
  readonly memory: WebAssembly.Memory;
  readonly read: (pointer: number) => string;
}

let page: Page | undefined;

/** Made at the first use, because most programs never see an abort. */
function newPage(): Page {
  const { exports } = instantiateSync<{ memory: WebAssembly.Memory }>(PAGE);
  return { memory: exports.memory, read: exports.__getString };
}

/**
 * The string at `pointer` in a guest's memory, cut to {@link MAX_CHARACTERS}.
 *
 * @throws {RangeError} where there is no string at the pointer, or the pointer is outside of the
 * memory
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
