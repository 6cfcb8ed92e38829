/**
 * Reads the kernel's memory without the kernel's functions, and finds what cannot be right in it:
 * for tests that drive the kernel without guests.
 */

import { blocksOfTies } from "./kernel-ties.ts";
import * as W from "./words.ts";

const CLASSES = 18;
const SMALLEST_BYTES = 64;
const NEW_BYTES = 131_072;
const PAGE_BYTES = 65_536;
/** Blocks are filled with this before the arena gives them out first. */
const POISON = 0xa7;

/** An item of a mailbox, as its words say. `payload` is empty where the host keeps it. */
export interface StoredItem {
  readonly at: number;
  readonly kind: number;
  readonly tag: number;
  readonly from: readonly [number, number];
  readonly ref: number;
  readonly reason: number;
  readonly length: number;
  readonly order: number;
  /** Where the host keeps the payload; 0: it is in the mailbox. */
  readonly outside: number;
  readonly payload: Uint8Array;
}

/** A mailbox, walked from HEAD to TAIL. */
export interface StoredMailbox {
  readonly items: readonly StoredItem[];
  /** By position: how many items are before it. */
  readonly positions: ReadonlyMap<number, number>;
  readonly segments: readonly { readonly at: number; readonly bytes: number }[];
  readonly dead: number;
}

/** A block of the arena that is in use. */
export interface Block {
  readonly at: number;
  readonly bytes: number;
  readonly what: string;
}

/** A memory in which a kernel can begin, of so many pages, with an arena full of other bytes than 0. */
export function kernelMemory(maxItemBytes = 2 ** 30, pages = 12): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: pages });
  new Uint8Array(memory.buffer).fill(POISON, W.STAGING);
  const words = new Int32Array(memory.buffer);
  words[W.ARENA_END >> 2] = W.ARENA;
  words[W.MAX_ITEM_BYTES >> 2] = maxItemBytes | 0;
  words.set([0x2c1b3c6d | 1, 0x297a2d39], W.TIE_SECRET >> 2);
  const doubles = new Float64Array(memory.buffer);
  for (const limit of [W.MAX_ALL_BYTES, W.MAX_HEAP_BYTES]) doubles[limit >> 3] = 2 ** 40;
  return memory;
}

/** What `hostSeed` does: the generations of new slots begin after this one. */
export function seedGenerations({ buffer }: WebAssembly.Memory, last: number): void {
  new Int32Array(buffer, W.STAGING, W.RECORDS_IN_BLOCK).fill(last);
}

/** From now on each slot that is freed is the next one that is used: it is as if all others were taken. */
export function takeAllOtherSlots(memory: WebAssembly.Memory): void {
  setWord(memory, W.FRESH_SLOT, W.MAX_SLOTS);
}

let view = new Int32Array(0);

/** The words of a memory. The last view is kept, because making one takes longer than all else here. */
function wordsOf({ buffer }: WebAssembly.Memory): Int32Array {
  if (view.buffer !== buffer) view = new Int32Array(buffer);
  return view;
}

export function word(memory: WebAssembly.Memory, address: number): number {
  return wordsOf(memory)[address >> 2];
}

export function setWord(memory: WebAssembly.Memory, address: number, value: number): void {
  wordsOf(memory)[address >> 2] = value;
}

