/**
 * Questions to functions of the embedder. A question is a ref that only the function answers that was asked. The ref
 * ends when its answer comes, or a Down in its place; so each question brings one item, unless its asker drops it.
 */

import type { Actor } from "../actor/actor.ts";
import type { Question } from "../actor/belongings.ts";
import { MESSAGE } from "../wire/message.ts";
import { sendDown } from "./down.ts";
import { hasRoomForAnswer } from "./post.ts";
import { dropRef, endRef } from "./refs.ts";

const HOST = 0;

/**
 * Delivers the answer to a ref that is not live any more, or never was. A Down with the reason noconnection takes the
 * place of an answer that the actor may not receive or has no room for.
 */
export function deliverAnswer(actor: Actor, ref: number, bytes: Uint8Array): void {
  const { services, limits } = actor;
  const { length } = bytes;
  services.counters.sent++;
  if (length <= limits.messageBytes && hasRoomForAnswer(actor, length)) {
    services.kernel.deliver(actor.record, MESSAGE, ref, HOST, HOST, 0, 0, bytes);
    return;
  }
  services.deadLetter(HOST, actor.pid, ref, length, length > limits.messageBytes ? "too large" : "mailbox full");
  sendDown(actor, HOST, HOST, ref, { kind: "noconnection" });
}

/** Ends the ref of a question whose function has settled. False if the actor does not wait for it any more. */
export function settleQuestion(actor: Actor, ref: number, question: Question): boolean {
  return actor.belongings?.refs?.get(ref) === question && endRef(actor, ref);
}

/** Ends a question whose answer the actor does not want any more. False if there is none with this ref. */
export function dropQuestion(actor: Actor, ref: number): boolean {
  return typeof actor.belongings?.refs?.get(ref) === "object" && dropRef(actor, ref);
}

/** A question of an actor that has no answer yet. */
export function questionOf(actor: Actor): Question | undefined {
  const uses = actor.belongings?.refs?.values() ?? [];
  for (const use of uses) if (typeof use === "object") return use;
  return undefined;
}
