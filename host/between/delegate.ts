/** Handing a request on: another actor answers it, in the place of the one that was asked. */
import type { Actor, Services } from "../actor/actor.ts";
import type { Bytes } from "../mail/bytes.ts";
import { MESSAGE, SEND_ACCEPTED, SEND_NO_ACTOR } from "../wire/message.ts";
import { handOn, requestTo } from "./answers.ts";
import { admission, post } from "./post.ts";

/**
 * Sends `to` a message that bears the ref of a request which `by` was asked and has not answered. From then on `to` alone may answer, to whichever of
 * both its answer is addressed, and its end is the asker's Down. Answers as `send`, 0 also where there is no such request; where it is not 1,
 * nothing was done.
 */
export function delegate(
  services: Services,
  by: Actor,
  asker: Actor | undefined,
  askerLo: number,
  askerHi: number,
  ref: number,
  to: Actor | undefined,
  tag: number,
  source: Bytes,
  index: number,
  length: number,
): number {
  const made = requestTo(by, asker, askerLo, askerHi, ref);
  // An answer is nothing to hand on.
  if (made === undefined || to === undefined || tag < 0) return SEND_NO_ACTOR;
  const status = admission(by, to, MESSAGE, tag, 0, length);
  if (status !== SEND_ACCEPTED) return status;
  if (!handOn(made, by, to)) return SEND_NO_ACTOR;
  return post(services, by, by.lo, by.hi, to, to.lo, to.hi, MESSAGE, tag, ref, source, index, length);
}
