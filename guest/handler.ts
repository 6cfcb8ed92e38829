/**
 * Handlers: guests that do not block but export `handle(n)`, called once per item with the item already in the window.
 * The fastest kind of guest. It ends by `exit()`.
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

/** Tells the host to call `handle`. Once, at the module's top level. */
export function listen(): void {
  window.listenHere();
}

/** The item that `handle(n)` was called for. Call it once in every `handle`: an item that did not fit is taken only here, and what was received before is stale. */
export function received(n: i32): Message {
  // No `park` on this path: a guest that imports it would have to be able to suspend.
  while (n > window.cap) {
    window.grow(n);
    n = actor.recv(window.info, window.ptr, window.cap, 0);
  }
  return fresh();
}
