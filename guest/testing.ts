/**
 * For tests of guests, which `isopod test` runs (docs/testing.md), and for guests that check what
 * they rely on. A check that fails crashes the actor.
 *
 * ```ts
 * export function testCounter(): void {
 *   const counter = spawn("counter").pid;
 *   assertEquals(callText(counter, "add 2").text(), "2");
 * }
 * ```
 */

import { receiveTagWithin } from "./mailbox";
import { dropRef, makeRef } from "./ref";

/** Crashes the actor unless the condition is true. */
export function assert(condition: bool, message: string = "it is false"): void {
  if (!condition) throw new Error(`assert: ${message}`);
}

/** Crashes the actor unless both are equal. The message says what both are. */
export function assertEquals<T>(actual: T, expected: T, message: string = ""): void {
  if (actual === expected) return;
  const what = message === "" ? "" : `${message}: `;
  throw new Error(`assertEquals: ${what}it is ${shown<T>(actual)}, not ${shown<T>(expected)}`);
}

function shown<T>(value: T): string {
  if (isReference<T>()) {
    if (isNullable<T>() && changetype<usize>(value) === 0) return "null";
    if (isString<T>()) return `"${value}"`;
  }
  return `${value}`;
}

/** Waits for so many milliseconds. What comes meanwhile stays in the mailbox. */
export function sleep(ms: i32): void {
  const ref = makeRef();
  if (ref === 0) throw new Error("sleep: the actor has reached its limit ties");
  receiveTagWithin(ref, ms);
  dropRef(ref);
}
