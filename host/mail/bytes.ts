/**
 * Bytes that can be read as words, too: the memory of a guest, or the ring of a mailbox. Both are one
 * class, so that code which copies between them meets one shape.
 */

/** Up to this length a loop over words is faster than `set(subarray)`, which takes at least 50 ns (x64, V8 14). */
const LOOP_MAX_BYTES = 64;

/** Whose memory the bytes are. */
export interface Owner {
  memoryGrown(bytes: number): void;
}

export class Bytes {
  u8: Uint8Array;
  i32: Int32Array;
  /** The guest memory behind the views, or null where they are a ring's. */
  readonly memory: WebAssembly.Memory | null;
  /** Is told of the memory's new size when it is seen to have grown. */
  owner: Owner | null;

  private constructor(u8: Uint8Array, i32: Int32Array, memory: WebAssembly.Memory | null, owner: Owner | null) {
    this.u8 = u8;
    this.i32 = i32;
    this.memory = memory;
    this.owner = owner;
  }

  static ofMemory(memory: WebAssembly.Memory, owner: Owner | null = null): Bytes {
    return new Bytes(new Uint8Array(memory.buffer), new Int32Array(memory.buffer), memory, owner);
  }

  static ofLength(byteLength: number): Bytes {
    const buffer = new ArrayBuffer(byteLength);
    return new Bytes(new Uint8Array(buffer), new Int32Array(buffer), null, null);
  }

  /**
   * A payload of the host, to be copied from index 0 before the next call. A short one is moved to an
   * aligned place, because `copyBytes` may read it as words. Of a long one only the bytes are read.
   */
  static ofPayload(payload: Uint8Array): Bytes {
    if (payload.length > LOOP_MAX_BYTES) return new Bytes(payload, noWords, null, null);
    scratch.u8.set(payload);
    return scratch;
  }

  /** Growing a memory detaches its views, which then have no length. Call before each use of a guest's views. */
  refresh(): void {
    if (this.u8.length === 0 && this.memory !== null) {
      this.u8 = new Uint8Array(this.memory.buffer);
      this.i32 = new Int32Array(this.memory.buffer);
      this.owner?.memoryGrown(this.u8.length);
    }
  }

  /** Whether `length` bytes from `pointer` on lie inside; both are taken as unsigned. The views must be fresh. */
  holds(pointer: number, length: number): boolean {
    return (pointer >>> 0) + (length >>> 0) <= this.u8.length;
  }
}

const noWords = new Int32Array(0);
const scratch = Bytes.ofLength(LOOP_MAX_BYTES);

/** Copies `length` bytes. Both ranges must be inside, and fresh. */
export function copyBytes(from: Bytes, fromIndex: number, to: Bytes, toIndex: number, length: number): void {
  if (length > LOOP_MAX_BYTES) {
    to.u8.set(from.u8.subarray(fromIndex, fromIndex + length), toIndex);
    return;
  }
  let done = 0;
  if (((fromIndex | toIndex) & 3) === 0) {
    const source = from.i32;
    const target = to.i32;
    const words = length >> 2;
    const sourceWord = fromIndex >>> 2;
    const targetWord = toIndex >>> 2;
    for (let i = 0; i < words; i++) target[targetWord + i] = source[sourceWord + i];
    done = words << 2;
  }
  for (; done < length; done++) to.u8[toIndex + done] = from.u8[fromIndex + done];
}
