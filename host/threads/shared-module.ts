/** A module as data that can be posted to another thread. Its code is shared, and compiled once. */

import type { Offers } from "../module/check.ts";
import type { ModuleFacts } from "../module/facts.ts";
import { factsOf, GuestModule } from "../module/guest-module.ts";

export interface SharedModule {
  readonly name: string;
  readonly facts: ModuleFacts;
  readonly isCountedHere: boolean;
}

/** What another thread needs to have the same module. Crashes there name no place in its source. */
export function shared(guest: GuestModule): SharedModule {
  const [facts, making] = factsOf(guest);
  const { module, imports, exports, footprint, ownsMemory, storeLimit, scratch } = facts;
  const { leftGlobal, parkedGlobal, movableGlobals, hash } = facts;
  const known = { module, imports, exports, footprint, ownsMemory, storeLimit, scratch, leftGlobal, parkedGlobal };
  return { name: guest.name, facts: { ...known, movableGlobals, hash }, isCountedHere: making.isCountedHere === true };
}

/** A module that another thread has loaded. Throws a LoadError where this thread does not offer what it imports. */
export function adopt({ name, facts, isCountedHere }: SharedModule, offers: Offers): GuestModule {
  return new GuestModule(name, facts, offers, { isCountedHere });
}
