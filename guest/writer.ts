/**
 * Builds a payload: little-endian values one after another, without padding. `reset` reuses the
 * buffer, so that a Writer allocates nothing more once it has grown to the size of its messages.
 */

import * as actor from "./actor";
import { callRaw, Reply } from "./call";
import { Pid } from "./pid";
import * as utf8 from "./utf8";

/**
 * Appends values, and sends them from its own buffer:
 *
 * ```ts
 * writer.reset().u32(count).text(name).send(to);
 * ```
 */
export class Writer {
  private buffer: ArrayBuffer;

  /** Bytes written: the payload's length, at most the buffer's. */
  private written: i32 = 0;

  /** @param capacity initial size of the buffer, in bytes */
  constructor(capacity: i32 = 64) {
    this.buffer = new ArrayBuffer(capacity);
  }

  /** Bytes written since the last `reset`. */
  get length(): i32 {
    return this.written;
  }

  /** Begins a new payload in the same buffer. */
  reset(): Writer {
    this.written = 0;
    return this;
  }

  u8(value: u8): Writer {
    store<u8>(this.room(1), value);
    return this;
  }

  u16(value: u16): Writer {
    store<u16>(this.room(2), value);
    return this;
  }

  u32(value: u32): Writer {
    store<u32>(this.room(4), value);
    return this;
  }

  u64(value: u64): Writer {
    store<u64>(this.room(8), value);
    return this;
  }

  i32(value: i32): Writer {
    store<i32>(this.room(4), value);
    return this;
  }

  i64(value: i64): Writer {
    store<i64>(this.room(8), value);
    return this;
  }

  f32(value: f32): Writer {
    store<f32>(this.room(4), value);
    return this;
  }

  f64(value: f64): Writer {
    store<f64>(this.room(8), value);
    return this;
  }

  /** One byte, 0 or 1. */
  bool(value: bool): Writer {
    store<u8>(this.room(1), value ? 1 : 0);
    return this;
  }

  /** A u64. */
  pid(value: Pid): Writer {
    store<u64>(this.room(8), value);
    return this;
  }

  /** A u32 with the length, then the bytes. */
  bytes(value: Uint8Array): Writer {
    this.u32(value.length);
    memory.copy(this.room(value.length), value.dataStart, value.length);
    return this;
  }

  /**
   * A u32 with the length in bytes, then the text as UTF-8. Half a surrogate pair becomes U+FFFD.
   */
  text(value: string): Writer {
    const length = String.UTF8.byteLength(value);
    this.u32(length);
    utf8.write(value, this.room(length));
    return this;
  }

  /**
   * Sends the payload, and leaves the Writer as it is. Copies nothing in the guest. Returns as
   * `send` does.
   */
  send(to: Pid, tag: i32 = 0): i32 {
    return actor.send(to as i32, (to >> 32) as i32, tag, changetype<usize>(this.buffer), this.written);
  }

  /** Calls an actor with the payload, as the function `call` does. */
  call(to: Pid, timeoutMs: i32 = 5000, tag: i32 = 0): Reply {
    return callRaw(to, changetype<usize>(this.buffer), this.written, timeoutMs, tag);
  }

  /** A copy of the payload. */
  toBytes(): Uint8Array {
    return Uint8Array.wrap(this.buffer.slice(0, this.written));
  }

  /**
   * Appends `size` bytes for the caller to fill, and returns their address. It is valid until the
   * next call of a method. For formats of your own.
   */
  room(size: i32): usize {
    const at = this.written;
    const end = at + size;
    // Unsigned, so that a sum beyond 2 GiB reaches the constructor of ArrayBuffer, which throws.
    if ((end as u32) > (this.buffer.byteLength as u32)) {
      const larger = new ArrayBuffer(max<i32>(end, this.buffer.byteLength * 2));
      memory.copy(changetype<usize>(larger), changetype<usize>(this.buffer), at);
      this.buffer = larger;
    }
    this.written = end;
    return changetype<usize>(this.buffer) + at;
  }
}
