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

import { isCounted, MESSAGE, TIMER } from "../wire/message.ts";
import { Account, MAILBOXES } from "./account.ts";
import { Bytes, copyBytes } from "./bytes.ts";
import { needHeadroom } from "./headroom.ts";
import {
  BYTES,
  CALL_MARK,
  CALL_REF,
  COUNT,
  DEAD_RECORDS,
  HEAD,
  MARKS,
  MASK,
  ORDERED,
  RECORD_WORDS,
  RING,
  SAVED,
  Store,
  TAIL,
} from "./slots.ts";

const HEADER_BYTES = 32;
const FIRST_CAPACITY = 256;
/** A ring of at most so many bytes stays with a mailbox that is empty; one that the switch does not reach, only where it is small. */
export const KEPT_CAPACITY = 16_384;
const SMALL_CAPACITY = 4096;
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

/** A mailbox's room. */
export class Ring {
  /** Where it lies: the pool's memory, or bytes of its own. */
  readonly bytes: Bytes;
  /** Its first byte there. */
  readonly base: number;
  /** In bytes, a power of two. */
  readonly capacity: number;
  /** Whether it lies in the pool's memory, where the switch reaches it. */
  readonly isShared: boolean;

  constructor(bytes: Bytes, base: number, capacity: number, isShared: boolean) {
    this.bytes = bytes;
    this.base = base;
    this.capacity = capacity;
    this.isShared = isShared;
  }
}

const PAGE_BYTES = 65_536;
/** Larger rings lie in bytes of their own, which the engine takes back. */
const MAX_SHARED_BYTES = 2 ** 24;
/** How many pages the shared rings may have together, but not more than `allMailboxBytes`. Other rings lie in bytes of their own. */
const MAX_PAGES = 1024;
/** The last quarter is for small ones: whoever is sent short messages is not to be slow because others keep room for long ones. */
const PART_OF_LARGE = 3 / 4;

/** Rings that no mailbox uses, by capacity. Rings are never read beyond what was written since they were taken. */
export class RingPool {
  readonly #rings = new Map<number, Ring[]>();
  /** Of rings with bytes of their own, each capacity keeps at most this many bytes at rest. */
  readonly #maxBytesEach: number;
  readonly account: Account;
  readonly #maxPages: number;
  /** Where the shared rings are; null where no switch is to reach them. */
  #shared: Bytes | null = null;
  /** Everything before it is some ring's. */
  #end = 0;

  constructor(account = new Account(), maxBytesEach = 1 << 20) {
    this.account = account;
    this.#maxPages = Math.min(MAX_PAGES, Math.max(1, Math.ceil(account.maxMailboxBytes / PAGE_BYTES)));
    this.#maxBytesEach = maxBytesEach;
  }

  /** From now on rings lie in one memory, which is returned. Throws a RangeError where the engine has no memory left. */
  share(): WebAssembly.Memory {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: this.#maxPages });
    this.#shared = Bytes.ofMemory(memory);
    return memory;
  }

  take(capacity: number): Ring {
    const ring = this.#rings.get(capacity)?.pop() ?? this.#newRing(capacity);
    this.account.add(MAILBOXES, capacity);
    return ring;
  }

