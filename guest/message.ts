/**
 * What a receive returns. A `Message` is no copy but a view of the window that the host has filled in: reading it costs
 * a load, receiving one allocates nothing, and it is valid until the next receive. What is needed longer is taken out of
 * it before: `from`, `tag`, `bytes()`, `text()`.
 */

import { Pid } from "./pid";
import { Reader } from "./reader";
import * as utf8 from "./utf8";
import * as window from "./window";

/** What an item of the mailbox is. */
export enum Kind {
  /** From an actor, or from the host (`from` is 0). */
  Message = 1,
  /** A monitored actor, `from`, has ended; `ref` says which monitor, `reason` why. */
  Down = 2,
  /** A linked actor, `from`, has ended; `reason` says why. Comes only to those that trap exits. */
  Exit = 3,
  /** A timer, `ref`, has run down. */
  Timer = 4,
}

/** Why an actor ended. */
export enum Reason {
  /** It returned from `run`, or called `exit()`. */
  Normal = 0,
  /** It was asked to stop in good order. */
  Shutdown = 1,
  /** It was ended from outside, without being asked. */
  Killed = 2,
  /** A trap, or a broken rule of the ABI; `ExitReason.text()` says which. */
  Crashed = 3,
  /** There was no such actor. */
  NoProc = 4,
  /** The way to it was lost. */
  NoConnection = 5,
  /** Its own: `bytes()` are what it passed to `exitWith`. */
  Own = 6,
}

/** Used again for every message: a Reader of a message is valid as long as the message is. */
let shared: Reader | null = null;

/**
 * One item of the mailbox: a message, a Down, an Exit or a timer; `kind` says which.
 *
 * Its fields are the 32 bytes of `info` as the host has written them (docs/abi.md), so no other guest can forge them.
 */
@unmanaged
export class Message {
  readonly kind: Kind;

  /** From 0 up the guests' own, below 0 the ref that is answered with it. 0 unless `kind` is a message or a timer. */
  readonly tag: i32;

  /** Who sent the message, who set the timer, or who has ended; 0 is the host. */
  readonly from: Pid;

  /**
   * Of a Down, which monitor; of a timer that came back to its setter, which one. Of a message, the ref that its sender
   * waits for an answer with: then it is a request, see call.ts. 0 otherwise.
   */
  readonly ref: i32;

  /** Why `from` has ended, where `kind` is a down or an exit; `ExitReason.of(message)` is all of it. */
  readonly reason: Reason;

  /** Length of the payload in bytes. */
  readonly length: i32;

  /** Where the payload is: for `sendRaw` and for guests that read it by hand. */
  get ptr(): usize {
    return window.ptr;
  }

  /**
   * How many bytes of the payload can be read. Less than `length` only in a predicate whose candidate is longer than the
   * window: the predicate sees how it begins.
   */
  get available(): i32 {
    return min<i32>(this.length, window.cap);
  }

  /** The byte at `offset`. Crashes past the end, as do the other `…At`. */
  u8At(offset: i32): u8 {
    return load<u8>(this.at(offset, 1));
  }

  /** The little-endian u32 at `offset`. */
  u32At(offset: i32): u32 {
    return load<u32>(this.at(offset, 4));
  }

  /** The little-endian i32 at `offset`. */
  i32At(offset: i32): i32 {
    return load<i32>(this.at(offset, 4));
  }

  /** The little-endian u64 at `offset`; also a pid. */
  u64At(offset: i32): u64 {
    return load<u64>(this.at(offset, 8));
  }

  /** The little-endian f64 at `offset`. */
  f64At(offset: i32): f64 {
    return load<f64>(this.at(offset, 8));
  }

  /** A copy of the payload; the one way to keep it beyond the next receive. */
  bytes(): Uint8Array {
    const length = this.available;
    const copy = new Uint8Array(length);
    memory.copy(copy.dataStart, window.ptr, length);
    return copy;
  }

  /** The payload, decoded as UTF-8. */
  text(): string {
    return String.UTF8.decodeUnsafe(window.ptr, this.available);
  }

  /** Whether the payload begins with the UTF-8 of `text`. Allocates nothing: made for predicates. */
  startsWith(text: string): bool {
    const length = utf8.encode(text);
    return length <= this.available && memory.compare(window.ptr, utf8.ptr, length) === 0;
  }

  /** Reads the payload from its beginning. There is one such Reader; it is valid as long as the message. */
  reader(): Reader {
    let reader = shared;
    if (reader === null) {
      reader = new Reader();
      shared = reader;
    }
    reader.aim(window.ptr, this.available);
    return reader;
  }

  private at(offset: i32, size: i32): usize {
    // In 64 bits: neither a negative offset nor one near the end of the address space may wrap around.
    if ((offset as u32 as u64) + size > (this.available as u64)) {
      throw new RangeError("Message: read past the end of the payload");
    }
    return window.ptr + offset;
  }
}

/** The view of the window: every receive returns it, and a predicate sees its candidate through it. */
export const current: Message = changetype<Message>(window.info);
