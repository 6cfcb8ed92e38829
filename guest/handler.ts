/**
 * Handlers: guests that export `handle(n)`. The host calls it once for each item, with the item
 * already in the window. A handler cannot wait, and is the fastest kind of guest. It ends with
 * `exit()`.
 *
 * ```ts
 * import { forward, listen, received } from "isopod/guest";
 *
 * listen();
 *
 * export function handle(n: i32): void {
 *   const message = received(n);
 *   forward(message.from, message);
 * }
 * ```
 */

import * as actor from "./actor";
import { fresh, Message } from "./message";
import * as window from "./window";

/** Tells the host to call `handle`. Call it once, at the top level of the module. */
export function listen(): void {
  window.listenHere();
}

/**
 * The item that `handle(n)` was called for. Call it once in every `handle`: it takes an item that
 * did not fit into the window, and makes earlier messages stale.
 */
export function received(n: i32): Message {
  // This path must not use `park`: a guest that imports it would have to be able to suspend.
  while (n > window.cap) {
    window.grow(n);
    n = actor.recv(window.info, window.ptr, window.cap, 0);
  }
  return fresh();
}
