/**
 * Where the host writes what is received: one window, used by every receive of the guest, so that receiving allocates
 * nothing. It begins in static memory and grows when an item does not fit; it never shrinks.
 */

import * as actor from "./actor";

/** The 32 bytes of `info`; never moves. */
export const info: usize = memory.data(32, 8);

// The initial values of the next two are spelled out: the compiler makes them part of the module, not code of `_start`.

/** Room for the payload: static memory at first, of the heap once the window has grown. */
export let ptr: usize = memory.data(256, 8);

/** Bytes of room at `ptr`. */
export let cap: i32 = 256;

/** Where the header of the item is that a `Message` reads: `info`, or while candidates are looked at where they lie, in front of each. */
export let header: usize = info;

/** Which receive the window's item is of: each has another. Odd, so that it is never 0, which is no `Message`. */
export let serial: u32 = 1;

/** Whether `ptr` is of the heap. */
let grown: bool = false;

/** Whether the host was told to write here for `handle`: then it must be told again when the room moves. */
let listening: bool = false;

/** Makes room for at least `length` bytes. What was in the window is gone. */
export function grow(length: i32): void {
  // Doubled, so that payloads that get longer one by one do not each cost an allocation.
  const larger = max<i32>(length, cap * 2);
  if (grown) heap.free(ptr);
  grown = true;
  ptr = heap.alloc(larger);
  cap = larger;
  if (listening) actor.window(info, ptr, cap);
}

/** Where the item is that a `Message` reads: elsewhere than in `info` and the room only while candidates are looked at where they lie. */
export function show(candidate: usize, payload: usize): void {
  header = candidate;
  ptr = payload;
}

/** Something else is in the window, or going to be: what was received before is stale. */
export function expire(): void {
  serial += 2;
}

/** Tells the host to write the items for `handle` here. */
export function listenHere(): void {
  listening = true;
  actor.window(info, ptr, cap);
}
