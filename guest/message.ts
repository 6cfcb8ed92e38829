/**
 * What a receive returns. A `Message` is no copy but a view of the window that the host has filled in: receiving one allocates nothing, and it
 * is valid until the next receive. What is needed longer is taken out of it before (`from`, `tag`, `bytes()`, `text()`), or `copy()` keeps all.
 *
 * Reading one after the next receive crashes. A receive by a predicate ends it also where it finds nothing, another receive only where it finds something.
 * Not noticed: what was taken out of a message and still reads the window (`ptr`, `reader()`); in a handler, reading one in a later `handle` before
 * that has called `received`; in a predicate, reading the candidate before.
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

/** Where the fields of `info` are. */
export const TAG: usize = 4;
export const FROM: usize = 8;
export const REF: usize = 16;
const REASON: usize = 20;
export const LENGTH: usize = 24;

/** Used again for every message: a Reader of a message is valid as long as the message is. */
let shared: Reader | null = null;

/**
 * One item of the mailbox: a message, a Down, an Exit or a timer; `kind` says which.
 *
 * It reads the 32 bytes of `info` as the host has written them (docs/abi.md), so no other guest can forge them. It is no pointer, but the
 * serial number of its receive: reading one of an earlier receive crashes.
 */
@unmanaged
export class Message {
  get kind(): Kind {
    return load<Kind>(this.info);
  }

  /** From 0 up the guests' own, below 0 the ref that is answered with it. 0 unless `kind` is a message or a timer. */
  get tag(): i32 {
    return load<i32>(this.info, TAG);
  }

  /** Who sent the message, who set the timer, or who has ended; 0 is the host. */
  get from(): Pid {
    return load<Pid>(this.info, FROM);
  }

  /**
   * Of a Down, which monitor; of a timer that came back to its setter, which one. Of a message, the ref that its sender
   * waits for an answer with: then it is a request, see call.ts. 0 otherwise.
   */
  get ref(): i32 {
    return load<i32>(this.info, REF);
  }

  /** Why `from` has ended, where `kind` is a down or an exit; `ExitReason.of(message)` is all of it. */
  get reason(): Reason {
    return load<Reason>(this.info, REASON);
  }

  /** Length of the payload in bytes. */
  get length(): i32 {
    return load<i32>(this.info, LENGTH);
  }

  /** Where the payload is: for `sendRaw` and for guests that read it by hand. */
  get ptr(): usize {
    this.info;
    return window.ptr;
  }

  /**
   * Where its header is, as docs/abi.md has it: for guests that read it by hand. Whatever reads the message asks this first, and so do functions of the
   * library that read more than one field: one look whether it is stale is enough for them.
   */
  @inline
  get info(): usize {
    if (changetype<usize>(this) !== window.serial) isStale();
    return window.header;
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

  /** A copy of all of it, which stays valid. */
  copy(): MessageCopy {
    return new MessageCopy(this.kind, this.tag, this.from, this.ref, this.reason, this.bytes());
  }

  /** A copy of the payload, which stays valid. */
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

function isStale(): void {
  throw new Error("Message: stale, something else was received since; keep its copy()");
}

/** The item that the host has just written into the window. Every Message before it is stale from now on. */
export function fresh(): Message {
  window.expire();
  return shown();
}

/** What the window shows: the item that was received last, or while a predicate is asked, its candidate. */
export function shown(): Message {
  return changetype<Message>(window.serial);
}

/** What was received, to be kept: a copy that stays valid. */
export class MessageCopy {
  constructor(
    readonly kind: Kind,
    readonly tag: i32,
    readonly from: Pid,
    readonly ref: i32,
    readonly reason: Reason,
    private readonly payload: Uint8Array,
  ) {}

  /** Length of the payload in bytes. */
  get length(): i32 {
    return this.payload.length;
  }

  /** The payload; not another copy each time. */
  bytes(): Uint8Array {
    return this.payload;
  }

  /** The payload, decoded as UTF-8. */
  text(): string {
    return String.UTF8.decodeUnsafe(this.payload.dataStart, this.payload.length);
  }

  /** Reads the payload from its beginning; a new Reader each time. */
  reader(): Reader {
    return new Reader(this.payload);
  }
}
