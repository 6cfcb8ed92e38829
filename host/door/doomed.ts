/** What becomes of the caller of an import that did not come to its end. */

import type { Actor } from "../actor/actor.ts";
import { ENDING } from "../actor/fault.ts";
import { LEAVING } from "../mail/states.ts";
import type { ExitReason } from "../wire/message.ts";

const OVERFLOW: ExitReason = { kind: "crashed", message: "stack overflow in an import", stack: "" };

const WRONG_TYPE: ExitReason = {
  kind: "crashed",
  message: "an import was called with a value of a wrong type",
  stack: "",
};

/**
 * An import did not come to its end: its caller ends, also where it catches what was thrown. This calls nothing, because the reason may be that
 * there is no stack left to do so.
 */
export function doomed(actor: Actor | null, error: unknown): unknown {
  if (actor === null) return error;
  if (actor.restraint === LEAVING) return ENDING;
  actor.atFault = true;
  actor.leaving = error instanceof TypeError ? WRONG_TYPE : OVERFLOW;
  actor.restraint = LEAVING;
  return error;
}
