/** What an actor has received last, for the report of its crash. */

import { TIMER } from "../kernel/mail-words.ts";
import { BODY, RESIDENT } from "../kernel/words.ts";
import { readImage } from "../mail/image-bytes.ts";
import { MESSAGE, type Received } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { receivedFrom } from "../wire/reason.ts";
import type { Actor } from "./actor.ts";

/** More of a payload than this is not kept for a crash report. */
const REPORTED_BYTES = 1024;

/** What the window of an actor still shows of the item that it took last; undefined where it never took one, or asked for no `info`. */
export function lastSeen(actor: Actor): Received | undefined {
  if (actor.info === 0) return undefined;
  const words = new Int32Array(memoryOf(actor, actor.info, 32).buffer);
  const [kind, tag, fromLo, fromHi, ref, reason, length] = words;
  // The guest may have used the place for something else since, and so may the kernel, which asks
  // predicates in it.
  if (words[7] !== 0 || kind < MESSAGE || kind > TIMER || length < 0) return undefined;
  const shown = Math.min(length, actor.capacity, REPORTED_BYTES);
  const bytes = memoryOf(actor, actor.pointer, shown);
  try {
    return receivedFrom(kind, tag, pidFromWords(fromLo, fromHi), ref, reason, bytes);
  } catch {
    return undefined;
  }
}

/** A copy of a part of its memory, also after it has left its instance. */
function memoryOf(actor: Actor, pointer: number, length: number): Uint8Array<ArrayBuffer> {
  const { kernel } = actor.services;
  const body = actor.word(BODY);
  if (!actor.has(RESIDENT) && body !== 0) return readImage(kernel, body, pointer >>> 0, length);
  actor.bytes.refresh();
  return actor.bytes.u8.slice(pointer >>> 0, (pointer >>> 0) + length);
}
