/**
 * What a guest is shown by the kernel, in its window and to its predicates: whole items of its own,
 * in order, and no byte of another actor.
 */

import { type Command, type Receive, wants } from "./guest-programs.ts";
import type { Kernel } from "./kernel-functions.ts";
import type { Item } from "./kernel-items.ts";
import { insist } from "./kernel-memory.ts";
import * as W from "./words.ts";

/** What stands in the memory of a guest where nothing was written. */
export const CANARY = 0x5a;
const UNTOUCHED = new Uint8Array(65_536).fill(CANARY);
/** Bytes of the payloads of one actor: no other actor's have one of them. The canary is none. */
const ALPHABET = 16;
/** The host's answer to a call that the kernel leaves to it. */
export const FOREIGN = 12_345;

/** A receive in progress, as it should be. */
export interface Waiting extends Receive {
  readonly wanted: number;
  /** How many items of the mailbox the predicate has been asked about. */
  asked: number;
  /** What its actor had paid before. */
  readonly paid: number;
  readonly asksAgain: boolean;
}

export interface Guest {
  readonly kernel: Kernel;
  readonly at: number;
  readonly record: number;
  readonly memory: WebAssembly.Memory;
  readonly program: readonly Command[];
  readonly isHandler: boolean;
  pc: number;
  mailbox: Item[];
  refs: number[];
  /** Requests that it has got and may answer. */
  asked: { readonly ref: number; readonly by: Guest }[];
  waiting: Waiting | undefined;
  /** It waits for its next turn, because `send` has said so. */
  givesWay: boolean;
  last: Receive | undefined;
  held: { readonly item: Item; readonly how: string; readonly wanted: number } | undefined;
  deadlineMs: number | undefined;
  /** Its receive's time is over. */
  isOver: boolean;
  isAlive: boolean;
  takenInTurn: number;
}

export function newGuest(
  kernel: Kernel,
  at: number,
  record: number,
  program: readonly Command[],
  isHandler: boolean,
): Guest {
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Uint8Array(memory.buffer).fill(CANARY);
  return {
    ...{ kernel, at, record, memory, program, isHandler, pc: 0, mailbox: [], refs: [], asked: [], waiting: undefined },
    ...{ last: undefined, givesWay: false, held: undefined, deadlineMs: undefined, isOver: false },
    ...{ isAlive: true, takenInTurn: 0 },
  };
}

export function payloadFor({ at }: Guest, id: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 0x80 + at * ALPHABET + ((i + id) & (ALPHABET - 1)));
}

/** Where the host keeps a payload for an actor: bytes that only another actor's payloads have. */
export function keptAt({ at }: Guest, id: number): number {
  const spread = (id & 15) | ((id & 0xf0) << 4) | ((id & 0xf00) << 8) | ((id & 0xf000) << 12);
  return ((0x80 + ((at + 1) & 3) * ALPHABET) * 0x01010101) | spread;
}

/** The item is in the window, nothing of another actor is, and all around it is as it was. */
export function checkShown(
  me: Guest,
  item: Item | undefined,
  info: number,
  pointer: number,
  capacity: number,
  isAsked: boolean,
): void {
  const bytes = new Uint8Array(me.memory.buffer);
  const words = new Int32Array(me.memory.buffer);
  const shown = item === undefined ? 0 : Math.min(capacity, item.payload.length);
  if (item !== undefined) {
    insist(info === 0 || isHeader(words, info / 4, item), "the header is another one");
    insist(
      Buffer.compare(bytes.subarray(pointer, pointer + shown), item.payload.subarray(0, shown)) === 0,
      "the payload is another one",
    );
    insist(info === 0 || words[info / 4 + 7] === 0, "the last word of the header is not 0");
  }
  bytes.fill(CANARY, pointer, pointer + (isAsked ? capacity : shown));
  if (info !== 0) bytes.fill(CANARY, info, info + 32);
  insist(Buffer.compare(bytes, UNTOUCHED) === 0, "bytes outside of the window have changed");
}

/** Payloads of others have bytes that its own payloads have not. */
function isOwn(me: Guest, byte: number, at: number): void {
  const isPayload = byte >= 0x80 && byte < 0x80 + 4 * ALPHABET;
  insist(!isPayload || byte >> 4 === 8 + me.at, `the guest is shown a byte of another actor at ${at}`);
}

function isHeader(words: Int32Array, at: number, item: Item): boolean {
  const header = [item.kind, item.tag, ...item.from, item.ref, item.reason, item.payload.length];
  return header.every((value, i) => words[at + i] === value);
}

/** An item is asked about in order of arrival, and once in each receive. */
function ask(me: Guest): Item {
  const receive = me.waiting;
  insist(receive !== undefined && receive.how === "match", "a predicate is asked outside of its receive");
  insist(receive.asksAgain, "a predicate is asked about an item that it has wanted before");
  const item = me.mailbox[receive.asked++];
  insist(item !== undefined, "a predicate is asked about more items than there are");
  return item;
}

export function match(me: Guest, predicate: number, pointer: number, length: number): number {
  const receive = me.waiting as Waiting;
  const item = ask(me);
  const bytes = new Uint8Array(me.memory.buffer, pointer, length);
  insist(pointer === receive.pointer && length === Math.min(receive.capacity, item.payload.length), "another window");
  insist(isHeader(new Int32Array(me.memory.buffer), receive.info / 4, item), "a candidate has another header");
  insist(Buffer.compare(bytes, item.payload.subarray(0, length)) === 0, "a candidate has another payload");
  insist(
    me.kernel.recv(64, 64, 64, 0) === FOREIGN && me.kernel.send((77 << 20) | 1, 3, 0, 0, 0) === FOREIGN,
    "a predicate can act",
  );
  return wants(predicate, item, bytes) ? 1 : 0;
}

export function matchFirst(me: Guest, predicate: number, pointer: number, length: number): number {
  insist(length <= (me.waiting as Waiting).capacity, "match_first is shown more than its window has room for");
  const bytes = new Uint8Array(me.memory.buffer);
  const words = new Int32Array(me.memory.buffer.slice(pointer, pointer + length - (length % 4)));
  let isItem = false;
  for (let at = 0; at < length; ) {
    const kind = words[at / 4];
    isItem = kind !== W.IS_DEAD;
    if (!isItem) {
      const size = words[at / 4 + 1];
      insist(size >= 32 && size % 8 === 0 && at + size <= length, "a dead item has no size");
      // Where several were joined, the headers of all but the first lie among their payloads.
      const isOne = words[at / 4 + W.DEAD_COUNT / 4] === 1;
      for (let i = at + 32; isOne && i < at + size; i++) isOwn(me, bytes[pointer + i], i);
      at += size;
      continue;
    }
    const item = ask(me);
    insist(isHeader(words, at / 4, item), "a record has another header");
    const start = pointer + at + 32;
    const end = start + item.payload.length;
    const size = 32 + Math.ceil(item.payload.length / 8) * 8;
    insist(at + size <= length, "a record is not whole");
    insist(Buffer.compare(bytes.subarray(start, end), item.payload) === 0, "a record has another payload");
    insist(!bytes.subarray(end, pointer + at + size).some(byte => byte !== 0), "the padding of a record is not 0");
    if (wants(predicate, item, item.payload)) return at;
    at += size;
  }
  insist(isItem, "the last record is no candidate");
  return me.pc % 2 === 0 ? -1 : -77;
}
