/** What happens to the caller of an import that threw. */

import type { Actor } from "../actor/actor.ts";
import { ENDING } from "../actor/fault.ts";
import { EXITING } from "../kernel/words.ts";
import type { ExitReason } from "../wire/message.ts";

const OVERFLOW: ExitReason = { kind: "crashed", message: "stack overflow in an import", stack: "" };

const WRONG_TYPE: ExitReason = {
  kind: "crashed",
  message: "an import was called with a value of a wrong type",
  stack: "",
};

/**
 * Marks the caller of an import that threw: it ends, also if it catches what was thrown. Returns
 * what to throw. It calls no function, because there may be no stack left.
 */
export function failedImport(actor: Actor | null, error: unknown): unknown {
  if (actor === null) return error;
  if (actor.restraint === EXITING) return ENDING;
  actor.atFault = true;
  actor.exiting = error instanceof TypeError ? WRONG_TYPE : OVERFLOW;
  actor.restraint = EXITING;
  return error;
}
