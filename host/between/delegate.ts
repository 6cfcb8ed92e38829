/**
 * Delegating a request: another actor answers it, in place of the one that was asked.
 */
import type { Actor, Services } from "../actor/actor.ts";
import { IS_AWAY } from "../kernel/words.ts";
import { MESSAGE, SEND_ACCEPTED, SEND_NO_ACTOR } from "../wire/message.ts";
import { reassign, requestTo } from "./answers.ts";
import { admission, post } from "./post.ts";
import { ownerOf } from "./ties.ts";

/**
 * Sends `to` a message with the ref of a request that `by` was asked and has not answered. From
 * then on `to` alone may answer, and its end is the asker's Down. It may address the answer to the
 * asker or to `by`. The result is that of `send`, and 0 if there is no such request. If it is not
 * 1, nothing was done.
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
  bytes: Uint8Array,
): number {
  const tie = requestTo(by, asker, askerLo, askerHi, ref);
  // A negative tag is an answer, which cannot be delegated.
  if (tie === 0 || to === undefined || tag < 0) return SEND_NO_ACTOR;
  const { transit } = services;
  const owner = ownerOf(by, tie);
  if (owner.has(IS_AWAY)) {
    // The asker's own thread or node decides: it knows who may answer.
    services.kernel.call.dropTie(tie);
    transit?.delegated(by, owner, ref, to, tag, bytes);
    return SEND_ACCEPTED;
  }
  const status = admission(by, to, MESSAGE, tag, 0, bytes.length);
  if (status !== SEND_ACCEPTED) return status;
  if (!reassign(tie, ref, by, to)) return SEND_NO_ACTOR;
  if (to.has(IS_AWAY)) {
    transit?.handedOn(by, owner, ref, to, tag, bytes);
    services.counters.sent++;
    return SEND_ACCEPTED;
  }
  return post(services, by, by.lo, by.hi, to, to.lo, to.hi, MESSAGE, tag, ref, bytes);
}
