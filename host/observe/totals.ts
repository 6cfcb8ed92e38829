/** How many actors are alive, and what waits for them: a walk over the words of records. */
import { BYTES, COUNT, FLAGS, PARKED, PAYS, READY, RUNNING, STATE, TAKES_MESSAGES } from "../kernel/words.ts";
import type { Matches } from "./actor-filter.ts";
import type { ActorInfo } from "./actor-info.ts";
import type { LiveActors } from "./live-actors.ts";
import type { Supervision } from "./supervision.ts";

/** Counts of live actors, and sums of what is in their mailboxes. */
export interface Totals {
  readonly actors: number;
  readonly kinds: Readonly<Record<ActorInfo["kind"], number>>;
  readonly states: Readonly<Record<ActorInfo["state"], number>>;
  /** Guests whose reductions are counted. */
  readonly counted: number;
  readonly mailboxItems: number;
  /** The bytes of the payloads. */
  readonly mailboxBytes: number;
}

export function totalsOf(live: LiveActors, supervision: Supervision, matches: Matches | undefined): Totals {
  const kinds = { guest: 0, mailbox: 0, supervisor: 0, calls: 0 };
  /** By the value of the word STATE. */
  const states = [0, 0, 0, 0];
  const sums = { actors: 0, counted: 0, mailboxItems: 0, mailboxBytes: 0 };
  let idle = 0;
  live.each((record, words) => {
    if (matches !== undefined && !matches(record)) return true;
    const flags = words[(record + FLAGS) >>> 2];
    const state = words[(record + STATE) >>> 2];
    if ((flags & TAKES_MESSAGES) === 0) {
      // One of the host's own, or a guest whose start function runs.
      const actor = live.actorAt(record);
      if (actor === undefined) return true;
      kinds[supervision.kindOf(actor)]++;
      if (actor.module === null && state === RUNNING) idle++;
    }
    states[state]++;
    sums.actors++;
    if ((flags & PAYS) !== 0) sums.counted++;
    sums.mailboxItems += words[(record + COUNT) >>> 2];
    sums.mailboxBytes += words[(record + BYTES) >>> 2];
    return true;
  });
  kinds.guest = sums.actors - kinds.mailbox - kinds.supervisor - kinds.calls;
  return {
    ...sums,
    kinds,
    states: { ready: states[READY], running: states[RUNNING] - idle, parked: states[PARKED], idle },
  };
}
