import { systemClock } from "../../host/time/clock.ts";

/** Resolves in a later macrotask, in every engine. */
export function macrotask(): Promise<void> {
  return new Promise(resolve => systemClock.defer(resolve));
}