  give(ring: Ring): void {
    const { capacity } = ring;
    this.account.add(MAILBOXES, -capacity);
    let rings = this.#rings.get(capacity);
    if (rings === undefined) {
      rings = [];
      this.#rings.set(capacity, rings);
    }
    if (ring.isShared || (rings.length + 1) * capacity <= this.#maxBytesEach) rings.push(ring);
  }

  #newRing(capacity: number): Ring {
    const shared = this.#shared;
    const isTooLarge =
      capacity > MAX_SHARED_BYTES ||
      (capacity > SMALL_CAPACITY && this.#end + capacity > this.#maxPages * PAGE_BYTES * PART_OF_LARGE);
    if (shared === null || isTooLarge || !this.#hasRoom(shared, capacity)) {
      return new Ring(Bytes.ofLength(capacity), 0, capacity, false);
    }
    const base = this.#end;
    this.#end += capacity;
    return new Ring(shared, base, capacity, true);
  }

  #hasRoom(shared: Bytes, capacity: number): boolean {
    const missing = this.#end + capacity - shared.u8.length;
    if (missing <= 0) return true;
    const pages = shared.u8.length / PAGE_BYTES;
    const more = Math.max(Math.ceil(missing / PAGE_BYTES), Math.min(pages, this.#maxPages - pages));
    if (pages + more > this.#maxPages) return false;
    try {
      shared.memory?.grow(more);
    } catch {
      return false;
    }
    shared.refresh();
    return true;
  }
}

export class Mailbox {
  // Where its words are (slots.ts).
  #store: Store;
  #at: number;
  /** Null while there is no record, but a small one stays with a mailbox that was used. */
  #ring: Ring | null = null;
  /** Oldest first, so by position too; null while there is none. */
  #marks: Mark[] | null = null;
  readonly #pool: RingPool;

  /** `store`: default words of its own; that of an actor is told where its words are when the actor has a record. */
  constructor(pool: RingPool, store = new Store(new Int32Array(RECORD_WORDS))) {
    this.#pool = pool;
    this.#store = store;
    this.#at = 0;
  }

  /** Its words are elsewhere from now on. It must be empty. */
  liveAt(store: Store, at: number): void {
    this.#store = store;
    this.#at = at;
    this.#hold(this.#ring);
  }

  /** Live items. */
  get count(): number {
    return this.#store.words[this.#at + COUNT];
  }

  /** Payload bytes of the live items. */
  get bytes(): number {
    return this.#store.words[this.#at + BYTES];
  }

  /** The save pointer: a receive in progress has looked at everything before it. Between the first record and `tail`. */
  get saved(): number {
    return this.#store.words[this.#at + SAVED];
  }

  set saved(position: number) {
    this.#store.words[this.#at + SAVED] = position;
  }

  /** Where the next record goes; everything before it has arrived. */
  get tail(): number {
    return this.#store.words[this.#at + TAIL];
  }

  /** The first record, which is live; equals `tail` where there is none. */
  get #head(): number {
    return this.#store.words[this.#at + HEAD];
  }

  set #head(position: number) {
    this.#store.words[this.#at + HEAD] = position;
  }

  /** The mark of the request that the switch has made. */
  get #callMark(): number {
    return this.#store.words[this.#at + CALL_MARK];
  }

