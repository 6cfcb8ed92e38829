/** Where the log lines of guests go. */
import type { Actor } from "../actor/actor.ts";
import type { LogLevel } from "../wire/events.ts";

export type Log = (actor: Actor, level: LogLevel, text: string) => void;
