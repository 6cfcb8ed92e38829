/** What spawns across threads need: whose child an actor is, and who begins it on another thread. */
import type { Actor } from "../actor/actor.ts";
import type { Family } from "../actor/family.ts";
import type { Granted } from "../wire/grants.ts";
import type { Limits } from "../wire/limits.ts";
import type { Placement } from "./spawn-options.ts";

/** Whose child an actor is. An actor is a Kin. Without a family, the child founds one. */
export interface Kin {
  readonly lo: number;
  readonly hi: number;
  readonly family: Family | null;
}

/** Begins actors of guests on other threads. */
export interface Elsewhere {
  /** Begins the child of a guest on another thread, and answers what stands for it; undefined: it begins here. */
  child(
    parent: Actor,
    name: string,
    placement: Placement,
    entry: string,
    args: Uint8Array,
    limits: Limits,
    granted: Granted,
  ): Actor | undefined;
}
