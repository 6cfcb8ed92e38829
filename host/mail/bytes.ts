/** The memory of a guest, as bytes and as words. */

/** Whose memory the bytes are. */
export interface Owner {
  memoryGrown(bytes: number): void;
}

export class Bytes {
  u8: Uint8Array;
  i32: Int32Array;
  /** The guest memory behind the views, or null where there is none. */
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

  /** The bytes of what has no memory. */
  static none(): Bytes {
    return new Bytes(new Uint8Array(0), new Int32Array(0), null, null);
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
