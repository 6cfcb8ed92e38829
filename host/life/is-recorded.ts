/** Whether what happens to a new actor is recorded. */
import type { Services } from "../actor/actor.ts";
import { moduleNameOf, type Spec } from "../actor/spec.ts";
import { SpawnError } from "../wire/errors.ts";

/**
 * Throws a SpawnError where the spawn asks for it, and it cannot be. An actor that the recorder wants, and cannot have,
 * is spawned without it.
 */
export function isRecorded(
  spec: Spec,
  asked: boolean | undefined,
  isWanted: boolean,
  { taping }: Pick<Services, "taping">,
): boolean {
  if (asked === false || (asked === undefined && taping === null)) return false;
  const name = moduleNameOf(spec) ?? "";
  if (asked === undefined && !isWanted && !taping?.wants(name)) return false;
  const refusal = taping === null ? "make the runtime with the option record (docs/replay.md)" : taping.refusal(spec);
  if (refusal !== undefined && asked) throw new SpawnError(`${name} cannot be recorded: ${refusal}`);
  return refusal === undefined;
}
