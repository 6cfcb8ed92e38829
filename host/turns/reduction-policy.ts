/** What becomes of an actor that has spent its reductions: the embedder's choice, or the default. */

import type { TurnPolicy } from "../actor/spec.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { checksOf, oneOf, wholeNumber } from "../wire/checks.ts";
import { SpawnError } from "../wire/errors.ts";
import type { ReductionOptions, WayName } from "../wire/limits.ts";

export const UNLIMITED = 2 ** 31 - 1;

/** What a turn may spend by default: less than a millisecond of a guest's time (docs/reductions.md). */
export const TURN_REDUCTIONS = 200_000;

export const reductionChecks = checksOf<ReductionOptions>({
  policy: oneOf("yield", "kill", "off"),
  perTurn: wholeNumber(1, UNLIMITED - 1),
});

/**
 * The policy of an actor that is to be spawned; null where its module does not count its reductions.
 * Throws a SpawnError where the module cannot follow the policy that is asked for.
 */
export function reductionsFor(
  module: GuestModule,
  way: WayName,
  handlerReductions: number,
  options: ReductionOptions | undefined,
): TurnPolicy | null {
  const { perTurn } = options ?? {};
  if (!module.isCounted) {
    if (options === undefined || options.policy === "off") return null;
    throw new SpawnError(
      `${module.name} does not count its reductions, so it cannot be preempted: load it with { reductions: "count" }, or build it with isopod build --reductions`,
    );
  }
  const canYield = module.canYield(way);
  if (options?.policy === "yield" && !canYield) {
    throw new SpawnError(
      way === "handler"
        ? `${module.name}: a handler cannot be preempted, only killed; give it the policy kill or another entry`
        : `${module.name} cannot wait in the middle of its code: build it with isopod build --reductions yield, or give it the way jspi`,
    );
  }
  const policy = options?.policy ?? (canYield ? "yield" : "kill");
  return { policy, perTurn: perTurn ?? (policy === "yield" ? TURN_REDUCTIONS : handlerReductions) };
}
