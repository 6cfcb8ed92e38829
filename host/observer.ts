/**
 * What a runtime looks like from outside: plain data about its actors, made when it is asked for and at no cost otherwise. Looking takes nothing out
 * of a mailbox and changes no actor.
 */
import { type Actor, PARKED, READY, RUNNING } from "./actor.ts";
import type { WayName } from "./guest.ts";
import type { Pid } from "./pid.ts";

export interface Snapshot {
  /** Live actors, host mailboxes included, by the order of their slots. */
  readonly actors: readonly ActorInfo[];
}

export interface ActorInfo {
  readonly pid: Pid;
  readonly names: readonly string[];
  /** Of guests; undefined for the host's own. */
  readonly module: string | undefined;
  readonly way: WayName | undefined;
  /** `idle`: a mailbox of the host's that nobody receives from just now. */
  readonly state: "ready" | "running" | "parked" | "idle";
  readonly mailboxItems: number;
  /** Of payloads. */
  readonly mailboxBytes: number;
}

const states = { [READY]: "ready", [RUNNING]: "running", [PARKED]: "parked" } as const;

export function infoOf({ pid, module, mailbox, ties, way, state }: Actor): ActorInfo {
  return {
    pid,
    names: [...(ties?.names ?? [])],
    module: module?.name,
    way: way.name === "host" ? undefined : way.name,
    state: module === null && state === RUNNING ? "idle" : states[state as keyof typeof states],
    mailboxItems: mailbox.count,
    mailboxBytes: mailbox.bytes,
  };
}
