/** The mailbox of one actor, as the host sees it. Its items are in the kernel's memory. */

import { FROM_HI, FROM_LO, KIND, LENGTH, OUTSIDE, REASON, REF, TAG, TIMER } from "../kernel/mail-words.ts";
import { BYTES, COUNT, HEAD, SAVED, TAIL } from "../kernel/words.ts";
import { MESSAGE } from "../wire/message.ts";
import type { Kernel, Recorded } from "./kernel.ts";

/** What an item says about itself. */
export interface Item {
  /** Where it is. Any `remove` may move other items. */
  readonly at: number;
  readonly kind: number;
  readonly tag: number;
  readonly fromLo: number;
  readonly fromHi: number;
  readonly ref: number;
  readonly reason: number;
  /** The length of its payload. */
  readonly length: number;
}

/** No such position. */
export const NONE = 0;

export class Mailbox {
  readonly #kernel: Kernel<Recorded>;
  readonly #owner: Recorded;

  constructor(kernel: Kernel<Recorded>, owner: Recorded) {
    this.#kernel = kernel;
    this.#owner = owner;
  }

  /** How many items it has. */
  get count(): number {
    return this.#kernel.word(this.#owner.record + COUNT);
  }

  /** The bytes of all payloads. */
  get bytes(): number {
    return this.#kernel.word(this.#owner.record + BYTES);
  }

  /** The save pointer: a receive in progress has looked at everything before it. */
  get saved(): number {
    return this.#kernel.word(this.#owner.record + SAVED);
  }

  set saved(position: number) {
    this.#kernel.setWord(this.#owner.record + SAVED, position);
  }

  /** A new receive begins: puts the save pointer in front of everything. */
  rewind(): void {
    this.saved = this.#kernel.word(this.#owner.record + HEAD);
  }

  /** A receive has looked at everything. */
  passAll(): void {
    this.saved = this.#kernel.word(this.#owner.record + TAIL);
  }

  /** Whether an item has room: the limit of all mailboxes allows it. */
  mayTake(length: number): boolean {
    return this.#kernel.mayTake(this.#owner.record, length);
  }

  /** The first item, or NONE. */
  first(): number {
    return this.count === 0 ? NONE : this.#kernel.call.first(this.#owner.record);
  }

  /** The first item at or behind a position, or NONE. */
  from(position: number): number {
    return this.#kernel.call.from(this.#owner.record, position);
  }

  /** The item behind one, or NONE. */
  next(at: number): number {
    return this.#kernel.call.next(this.#owner.record, at);
  }

  /** The first item that bears a ref, or NONE. */
  findRef(ref: number): number {
    const { call } = this.#kernel;
    const { record } = this.#owner;
    return this.count === 0 ? NONE : call.findRef(record, call.startFor(record, ref), ref);
  }

  /** The first item that can bear a ref: those before were here when it was made. NONE: there is none. */
  fromRef(ref: number): number {
    const { call } = this.#kernel;
    return this.count === 0 ? NONE : this.from(call.startFor(this.#owner.record, ref));
  }

  item(at: number): Item {
    const word = (offset: number) => this.#kernel.word(at + offset);
    return {
      at,
      kind: word(KIND) & ~OUTSIDE,
      tag: word(TAG),
      fromLo: word(FROM_LO),
      fromHi: word(FROM_HI),
      ref: word(REF),
      reason: word(REASON),
      length: word(LENGTH),
    };
  }

  /** A copy of the first bytes of an item's payload; by default of all. */
  payload(at: number, most = Number.POSITIVE_INFINITY): Uint8Array {
    return this.#kernel.payload(at).slice(0, most);
  }

  /** Takes an item out. The save pointer stays in front of the items that it was in front of. */
  remove(at: number): void {
    this.#kernel.call.remove(this.#owner.record, at);
  }

  /** A ref is made: no item that is here can bear it. */
  mark(ref: number): void {
    this.#kernel.call.mark(this.#owner.record, ref);
  }

  /** A ref is dead. */
  unmark(ref: number): void {
    this.#kernel.call.unmark(this.#owner.record, ref);
  }

  /** How many items the actor has asked for, up to `most`: all but messages without a ref for a tag, and others' timers. */
  countAsked(most: number): number {
    let count = 0;
    for (let at = this.first(); at !== NONE && count < most; at = this.next(at)) {
      const { kind, tag, ref } = this.item(at);
      if (kind === MESSAGE ? tag < 0 : kind !== TIMER || ref !== 0) count++;
    }
    return count;
  }
}
