/**
 * The item that a receive returns. A `Message` is a view of the window, which the host fills. So
 * receiving allocates nothing, and a message is valid until the next receive. Read what you need
 * before (`from`, `tag`, `bytes()`, `text()`), or keep a `copy()`.
 *
 * Reading a message after the next receive crashes. A receive with a predicate invalidates it
 * always, any other receive only if it returns an item. Three cases are not detected: `ptr` and
 * `reader()` of an old message; in a handler, an old message before `received` is called; in a
 * predicate, the previous candidate.
 */

import { copyOf } from "./bytes";
import { Pid } from "./pid";
import { Reader } from "./reader";
import * as utf8 from "./utf8";
import * as window from "./window";

/** The kind of an item in the mailbox. */
export enum Kind {
  /** A message of an actor, or of the host (`from` is 0). */
  Message = 1,
  /** A monitored actor, `from`, has ended. `ref` names the monitor, `reason` the exit reason. */
  Down = 2,
  /**
   * An exit signal of `from`, usually a linked actor that has ended, for `reason`. Only actors that
   * trap exits receive it.
   */
  Exit = 3,
  /** A timer has fired. `ref` names it, if the receiver has set it. */
  Timer = 4,
}

/** The code of an exit reason. */
export enum Reason {
  /** It returned from `run`, or called `exit()`. */
  Normal = 0,
  /** It was asked to stop. */
  Shutdown = 1,
  /** It was killed. */
  Killed = 2,
  /** A trap, or a violation of the ABI. `ExitReason.text()` is the message. */
  Crashed = 3,
  /** There was no such actor. */
  NoProc = 4,
  /** The connection to it was lost. */
  NoConnection = 5,
  /** A reason of its own. `ExitReason.bytes()` are the bytes that it passed to `exitWith`. */
  Own = 6,
}

/** Offsets of the fields of `info`. */
export const TAG: usize = 4;
export const FROM: usize = 8;
export const REF: usize = 16;
const REASON: usize = 20;
export const LENGTH: usize = 24;

/** The Reader of the current message, reused for every message. */
let shared: Reader | null = null;

/**
 * One item of the mailbox: a message, a Down, an Exit or a timer. `kind` tells which.
 *
 * Its fields are the 32 bytes of `info`, which only the host writes (docs/abi.md), so no other
 * guest can forge them. The value itself is not a pointer. It is the serial number of its receive,
 * by which a stale message is detected.
 */
@unmanaged
export class Message {
  get kind(): Kind {
    return load<Kind>(this.info);
  }

  /**
   * From 0 up: a number that the sender chose. Below 0: the ref that this message answers. 0 for a
   * Down and an Exit.
   */
  get tag(): i32 {
    return load<i32>(this.info, TAG);
  }

  /** The actor that sent the message, set the timer, or has ended. 0 is the host. */
  get from(): Pid {
    return load<Pid>(this.info, FROM);
  }

  /**
   * For a Down, the ref of the monitor. For a timer that the receiver has set, the ref of the
   * timer. For a request, the ref that its answer must have as tag (call.ts). 0 otherwise.
   */
  get ref(): i32 {
    return load<i32>(this.info, REF);
  }

  /**
   * The code of the exit reason of a Down or an Exit. `ExitReason.of(message)` is the whole reason.
   */
  get reason(): Reason {
    return load<Reason>(this.info, REASON);
  }

  /** Length of the payload in bytes. */
  get length(): i32 {
    return load<i32>(this.info, LENGTH);
  }

  /** Address of the payload, for `sendRaw` and for formats of your own. */
  get ptr(): usize {
    this.info;
    return window.ptr;
  }

  /**
   * Address of the 32 bytes that docs/abi.md calls `info`. Every field is read through this getter,
   * which crashes if the message is stale. Functions that read several fields call it once.
   */
  @inline
  get info(): usize {
    if (changetype<usize>(this) !== window.serial) isStale();
    return window.header;
  }

  /**
   * The number of bytes of the payload that can be read. It is less than `length` only in a
   * predicate, when the candidate is longer than the window. The predicate then sees its beginning.
   */
  get available(): i32 {
    return min<i32>(this.length, window.cap);
  }

  /** The byte at `offset`. Crashes past the end, as do the other methods `…At`. */
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

  /** A copy of the message, which stays valid. */
  copy(): MessageCopy {
    return new MessageCopy(this.kind, this.tag, this.from, this.ref, this.reason, this.bytes());
  }

  /** A copy of the payload, which stays valid. */
  bytes(): Uint8Array {
    return copyOf(window.ptr, this.available);
  }

  /** The payload, decoded as UTF-8. */
  text(): string {
    return String.UTF8.decodeUnsafe(window.ptr, this.available);
  }

  /** Whether the payload begins with `text` as UTF-8. Allocates nothing, so it suits predicates. */
  startsWith(text: string): bool {
    const length = utf8.encode(text);
    return length <= this.available && memory.compare(window.ptr, utf8.ptr, length) === 0;
  }

  /**
   * A Reader at the beginning of the payload. All messages share it, so it is valid as long as the
   * message.
   */
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
    // In 64 bits, so that neither a negative nor a very large offset wraps around.
    if ((offset as u32 as u64) + size > (this.available as u64)) {
      throw new RangeError("Message: read past the end of the payload");
    }
    return window.ptr + offset;
  }
}

function isStale(): void {
  throw new Error("Message: stale, something else was received since; keep its copy()");
}

/** The item that the host has just written into the window. All earlier messages become stale. */
export function fresh(): Message {
  window.expire();
  return shown();
}

/** The item in the window: the one received last, or inside a predicate the candidate. */
export function shown(): Message {
  return changetype<Message>(window.serial);
}

/** A copy of a message that stays valid. */
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

  /** The payload. Each call returns the same array. */
  bytes(): Uint8Array {
    return this.payload;
  }

  /** The payload, decoded as UTF-8. */
  text(): string {
    return String.UTF8.decodeUnsafe(this.payload.dataStart, this.payload.length);
  }

  /** A new Reader at the beginning of the payload. */
  reader(): Reader {
    return new Reader(this.payload);
  }
}
