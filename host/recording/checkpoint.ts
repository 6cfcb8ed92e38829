/** Makes checkpoints of recorded actors, and what a replay from there begins with. */
import type { Actor } from "../actor/actor.ts";
import { CHECKPOINT, HAS_REF, ITEM, MARK, REST } from "../kernel/tape-words.ts";
import { BODY, HAS_MARKS, MARKS, PARKED } from "../kernel/words.ts";
import type { Images } from "../life/images.ts";
import { readImageGlobals } from "../mail/image-bytes.ts";
import { NONE } from "../mail/mailbox.ts";
import { ImageError } from "../wire/errors.ts";
import { LogBytes } from "./bytes.ts";
import { imageHash } from "./state.ts";
import type { Checkpoint } from "./tape.ts";

const MARKS_BYTES = 64;
const MARK_BYTES = 8;

/** A checkpoint of an actor whose turn is over, and the operation for the log; undefined: there is none now. */
export function checkpointOf(
  actor: Actor,
  images: Images,
): { readonly checkpoint: Checkpoint; readonly operation: Uint8Array<ArrayBuffer> } | undefined {
  if (actor.state !== PARKED) return undefined;
  let image: Uint8Array;
  try {
    image = images.image(actor);
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
  const { kernel } = actor.services;
  const globals = readImageGlobals(kernel, actor.word(BODY));
  const beginning = beginningOf(actor);
  const operation = new LogBytes().byte(CHECKPOINT).all(imageHash(image)).number(beginning.length).all(beginning);
  return { checkpoint: { image, globals }, operation: operation.bytes };
}

/** The mailbox of a parked actor: items that it has looked at and does not want, and the marks between them. */
function beginningOf(actor: Actor): Uint8Array<ArrayBuffer> {
  const { mailbox } = actor;
  const written = new LogBytes();
  const marks = marksOf(actor);
  for (let at = mailbox.first(); at !== NONE; at = mailbox.next(at)) {
    for (const { ref, item } of marks) if (item === at) written.byte(MARK).signed(ref);
    const { kind, tag, fromLo, fromHi, ref, reason, length } = mailbox.item(at);
    written
      .byte(ITEM | (kind - 1) | HAS_REF)
      .number(fromLo)
      .number(fromHi);
    written.signed(tag).signed(ref).number(reason).number(length).all(mailbox.payload(at));
  }
  for (const { ref, item } of marks) if (item === NONE) written.byte(MARK).signed(ref);
  return written.byte(REST).bytes;
}

/** The marks of refs, each with the item that it stands before; NONE: it stands at the end. */
function marksOf(actor: Actor): { readonly ref: number; readonly item: number }[] {
  if (!actor.has(HAS_MARKS) || actor.mailbox.count === 0) return [];
  const { kernel } = actor.services;
  const block = actor.coldWord(MARKS);
  const found: { readonly ref: number; readonly item: number }[] = [];
  for (let place = block; place < block + MARKS_BYTES; place += MARK_BYTES) {
    const ref = kernel.word(place);
    if (ref !== 0) found.push({ ref, item: actor.mailbox.from(kernel.word(place + 4)) });
  }
  return found;
}
