/**
 * Reads what a Writer has written: little-endian values one after another, without padding. Reading
 * past the end crashes the actor with a message. It never reads outside of the bytes.
 */

import { copyOf } from "./bytes";
import { Pid } from "./pid";

/** Reads bytes from front to back: `new Reader(args())`, `message.reader()`. */
export class Reader {
  /** Address of the next byte to read; `next <= end`. */
  private next: usize = 0;

  private end: usize = 0;

  /** Keeps the bytes from being collected. Null where the caller keeps them alive. */
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: the collector reads it.
  private owner: Uint8Array | null = null;

  constructor(bytes: Uint8Array | null = null) {
    if (bytes !== null) {
      this.aim(bytes.dataStart, bytes.length);
      this.owner = bytes;
    }
  }

  /** Begins again with `length` bytes at `ptr`, which the caller keeps alive. */
  aim(ptr: usize, length: i32): void {
    this.next = ptr;
    this.end = ptr + length;
    this.owner = null;
  }

  /** The number of bytes that are left to read. */
  get left(): i32 {
    return (this.end - this.next) as i32;
  }

  u8(): u8 {
    return load<u8>(this.take(1));
  }

  u16(): u16 {
    return load<u16>(this.take(2));
  }

  u32(): u32 {
    return load<u32>(this.take(4));
  }

  u64(): u64 {
    return load<u64>(this.take(8));
  }

  i32(): i32 {
    return load<i32>(this.take(4));
  }

  i64(): i64 {
    return load<i64>(this.take(8));
  }

  f32(): f32 {
    return load<f32>(this.take(4));
  }

  f64(): f64 {
    return load<f64>(this.take(8));
  }

  /** One byte; 0 is false. */
  bool(): bool {
    return load<u8>(this.take(1)) !== 0;
  }

  /** A u64. */
  pid(): Pid {
    return load<u64>(this.take(8));
  }

  /** A u32 with the length, then the bytes. Returns a copy. */
  bytes(): Uint8Array {
    const length = this.u32();
    return copyOf(this.take(length), length);
  }

  /** A u32 with the length in bytes, then UTF-8. */
  text(): string {
    const length = this.u32();
    return String.UTF8.decodeUnsafe(this.take(length), length);
  }

  /** Skips the next `size` bytes, and returns their address. For formats of your own. */
  take(size: u32): usize {
    if ((size as usize) > this.end - this.next) throw new RangeError("Reader: fewer bytes left than asked for");
    const at = this.next;
    this.next = at + size;
    return at;
  }
}
