/** The counters of a runtime. */
import { ENDED, HIBERNATED, LOADED, RECEIVED, SENT, SPAWNED } from "../kernel/words.ts";
import type { Counters } from "../wire/events.ts";
import type { Services } from "./actor.ts";

/** The counters, with what the kernel has counted. */
export function totals({ counters, kernel }: Pick<Services, "counters" | "kernel">): Counters {
  return {
    ...counters,
    sent: counters.sent + kernel.double(SENT),
    received: counters.received + kernel.double(RECEIVED),
    spawned: counters.spawned + kernel.double(SPAWNED),
    ended: counters.ended + kernel.double(ENDED),
    hibernated: kernel.double(HIBERNATED),
    loaded: kernel.double(LOADED),
  };
}
