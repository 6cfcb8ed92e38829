/** What an actor has received last, for the report of its crash. */
import { TIMER } from "../kernel/mail-words.ts";
import { MESSAGE, type Received } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { receivedFrom } from "../wire/reason.ts";
import type { Actor } from "./actor.ts";

/** More of a payload than this is not kept for a crash report. */
const REPORTED_BYTES = 1024;

/** What the window of an actor still shows of the item that it took last; undefined where it never took one, or asked for no `info`. */
export function lastSeen(actor: Actor): Received | undefined {
  if (actor.info === 0) return undefined;
  actor.bytes.refresh();
  const words = actor.bytes.i32.subarray(actor.info >>> 2, (actor.info >>> 2) + 8);
  const [kind, tag, fromLo, fromHi, ref, reason, length] = words;
  // The guest may have used the place for something else since, and so may the kernel, which asks
  // predicates in it.
  if (words[7] !== 0 || kind < MESSAGE || kind > TIMER || length < 0) return undefined;
  const shown = Math.min(length, actor.capacity, REPORTED_BYTES);
  const bytes = actor.bytes.u8.slice(actor.pointer, actor.pointer + shown);
  try {
    return receivedFrom(kind, tag, pidFromWords(fromLo, fromHi), ref, reason, bytes);
  } catch {
    return undefined;
  }
}
