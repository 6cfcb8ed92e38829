/** How an actor of a module begins: with which defaults, at which entry, and how it waits at first. */
import type { Template } from "../actor/spec.ts";
import { WANT_REF } from "../kernel/words.ts";
import { FOR_EVER, type Parked } from "../mail/image-parked.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { SpawnError } from "../wire/errors.ts";
import type { Definition } from "./modules.ts";
import type { ModuleDefaults } from "./spawn-options.ts";

/**
 * The defaults of a definition for one entry of its module. A handler neither waits nor gives way,
 * so `way` and the policy `yield` apply to the other entries only.
 */
export function defaultsFor({ defaults }: Definition, entry: string): ModuleDefaults {
  if (entry !== "handle" || defaults.entry === "handle") return defaults;
  const { way: _, reductions, ...others } = defaults;
  if (reductions?.policy !== "yield") return reductions === undefined ? others : { ...others, reductions };
  return { ...others, reductions: { ...reductions, policy: "kill" } };
}

/** The entry of an actor. That of a derived module is the one at which its image's actor has parked. */
export function entryOf(module: GuestModule, template: Template | null, asked: string | undefined): string {
  if (template === null) return asked ?? module.defaultEntry;
  const { entry } = template.parked;
  if (asked === undefined || asked === entry) return entry;
  throw new SpawnError(`this module was derived from an actor that runs ${entry}, and cannot run ${asked}`);
}

/** How an actor waits when it begins; undefined: it has its turn. */
export function firstWaitOf(template: Template | null): Parked | undefined {
  return template === null || template.beginsEntry ? undefined : template.parked;
}

/** The kernel can begin such a wait: it has no timeout, and nobody has to answer. */
export const waitsForGood = ({ timeoutMs, want }: Parked): boolean => timeoutMs === FOR_EVER && want !== WANT_REF;
