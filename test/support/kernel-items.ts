/** Items as they should be in a mailbox of the kernel. */

import type { StoredItem } from "./kernel-memory.ts";
import * as W from "./words.ts";

export interface Item {
  readonly kind: number;
  readonly tag: number;
  readonly from: readonly [number, number];
  readonly ref: number;
  readonly reason: number;
  readonly outside: number;
  readonly payload: Uint8Array;
}

export function hasTag({ kind, tag }: Item, wanted: number): boolean {
  return (kind === W.MESSAGE || kind === W.TIMER) && tag === wanted;
}

export function bears({ kind, tag, ref }: Item, wanted: number): boolean {
  return (kind === W.MESSAGE ? tag : ref) === wanted;
}

/** Whether an item is stored as it was brought. */
export function isSame(stored: StoredItem, item: Item): boolean {
  return (
    stored.kind === item.kind &&
    stored.tag === item.tag &&
    stored.ref === item.ref &&
    stored.reason === item.reason &&
    stored.from.join() === item.from.join() &&
    stored.outside === item.outside &&
    stored.length === item.payload.length &&
    (stored.outside !== 0 || Buffer.compare(stored.payload, item.payload) === 0)
  );
}

/** A mailbox as it should be: its items, and how many of them are before the save pointer. */
export interface Model {
  items: Item[];
  seen: number;
  /** The refs that have marks, the oldest first. */
  marks: number[];
}
