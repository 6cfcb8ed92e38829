/**
 * The window: the memory into which the host writes a received item. Every receive uses it, so that
 * receiving allocates nothing. It begins in static memory, grows when an item does not fit, and
 * never shrinks.
 */

import * as actor from "./actor";

/** The address of the 32 bytes of `info`. It never changes. */
export const info: usize = memory.data(32, 8);

// The next two values are literals, so that the compiler puts them into the module and not into
// code of `_start`.

/**
 * The address of the room for the payload: static memory at first, heap memory once it has grown.
 */
export let ptr: usize = memory.data(256, 8);

/** Bytes of the room at `ptr`. */
export let cap: i32 = 256;

/**
 * The address of the header that a `Message` reads. It is `info`, or while predicates run, the
 * header of a candidate.
 */
export let header: usize = info;

/**
 * The serial number of the last receive. It is odd, so that it is never 0, which is no `Message`.
 */
export let serial: u32 = 1;

/** Whether `ptr` is heap memory. */
let grown: bool = false;

/** Whether the host writes here for `handle`. It must then be told when the room moves. */
let listening: bool = false;

/** Makes room for at least `length` bytes. The content of the window is lost. */
export function grow(length: i32): void {
  // Doubled, so that slowly growing payloads do not each cost an allocation.
  const larger = max<i32>(length, cap * 2);
  if (grown) heap.free(ptr);
  grown = true;
  ptr = heap.alloc(larger);
  cap = larger;
  if (listening) actor.window(info, ptr, cap);
}

/** Points a `Message` at a candidate, whose header and payload are elsewhere in the window. */
export function show(candidate: usize, payload: usize): void {
  header = candidate;
  ptr = payload;
}

/** Makes all earlier messages stale, because the window will have other content. */
export function expire(): void {
  serial += 2;
}

/** Tells the host to write the items for `handle` here. */
export function listenHere(): void {
  listening = true;
  actor.window(info, ptr, cap);
}
