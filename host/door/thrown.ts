/** What a function of the embedder has thrown, or its promise was rejected with. */

import { Unwind } from "../actor/fault.ts";
import type { CallOut } from "../time/call-out.ts";

/**
 * Whether an error says only that the actor has ended: its signal was aborted, or its context has
 * ended it.
 */
export function isEnd(error: unknown): boolean {
  return error instanceof Unwind || (error instanceof DOMException && error.name === "AbortError");
}

/** Watches the promise of a function that has ended its caller before it returned. */
export function watchLate(callOut: CallOut, name: string, answer: unknown): void {
  const late = Promise.resolve(answer).then(undefined, error => {
    if (!isEnd(error)) throw error;
  });
  callOut.watch(name, late);
}

/** The message of anything that may be thrown, also of a value that throws when it is read. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "it threw a value that cannot be shown";
  }
}
