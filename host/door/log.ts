/** Where the log lines of guests go, and how many bytes of them a family may write. */
import type { Actor } from "../actor/actor.ts";
import { LOGGED } from "../kernel/life-words.ts";
import type { LogLevel } from "../wire/events.ts";

export type Log = (actor: Actor, level: LogLevel, text: string) => void;

/**
 * Whether a guest may log a line of so many bytes in this second, and takes them. An empty line
 * costs one.
 */
export function mayLog({ family, limits, services }: Actor, bytes: number): boolean {
  if (family === null) return true;
  const most = Math.min(limits.logBytesPerSecond, family.limits.logBytesPerSecond);
  return family.take(LOGGED, services.clock.now(), bytes + 1, most);
}