export function insist(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** Walks a mailbox. Throws an Error that says what is wrong with it. */
export function readMailbox(memory: WebAssembly.Memory, record: number): StoredMailbox {
  const words = wordsOf(memory);
  const load = (address: number) => words[address >> 2];
  const mine = (field: number) => load(record + field);
  const segments: { at: number; bytes: number }[] = [];
  for (let at = mine(W.TAIL) === 0 ? 0 : mine(W.SEGMENT); at !== 0; at = load(at + W.NEXT_SEGMENT)) {
    insist(segments.length < 100_000, "the segments are a circle");
    segments.push({ at, bytes: SMALLEST_BYTES << load(at + W.SIZE_CLASS) });
  }
  const last = segments.at(-1);
  const room = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  insist(mine(W.ROOM) === room, `ROOM is ${mine(W.ROOM)}, and the segments have ${room} bytes`);
  if (last === undefined) {
    const fields = [W.HEAD, W.SEGMENT, W.LIMIT, W.SAVED, W.COUNT, W.BYTES, W.DEAD_ITEMS];
    const notNull = fields.filter(field => mine(field) !== 0);
    insist(notNull.length === 0, `the words ${notNull} of a record are not 0, and its mailbox has no segment`);
    insist(marksOf(memory, record) === 0, "a mailbox without a segment has marks");
    return { items: [], positions: new Map([[0, 0]]), segments, dead: 0 };
  }
  insist(mine(W.LAST_SEGMENT) === last.at, "LAST_SEGMENT is another one than the last of the chain");
  insist(mine(W.LIMIT) === last.at + last.bytes - W.LINK_BYTES, "LIMIT is not the end of the last segment");
  insist(load(last.at + W.ITEMS_END) === 0, "the last segment has an end of its items");
  return walk(memory, record, segments);
}

function walk(
  memory: WebAssembly.Memory,
  record: number,
  segments: readonly { readonly at: number; readonly bytes: number }[],
): StoredMailbox {
  const words = wordsOf(memory);
  const bytes = new Uint8Array(memory.buffer);
  const load = (address: number) => words[address >> 2];
  const items: StoredItem[] = [];
  const positions = new Map<number, number>();
  const tail = load(record + W.TAIL);
  let at = load(record + W.HEAD);
  let index = segments.findIndex(segment => at >= segment.at && at < segment.at + segment.bytes);
  insist(index >= 0, "HEAD is in no segment");
  let dead = 0;
  for (;;) {
    const segment = segments[index];
    const end = segment.at + segment.bytes - W.LINK_BYTES;
    insist(at % 8 === 0 && at >= segment.at + W.SEGMENT_HEADER && at <= end, `${at} is not in its segment`);
    positions.set(at, items.length);
    if (at === tail) break;
    const kind = load(at + W.KIND);
    if (kind === W.IS_LINK) {
      insist(load(segment.at + W.ITEMS_END) === at, "ITEMS_END is not where the link is");
      index++;
      insist(index < segments.length, "a link leads out of the chain");
      at = load(at + W.TAG);
      insist(at === segments[index].at + W.SEGMENT_HEADER, "a link leads to another place than the next segment");
    } else if (kind === W.IS_DEAD) {
      dead += load(at + W.DEAD_COUNT);
      const size = load(at + W.TAG);
      insist(size >= W.ITEM_HEADER && size % 8 === 0, "a dead item has no size");
      at += size;
    } else {
      const item = readItem(words, bytes, at);
      const inside = item.outside === 0 ? item.length : 8;
      const size = W.ITEM_HEADER + Math.ceil(inside / 8) * 8;
      insist(at + size <= end, "an item is longer than its segment");
      const padding = bytes.subarray(at + W.ITEM_HEADER + (item.outside === 0 ? inside : 4), at + size);
      insist(!padding.some(byte => byte !== 0), "the padding of an item is not 0");
      if (item.outside !== 0)
        insist(load(segment.at + W.HAS_OUTSIDE) === 1, "a segment does not say that the host keeps a payload");
      insist(items.length === 0 || ((item.order - items[items.length - 1].order) | 0) > 0, "the order is not kept");
      items.push(item);
      at += size;
    }
  }
  insist(index === segments.length - 1, "TAIL is not in the last segment");
  const total = items.reduce((sum, { length }) => sum + length, 0);
  insist(load(record + W.COUNT) === items.length, `COUNT is ${load(record + W.COUNT)} of ${items.length}`);
  insist(load(record + W.BYTES) === total, `BYTES is ${load(record + W.BYTES)} of ${total}`);
  insist(load(record + W.DEAD_ITEMS) === dead, `DEAD_ITEMS is ${load(record + W.DEAD_ITEMS)} of ${dead}`);
  insist(positions.has(load(record + W.SAVED)), "the save pointer is at no position");
  for (const { position } of readMarks(memory, record)) insist(positions.has(position), "a mark is at no position");
  return { items, positions, segments, dead };
}

function readItem(words: Int32Array, bytes: Uint8Array, at: number): StoredItem {
  const load = (field: number) => words[(at + field) >> 2];
  const kind = load(W.KIND);
  const isOutside = (kind & W.OUTSIDE) !== 0;
  insist(kind >= 1 && (kind & ~W.OUTSIDE) <= W.TIMER, `${kind} is no kind`);
  const length = load(W.LENGTH);
  return {
    at,
    kind: kind & ~W.OUTSIDE,
    tag: load(W.TAG),
    from: [load(W.FROM_LO), load(W.FROM_HI)],
    ref: load(W.REF),
    reason: load(W.REASON),
    length,
    order: load(W.ORDER),
    outside: isOutside ? load(W.ITEM_HEADER) : 0,
    payload: isOutside ? bytes.subarray(0, 0) : bytes.subarray(at + W.ITEM_HEADER, at + W.ITEM_HEADER + length),
  };
}

/** The block of an actor's marks; 0: there is none. */
export function marksOf(memory: WebAssembly.Memory, record: number): number {
  const block = word(memory, word(memory, record + W.COLD) + W.MARKS);
  const has = (word(memory, record + W.FLAGS) & W.HAS_MARKS) !== 0;
  insist(has === (block !== 0), "HAS_MARKS says something else than MARKS");
  return block;
}

/** A record of an outbox. */
export interface Outgoing {
  readonly kind: number;
  readonly tag: number;
  readonly from: readonly [number, number];
  readonly ref: number;
  readonly reason: number;
  readonly order: number;
  readonly to: readonly [number, number];
  readonly payload: Uint8Array;
}

/** Reads records that were taken out of an outbox. Throws where they are not whole, or not padded with 0. */
export function readOutgoing(taken: Uint8Array): Outgoing[] {
  const view = new DataView(taken.buffer, taken.byteOffset, taken.length);
  const records: Outgoing[] = [];
  for (let at = 0; at < taken.length; ) {
    const field = (place: number) => view.getInt32(at + place, true);
    const begin = at + W.OUTGOING_HEADER;
    const end = begin + field(W.LENGTH);
    const next = begin + Math.ceil(field(W.LENGTH) / 8) * 8;
    insist(next <= taken.length, "a record is longer than what was taken");
    insist(!taken.subarray(end, next).some(byte => byte !== 0), "the padding of a record is not 0");
    records.push({
      kind: field(W.KIND),
      tag: field(W.TAG),
      from: [field(W.FROM_LO), field(W.FROM_HI)],
      ref: field(W.REF),
      reason: field(W.REASON),
      order: field(W.ORDER),
      to: [field(W.TO_LO), field(W.TO_HI)],
      payload: taken.subarray(begin, end),
    });
    at = next;
  }
  return records;
}

/** The marks of refs, the oldest first. */
export function readMarks(memory: WebAssembly.Memory, record: number): { ref: number; position: number }[] {
  const block = marksOf(memory, record);
  const marks: { ref: number; position: number }[] = [];
  for (let place = 0; block !== 0 && place < 64; place += 8) {
    const ref = word(memory, block + place);
    if (ref === 0) break;
    marks.push({ ref, position: word(memory, block + place + 4) });
  }
  return marks;
}

/** The records of the run queue, in order. Throws where it is not one list. */
export function readQueue(memory: WebAssembly.Memory): number[] {
  const length = word(memory, W.QUEUE_LENGTH);
  const records: number[] = [];
  let at = word(memory, W.QUEUE_FIRST);
  while (records.length < length) {
    insist(at > W.LAST_IN_QUEUE && !records.includes(at), "the run queue is shorter than its length");
    records.push(at);
    at = word(memory, at + W.NEXT);
  }
  if (length > 0) {
    insist(at === W.LAST_IN_QUEUE, "the last record of the run queue has another behind it");
    insist(word(memory, W.QUEUE_LAST) === records[length - 1], "QUEUE_LAST is not the last");
  }
  return records;
}

/**
 * Looks at the whole memory. Every byte of the arena must be in one block, that is free or in use:
 * none in two, and none in no one's. `records`: all that have been opened. `images`: all images and
 * first states. `others`: specs, families, pools, instances, children and arguments.
 */
export function audit(
  memory: WebAssembly.Memory,
  records: readonly number[],
  images: readonly number[] = [],
  others: readonly Block[] = [],
): StoredMailbox[] {
  const blocks: Block[] = images.map(at => ({
    at,
    bytes: SMALLEST_BYTES << word(memory, at + W.BLOCK_CLASS),
    what: "an image",
  }));
  const imageBytes = blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  blocks.push(...others);
  insist(word(memory, W.IMAGE_BYTES) === imageBytes, "IMAGE_BYTES is not the size of all images and first states");
  for (let sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
    let at = word(memory, W.FREE_BLOCKS + sizeClass * 4);
    for (; at !== 0; at = word(memory, at)) {
      insist(blocks.length < 1_000_000, "a list of free blocks is a circle");
      blocks.push({ at, bytes: SMALLEST_BYTES << sizeClass, what: "a free block" });
    }
  }
  for (let entry = 0; entry < 2048; entry++) {
    const at = word(memory, W.RECORD_BLOCKS + entry * 4);
    if (at === 0) continue;
    blocks.push({ at, bytes: W.RECORDS_IN_BLOCK * W.RECORD_BYTES, what: "records" });
    blocks.push({ at: word(memory, at + W.COLD), bytes: W.RECORDS_IN_BLOCK * W.COLD_BYTES, what: "cold blocks" });
  }
  for (let at = word(memory, W.OUTBOXES); at !== 0; at = word(memory, at + W.NEXT_OUTBOX))
    blocks.push({ at, bytes: SMALLEST_BYTES << word(memory, at + W.OUTBOX_CLASS), what: "an outbox" });
  let itemBytes = 0;
  const mailboxes = records.map((record, index) => {
    const mailbox = readMailbox(memory, record);
    for (const segment of mailbox.segments) blocks.push({ ...segment, what: `a segment of actor ${index}` });
    const marks = marksOf(memory, record);
    if (marks !== 0) blocks.push({ at: marks, bytes: SMALLEST_BYTES, what: `the marks of actor ${index}` });
    // The smallest segments do not count.
    itemBytes += mailbox.segments.reduce((sum, { bytes }) => sum + (bytes > 64 ? bytes : 0), 0);
    return mailbox;
  });
  blocks.push(...blocksOfTies(memory, records));
  insist(
    word(memory, W.ITEM_BYTES) === itemBytes,
    `ITEM_BYTES is ${word(memory, W.ITEM_BYTES)}, and all mailboxes have ${itemBytes}`,
  );
  blocks.sort((a, b) => a.at - b.at);
  let end = W.ARENA;
  let before = "nothing";
  for (const { at, bytes, what } of blocks) {
    insist(at >= end, `${what} at ${at} overlaps ${before}`);
    insist(at === end, `${at - end} bytes are lost between ${before} and ${what} at ${at}`);
    end = at + bytes;
    before = what;
  }
  insist(end === word(memory, W.ARENA_END), "the arena ends elsewhere");
  insist((end - W.ARENA) % NEW_BYTES === 0 && end <= memory.buffer.byteLength, "the arena has no such end");
  insist(memory.buffer.byteLength % PAGE_BYTES === 0, "a memory has whole pages");
  const queue = readQueue(memory);
  for (const record of records)
    insist(
      (word(memory, record + W.NEXT) !== 0) === queue.includes(record),
      "NEXT says another thing than the run queue",
    );
  return mailboxes;
}
