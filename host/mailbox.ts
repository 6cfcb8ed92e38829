/**
 * A mailbox: items in order of arrival, taken from the front or, by selective receive, from anywhere, the rest staying in order.
 *
 * Items lie as records in a ring of bytes: eight words of header, then the payload, padded to 8 bytes. An empty mailbox has no ring:
 * it is borrowed from a pool with the first item and given back with the last. A record taken from the middle stays as a dead
 * record until the front passes it or a rebuild leaves it out; rebuilds keep dead records fewer than live ones.
 *
 * A *position* names a record. Positions are byte offsets that only grow; their low bits are the place in the ring. Any `push` or `remove`
 * may move records: only `saved`, the save pointer, and the marks of refs are moved along.
 *
 * | operation | cost |
 * |---|---|
 * | push | one copy of the payload, amortized O(1) otherwise |
 * | first, next, remove | amortized O(1) |
 * | findTag | one load a record |
 */
import { Bytes, copyBytes } from "./bytes.ts";
import { needHeadroom } from "./headroom.ts";

const HEADER_BYTES = 32;
const FIRST_CAPACITY = 256;
/** Smaller rings are not worth shrinking. */
const SHRINK_FROM = 4096;
/** Positions are shifted down when they pass this, so that they stay small integers. */
const REBASE_AT = 2 ** 29;
/** So many refs know where the mailbox ended when they were made; those of older ones are looked for from the front. */
const MARKS_KEPT = 8;
/** A mailbox of this size is never refused its room, whatever all of them use: one that is flooded shall not silence the others. */
const ALWAYS_ROOM_BYTES = 65_536;
/** So few dead records are not worth a rebuild. */
const DEAD_RECORDS_TOLERATED = 16;

// Words of a record. The first seven are `info`'s; a dead record has kind 0 and its size in the word behind.
export const KIND = 0;
export const TAG = 1;
export const FROM_LO = 2;
export const FROM_HI = 3;
export const REF = 4;
export const REASON = 5;
export const LENGTH = 6;
/** How many items came before, modulo 2^32: says whether two positions name the same item. */
export const ORDER = 7;
const DEAD_SIZE = 1;

/** Where the mailbox ended when a ref was made: nothing before can bear it. */
interface Mark {
  readonly ref: number;
  position: number;
}

/** What was taken out of a mailbox unseen. */
export interface Removed {
  readonly kind: number;
  readonly fromLo: number;
  readonly fromHi: number;
  readonly length: number;
}

/** No such position. */
export const NONE = -1;

/** Rings that no mailbox uses, by capacity. Rings are never read beyond what was written since they were taken. */
export class RingPool {
  readonly #rings = new Map<number, Bytes[]>();
  /** Each capacity keeps at most this many bytes at rest. */
  readonly #maxBytesEach: number;
  /** What mailboxes may hold together. */
  readonly maxBytesInUse: number;
  bytesInUse = 0;

  constructor(maxBytesInUse = Number.POSITIVE_INFINITY, maxBytesEach = 1 << 20) {
    this.maxBytesInUse = maxBytesInUse;
    this.#maxBytesEach = maxBytesEach;
  }

  take(capacity: number): Bytes {
    const ring = this.#rings.get(capacity)?.pop() ?? Bytes.ofLength(capacity);
    this.bytesInUse += capacity;
    return ring;
  }

  give(ring: Bytes): void {
    const capacity = ring.u8.length;
    this.bytesInUse -= capacity;
    let rings = this.#rings.get(capacity);
    if (rings === undefined) {
      rings = [];
      this.#rings.set(capacity, rings);
    }
    if ((rings.length + 1) * capacity <= this.#maxBytesEach) rings.push(ring);
  }
}

export class Mailbox {
  /** Live items. */
  count = 0;
  /** Payload bytes of the live items. */
  bytes = 0;
  /** The save pointer: a receive in progress has looked at everything before it. Between the first record and `tail`. */
  saved = 0;
  /** Where the next record goes; everything before it has arrived. */
  tail = 0;
  /** The first record, which is live; equals `tail` where there is none. */
  #head = 0;
  /** Dead records between head and tail. */
  #dead = 0;
  #order = 0;
  /** Null while there is no record. Its capacity is a power of two. */
  #ring: Bytes | null = null;
  /** Oldest first, so by position too; null while there is none. */
  #marks: Mark[] | null = null;
  readonly #pool: RingPool;

  constructor(pool: RingPool) {
    this.#pool = pool;
  }

  /** Appends an item; its payload is copied from `length` bytes of `source` at `index`, which must be inside. */
  push(
    kind: number,
    tag: number,
    fromLo: number,
    fromHi: number,
    ref: number,
    reason: number,
    source: Bytes,
    index: number,
    length: number,
  ): void {
    const size = sizeOf(length);
    const at = this.#reserve(size);
    // `#reserve` leaves a ring behind in any case.
    const ring = this.#ring as Bytes;
    const words = ring.i32;
    const word = at >> 2;
    words[word + KIND] = kind;
    words[word + TAG] = tag;
    words[word + FROM_LO] = fromLo;
    words[word + FROM_HI] = fromHi;
    words[word + REF] = ref;
    words[word + REASON] = reason;
    words[word + LENGTH] = length;
    words[word + ORDER] = this.#order;
    copyBytes(source, index, ring, at + HEADER_BYTES, length);
    this.#order = (this.#order + 1) | 0;
    this.tail += size;
    this.count++;
    this.bytes += length;
  }