  set #callMark(position: number) {
    this.#store.words[this.#at + CALL_MARK] = position;
  }

  /** Dead records between head and tail. */
  get #dead(): number {
    return this.#store.words[this.#at + DEAD_RECORDS];
  }

  set #dead(count: number) {
    this.#store.words[this.#at + DEAD_RECORDS] = count;
  }

  /** Takes a ring for its own, or none. */
  #hold(ring: Ring | null): void {
    const { words } = this.#store;
    this.#ring = ring;
    words[this.#at + RING] = ring?.isShared ? ring.base : NONE;
    words[this.#at + MASK] = ring === null ? 0 : ring.capacity - 1;
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
    const ring = this.#ring as Ring;
    const words = ring.bytes.i32;
    const word = at >> 2;
    const mine = this.#store.words;
    const me = this.#at;
    if ((length & 7) !== 0) {
      // The padding: a guest is shown it (match_first), and what another mailbox's item has left there is not for its eyes.
      words[word + (size >> 2) - 1] = 0;
      words[word + (size >> 2) - 2] = 0;
    }
    words[word + KIND] = kind;
    words[word + TAG] = tag;
    words[word + FROM_LO] = fromLo;
    words[word + FROM_HI] = fromHi;
    words[word + REF] = ref;
    words[word + REASON] = reason;
    words[word + LENGTH] = length;
    words[word + ORDER] = mine[me + ORDERED];
    copyBytes(source, index, ring.bytes, at + HEADER_BYTES, length);
    mine[me + ORDERED]++;
    mine[me + TAIL] += size;
    mine[me + COUNT]++;
    mine[me + BYTES] += length;
  }

  /** Whether `allMailboxBytes` allows one more item with so many payload bytes, including the larger ring that it may need. */
  mayTake(length: number): boolean {
    const size = sizeOf(length);
    const tail = this.tail;
    const capacity = this.#ring?.capacity ?? 0;
    let needed = capacity;
    if (capacity === 0 || tail > REBASE_AT || tail + this.#gapBefore(size) + size - this.#head > capacity) {
      // An upper bound of the live bytes. The exact number would take a walk over all items.
      needed = capacityFor(Math.min(tail - this.#head, this.bytes + this.count * (HEADER_BYTES + 7)), size);
    }
    return needed <= ALWAYS_ROOM_BYTES || this.#pool.account.admits(MAILBOXES, needed - capacity);
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
    const words = ring.bytes.i32;
    const base = ring.base;
    const mask = ring.capacity - 1;
    const tail = this.tail;
    let at = position < this.#head ? this.#head : position;
    while (at < tail) {
      const word = (base + (at & mask)) >> 2;
      if (words[word + KIND] !== 0) return at;
      at += words[word + DEAD_SIZE];
    }
    return NONE;
  }

  /** The item behind one, or NONE. */
  next(position: number): number {
    return this.from(position + sizeOf(this.word(position, LENGTH)));
  }

  /** The first message, or item of a timer, at or behind a position that has this tag, or NONE. */
  findTag(position: number, tag: number): number {
    const ring = this.#ring;
    if (ring === null) return NONE;
    const words = ring.bytes.i32;
    const base = ring.base;
    const mask = ring.capacity - 1;
    const tail = this.tail;
    let at = position < this.#head ? this.#head : position;
    while (at < tail) {
      const word = (base + (at & mask)) >> 2;
      const itemKind = words[word + KIND];
      if (itemKind === 0) {
        at += words[word + DEAD_SIZE];
      } else {
        if (words[word + TAG] === tag && isCounted(itemKind)) return at;
        at += sizeOf(words[word + LENGTH]);
      }
    }
    return NONE;
  }

  /** How many items the actor has asked for, up to `most`: all but messages that have no ref for a tag, and timers of others. */
  countAsked(most: number): number {
    let count = 0;
    for (let at = this.first(); at !== NONE && count < most; at = this.next(at)) {
      const kind = this.word(at, KIND);
      if (kind === MESSAGE ? this.word(at, TAG) < 0 : kind !== TIMER || this.word(at, REF) !== 0) count++;
    }
    return count;
  }

  /** The first item that bears a ref: a message tagged with it, or a signal or timer of it. Looks only behind the ref's mark. */
  findRef(position: number, messageKind: number, ref: number): number {
    const ring = this.#ring;
    if (ring === null) return NONE;
    const words = ring.bytes.i32;
    const base = ring.base;
    const mask = ring.capacity - 1;
    const tail = this.tail;
    let at = Math.max(position, this.#head, this.#markOf(ref));
    while (at < tail) {
      const word = (base + (at & mask)) >> 2;
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

  /** A ref is made: remembers where the mailbox ends, or where it ended when the switch made it. */
  mark(ref: number, position = this.tail): void {
    this.#marks ??= [];
    if (this.#marks.length === MARKS_KEPT) this.#marks.shift();
    let index = this.#marks.length;
    while (index > 0 && this.#marks[index - 1].position > position) index--;
    this.#marks.splice(index, 0, { ref, position });
    this.#store.words[this.#at + MARKS] = this.#marks.length;
  }

  /** A ref is dead. */
  unmark(ref: number): void {
    const index = this.#marks?.findIndex(mark => mark.ref === ref) ?? -1;
    if (index < 0) return;
    this.#marks?.splice(index, 1);
    this.#store.words[this.#at + MARKS]--;
  }

  #markOf(ref: number): number {
    if (this.#store.words[this.#at + CALL_REF] === ref) return this.#callMark;
    if (this.#marks !== null) for (const mark of this.#marks) if (mark.ref === ref) return mark.position;
    return 0;
  }

  /** One header word of an item. */
  word(position: number, which: number): number {
    const ring = this.#ring as Ring;
    return ring.bytes.i32[((ring.base + (position & (ring.capacity - 1))) >> 2) + which];
  }

  /** Copies the first `length` bytes of an item's payload out; `length` is at most the item's own. */
  copyPayload(position: number, target: Bytes, index: number, length: number): void {
    const ring = this.#ring as Ring;
    copyBytes(ring.bytes, ring.base + (position & (ring.capacity - 1)) + HEADER_BYTES, target, index, length);
  }

  /** A copy of an item's payload. */
  payload(position: number): Uint8Array {
    const ring = this.#ring as Ring;
    const start = ring.base + (position & (ring.capacity - 1)) + HEADER_BYTES;
    return ring.bytes.u8.slice(start, start + this.word(position, LENGTH));
  }

  /** Takes an item out. The save pointer stays in front of the items it was in front of. */
  remove(position: number): void {
    const ring = this.#ring as Ring;
    const words = ring.bytes.i32;
    const base = ring.base;
    const mask = ring.capacity - 1;
    const word = (base + (position & mask)) >> 2;
    const length = words[word + LENGTH];
    const size = sizeOf(length);
    const mine = this.#store.words;
    const me = this.#at;
    mine[me + BYTES] -= length;
    if (--mine[me + COUNT] === 0) {
      this.#empty();
      return;
    }
    if (position === this.#head) {
      let head = position + size;
      // A live record follows, so the walk ends.
      for (let next = (base + (head & mask)) >> 2; words[next + KIND] === 0; next = (base + (head & mask)) >> 2) {
        head += words[next + DEAD_SIZE];
        this.#dead--;
      }
      this.#head = head;
      if (this.saved < head) this.saved = head;
    } else if (position + size === this.tail) {
      mine[me + TAIL] = position;
      if (this.saved > position || this.from(this.saved) === NONE) this.saved = position;
      if (this.#marks !== null) for (const mark of this.#marks) if (mark.position > position) mark.position = position;
      if (this.#callMark > position) this.#callMark = position;
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
      const { bytes, base, capacity } = this.#ring as Ring;
      const { i32 } = bytes;
      const word = (base + (at & (capacity - 1))) >> 2;
      const length = i32[word + LENGTH];
      removed.push({ kind: i32[word + KIND], fromLo: i32[word + FROM_LO], fromHi: i32[word + FROM_HI], length });
      i32[word + KIND] = 0;
      i32[word + DEAD_SIZE] = sizeOf(length);
      this.#dead++;
      const { words } = this.#store;
      words[this.#at + COUNT]--;
      words[this.#at + BYTES] -= length;
    }
    if (removed.length === 0) return removed;
    if (this.count === 0) this.#empty();
    else this.#settle();
    return removed;
  }

  /** Items were taken out by the switch: the ring has more room, or more dead records, than it should. */
  tidy(): void {
    if (this.#dead > DEAD_RECORDS_TOLERATED && this.#dead > this.count) this.#rebuild(0);
    else this.#shrink();
  }

  /** After several records were taken out: the first one is live again, and dead ones are fewer than live ones. */
  #settle(): void {
    this.#head = this.from(this.#head);
    if (this.saved < this.#head) this.saved = this.#head;
    this.#rebuild(0);
  }

  /** A ring that is seven eighths empty is left for a smaller one. */
  #shrink(): void {
    const { capacity } = this.#ring as Ring;
    if (capacity >= SHRINK_FROM && this.tail - this.#head < capacity >> 3) this.#rebuild(0);
  }

  /** Forgets every item and gives the ring back. */
  clear(): void {
    if (this.#ring !== null) this.#pool.give(this.#ring);
    this.#hold(null);
    this.#rest();
  }

  /**
   * Makes room for the switch to put items into, where items of so many bytes come and it has left one to the host. Those longer than half of what stays
   * with an empty mailbox are the host's.
   */
  prepare(length: number): void {
    const size = 2 * sizeOf(length);
    if (size > KEPT_CAPACITY) return;
    if (this.count > 0) {
      this.#reserve(sizeOf(length));
      return;
    }
    if ((this.#ring?.capacity ?? 0) >= size) return;
    let capacity = FIRST_CAPACITY;
    while (capacity < size) capacity *= 2;
    if (this.#ring !== null) this.#pool.give(this.#ring);
    this.#hold(this.#pool.take(capacity));
  }

  /** The last item was taken out by the switch. */
  emptied(): void {
    this.#empty();
  }

  /** The last item is gone. A small ring stays for the next one. */
  #empty(): void {
    const ring = this.#ring;
    if (ring !== null && ring.capacity > (ring.isShared ? KEPT_CAPACITY : SMALL_CAPACITY)) this.clear();
    else this.#rest();
  }

  #rest(): void {
    const { words } = this.#store;
    const at = this.#at;
    words[at + HEAD] = words[at + TAIL] = words[at + SAVED] = 0;
    words[at + DEAD_RECORDS] = words[at + COUNT] = words[at + BYTES] = words[at + CALL_MARK] = 0;
    // At the beginning a mark says what none says; and those of refs that nobody ends would keep the switch from its short way for ever.
    this.#marks = null;
    words[at + MARKS] = 0;
  }

  /** How many bytes stay unused at the ring's end before a record of `size` bytes. */
  #gapBefore(size: number): number {
    const { capacity } = this.#ring as Ring;
    const toEnd = capacity - (this.tail & (capacity - 1));
    return size <= toEnd ? 0 : toEnd;
  }

  /** Room for a record of `size` bytes behind `tail`, in one piece; returns its place in the ring. */
  #reserve(size: number): number {
    let ring = this.#ring;
    if (ring === null || this.tail > REBASE_AT) {
      this.#rebuild(size);
      ring = this.#ring as Ring;
    }
    const { capacity, base } = ring;
    const at = this.tail & (capacity - 1);
    const gap = this.#gapBefore(size);
    if (this.tail + gap + size - this.#head > capacity) {
      this.#rebuild(size);
      const { base, capacity } = this.#ring as Ring;
      return base + (this.tail & (capacity - 1));
    }
    if (gap === 0) return base + at;
    // A record is never split: a dead one fills the end of the ring.
    const word = (base + at) >> 2;
    ring.bytes.i32[word + KIND] = 0;
    ring.bytes.i32[word + DEAD_SIZE] = gap;
    this.#dead++;
    if (this.saved === this.tail) this.saved += gap;
    this.#store.words[this.#at + TAIL] += gap;
    return base;
  }

  /** Of the live records. */
  #liveBytes(): number {
    if (this.count === 0) return 0;
    const tail = this.tail;
    if (this.#dead === 0) return tail - this.#head;
    let live = 0;
    const { bytes, base, capacity } = this.#ring as Ring;
    const { i32 } = bytes;
    for (let at = this.#head; at < tail; ) {
      const word = (base + (at & (capacity - 1))) >> 2;
      const size = i32[word + KIND] === 0 ? i32[word + DEAD_SIZE] : sizeOf(i32[word + LENGTH]);
      if (i32[word + KIND] !== 0) live += size;
      at += size;
    }
    return live;
  }

  /** Where the live records end that lie side by side from a position on; the position itself where a dead one is. */
  #endOfRun({ bytes, base, capacity }: Ring, position: number): number {
    const mask = capacity - 1;
    const limit = Math.min(this.tail, (position | mask) + 1);
    if (this.#dead === 0) return limit;
    const { i32 } = bytes;
    let end = position;
    for (let word = (base + (end & mask)) >> 2; end < limit && i32[word + KIND] !== 0; ) {
      const size = sizeOf(i32[word + LENGTH]);
      end += size;
      word += size >> 2;
    }
    return end;
  }

  /** Moves the live records to the front of another ring, which has room for them twice and for `extra` bytes. */
  #rebuild(extra: number): void {
    // It may be the sender's stack that ends.
    needHeadroom();
    const old = this.#ring;
    const oldSaved = this.saved;
    const oldCallMark = this.#callMark;
    const live = this.#liveBytes();
    const capacity = capacityFor(live, extra);
    const ring = this.#pool.take(capacity);
    let tail = 0;
    let saved = NONE;
    let callMark = NONE;
    let marked = 0;
    const marks = this.#marks ?? [];
    if (old !== null) {
      const { i32 } = old.bytes;
      const mask = old.capacity - 1;
      const oldTail = this.tail;
      for (let at = this.#head; at < oldTail; ) {
        // Records that lie side by side move together: one by one they cost a third of what a message does that piles up (fan-in).
        const end = this.#endOfRun(old, at);
        if (end === at) {
          at += i32[((old.base + (at & mask)) >> 2) + DEAD_SIZE];
          continue;
        }
        if (saved === NONE && end > oldSaved) saved = tail + Math.max(0, oldSaved - at);
        if (callMark === NONE && end > oldCallMark) callMark = tail + Math.max(0, oldCallMark - at);
        for (; marked < marks.length && marks[marked].position < end; marked++) {
          marks[marked].position = tail + Math.max(0, marks[marked].position - at);
        }
        copyBytes(old.bytes, old.base + (at & mask), ring.bytes, ring.base + tail, end - at);
        tail += end - at;
        at = end;
      }
    }
    this.#hold(ring);
    this.#head = 0;
    this.#store.words[this.#at + TAIL] = tail;
    this.saved = saved === NONE ? tail : saved;
    this.#callMark = callMark === NONE ? tail : callMark;
    for (; marked < marks.length; marked++) marks[marked].position = tail;
    this.#dead = 0;
    if (old !== null) this.#pool.give(old);
  }
}

/** The capacity of a ring for so many bytes of live records and `extra` more bytes. */
function capacityFor(live: number, extra: number): number {
  let capacity = FIRST_CAPACITY;
  while (capacity < live * 2 || capacity < live + extra) capacity *= 2;
  return capacity;
}

function sizeOf(length: number): number {
  return HEADER_BYTES + ((length + 7) & ~7);
}