  /** Whether the bound of all mailboxes together permits so many payload bytes more. */
  mayGrowBy(bytes: number): boolean {
    const { bytesInUse, maxBytesInUse } = this.#pool;
    return bytesInUse + bytes <= maxBytesInUse || (this.#ring?.u8.length ?? 0) + bytes <= ALWAYS_ROOM_BYTES;
  }

  /** The first item, or NONE. */
  first(): number {
    return this.count === 0 ? NONE : this.#head;
  }

  /** A new receive begins: puts the save pointer in front of everything. */
  rewind(): void {
    this.saved = this.#head;
  }

  /** The first item at or behind a position, or NONE. */
  from(position: number): number {
    const ring = this.#ring;
    if (ring === null) return NONE;
    const words = ring.i32;
    const mask = ring.u8.length - 1;
    const tail = this.tail;
    let at = position < this.#head ? this.#head : position;
    while (at < tail) {
      const word = (at & mask) >> 2;
      if (words[word + KIND] !== 0) return at;
      at += words[word + DEAD_SIZE];
    }
    return NONE;
  }

  /** The item behind one, or NONE. */
  next(position: number): number {
    return this.from(position + sizeOf(this.word(position, LENGTH)));
  }

  /** The first item at or behind a position that has this kind and tag, or NONE. */
  findTag(position: number, kind: number, tag: number): number {
    const ring = this.#ring;
    if (ring === null) return NONE;
    const words = ring.i32;
    const mask = ring.u8.length - 1;
    const tail = this.tail;
    let at = position < this.#head ? this.#head : position;
    while (at < tail) {
      const word = (at & mask) >> 2;
      const itemKind = words[word + KIND];
      if (itemKind === 0) {
        at += words[word + DEAD_SIZE];
      } else {
        if (itemKind === kind && words[word + TAG] === tag) return at;
        at += sizeOf(words[word + LENGTH]);
      }
    }
    return NONE;
  }

  /** The first item that bears a ref: a message tagged with it, or a signal or timer of it. Looks only behind the ref's mark. */
  findRef(position: number, messageKind: number, ref: number): number {
    const ring = this.#ring;
    if (ring === null) return NONE;
    const words = ring.i32;
    const mask = ring.u8.length - 1;
    const tail = this.tail;
    let at = Math.max(position, this.#head, this.#markOf(ref));
    while (at < tail) {
      const word = (at & mask) >> 2;
      const kind = words[word + KIND];
      if (kind === 0) {
        at += words[word + DEAD_SIZE];
      } else {
        if (words[word + (kind === messageKind ? TAG : REF)] === ref) return at;
        at += sizeOf(words[word + LENGTH]);
      }
    }
    return NONE;
  }

  /** A ref is made: remembers where the mailbox ends. */
  mark(ref: number): void {
    this.#marks ??= [];
    if (this.#marks.length === MARKS_KEPT) this.#marks.shift();
    this.#marks.push({ ref, position: this.tail });
  }

  /** A ref is dead. */
  unmark(ref: number): void {
    const index = this.#marks?.findIndex(mark => mark.ref === ref) ?? -1;
    if (index >= 0) this.#marks?.splice(index, 1);
  }

  #markOf(ref: number): number {
    if (this.#marks !== null) for (const mark of this.#marks) if (mark.ref === ref) return mark.position;
    return 0;
  }

  /** One header word of an item. */
  word(position: number, which: number): number {
    const ring = this.#ring as Bytes;
    return ring.i32[((position & (ring.u8.length - 1)) >> 2) + which];
  }

  /** Copies the first `length` bytes of an item's payload out; `length` is at most the item's own. */
  copyPayload(position: number, target: Bytes, index: number, length: number): void {
    const ring = this.#ring as Bytes;
    copyBytes(ring, (position & (ring.u8.length - 1)) + HEADER_BYTES, target, index, length);
  }

  /** A copy of an item's payload. */
  payload(position: number): Uint8Array {
    const ring = this.#ring as Bytes;
    const start = (position & (ring.u8.length - 1)) + HEADER_BYTES;
    return ring.u8.slice(start, start + this.word(position, LENGTH));
  }

  /** Takes an item out. The save pointer stays in front of the items it was in front of. */
  remove(position: number): void {
    const ring = this.#ring as Bytes;
    const words = ring.i32;
    const mask = ring.u8.length - 1;
    const word = (position & mask) >> 2;
    const length = words[word + LENGTH];
    const size = sizeOf(length);
    this.count--;
    this.bytes -= length;
    if (this.count === 0) {
      this.clear();
      return;
    }
    if (position === this.#head) {
      let head = position + size;
      // A live record follows, so the walk ends.
      for (let next = (head & mask) >> 2; words[next + KIND] === 0; next = (head & mask) >> 2) {
        head += words[next + DEAD_SIZE];
        this.#dead--;
      }
      this.#head = head;
      if (this.saved < head) this.saved = head;
    } else if (position + size === this.tail) {
      this.tail = position;
      if (this.saved > position || this.from(this.saved) === NONE) this.saved = position;
      if (this.#marks !== null) for (const mark of this.#marks) if (mark.position > position) mark.position = position;
    } else {
      words[word + KIND] = 0;
      words[word + DEAD_SIZE] = size;
      this.#dead++;
      // Dead records alone are nothing to look at.
      if (this.saved === position && this.from(position) === NONE) this.saved = this.tail;
      if (this.#dead > DEAD_RECORDS_TOLERATED && this.#dead > this.count) this.#rebuild(0);
    }
    this.#shrink();
  }

  /** Takes out every item that bears a ref, in one pass. */
  removeRef(messageKind: number, ref: number): Removed[] {
    const removed: Removed[] = [];
    for (let at = this.findRef(0, messageKind, ref); at !== NONE; at = this.findRef(at, messageKind, ref)) {
      const { i32, u8 } = this.#ring as Bytes;
      const word = (at & (u8.length - 1)) >> 2;
      const length = i32[word + LENGTH];
      removed.push({ kind: i32[word + KIND], fromLo: i32[word + FROM_LO], fromHi: i32[word + FROM_HI], length });
      i32[word + KIND] = 0;
      i32[word + DEAD_SIZE] = sizeOf(length);
      this.#dead++;
      this.count--;
      this.bytes -= length;
    }
    if (removed.length === 0) return removed;
    if (this.count === 0) this.clear();
    else this.#tidy();
    return removed;
  }

  /** After several records were taken out: the first one is live again, and dead ones are fewer than live ones. */
  #tidy(): void {
    this.#head = this.from(this.#head);
    if (this.saved < this.#head) this.saved = this.#head;
    this.#rebuild(0);
  }

  /** A ring that is seven eighths empty is left for a smaller one. */
  #shrink(): void {
    const capacity = (this.#ring as Bytes).u8.length;
    if (capacity >= SHRINK_FROM && this.tail - this.#head < capacity >> 3) this.#rebuild(0);
  }

  /** Forgets every item and gives the ring back. */
  clear(): void {
    if (this.#ring !== null) this.#pool.give(this.#ring);
    this.#ring = null;
    this.#head = this.tail = this.saved = 0;
    if (this.#marks !== null) for (const mark of this.#marks) mark.position = 0;
    this.#dead = this.count = this.bytes = 0;
  }

  /** Room for a record of `size` bytes behind `tail`, in one piece; returns its place in the ring. */
  #reserve(size: number): number {
    let ring = this.#ring;
    if (ring === null || this.tail > REBASE_AT) {
      this.#rebuild(size);
      ring = this.#ring as Bytes;
    }
    const capacity = ring.u8.length;
    const at = this.tail & (capacity - 1);
    const toEnd = capacity - at;
    const gap = size <= toEnd ? 0 : toEnd;
    if (this.tail + gap + size - this.#head > capacity) {
      this.#rebuild(size);
      return this.tail & ((this.#ring as Bytes).u8.length - 1);
    }
    if (gap === 0) return at;
    // A record is never split: a dead one fills the end of the ring.
    ring.i32[(at >> 2) + KIND] = 0;
    ring.i32[(at >> 2) + DEAD_SIZE] = gap;
    this.#dead++;
    if (this.saved === this.tail) this.saved += gap;
    this.tail += gap;
    return 0;
  }

  /** Moves the live records to the front of another ring, which has room for them twice and for `extra` bytes. */
  #rebuild(extra: number): void {
    // It may be the sender's stack that ends.
    needHeadroom();
    const old = this.#ring;
    const oldSaved = this.saved;
    let live = 0;
    for (let at = this.first(); at !== NONE; at = this.next(at)) live += sizeOf(this.word(at, LENGTH));
    let capacity = FIRST_CAPACITY;
    while (capacity < live * 2 || capacity < live + extra) capacity *= 2;
    const ring = this.#pool.take(capacity);
    let tail = 0;
    let saved = NONE;
    let marked = 0;
    const marks = this.#marks ?? [];
    if (old !== null) {
      const mask = old.u8.length - 1;
      for (let at = this.first(); at !== NONE; at = this.next(at)) {
        if (saved === NONE && at >= oldSaved) saved = tail;
        for (; marked < marks.length && marks[marked].position <= at; marked++) marks[marked].position = tail;
        const size = sizeOf(this.word(at, LENGTH));
        copyBytes(old, at & mask, ring, tail, size);
        tail += size;
      }
    }
    this.#ring = ring;
    this.#head = 0;
    this.tail = tail;
    this.saved = saved === NONE ? tail : saved;
    for (; marked < marks.length; marked++) marks[marked].position = tail;
    this.#dead = 0;
    if (old !== null) this.#pool.give(old);
  }
}

function sizeOf(length: number): number {
  return HEADER_BYTES + ((length + 7) & ~7);
}
