/**
 * The registry: names and groups (Erlang: `register/2` and `pg`). A name stands for one live actor,
 * a group for any number. Both drop an actor before its end is told, so no one is handed a dead
 * pid.
 */

import type { Actor } from "../actor/actor.ts";
import { countNames } from "../actor/memory.ts";
import type { Inspection } from "../time/inspection.ts";
import type { Pid } from "../wire/pid.ts";

/** Names and groups that a runtime shares with other threads. */
export interface SharedNames {
  /** Reserves a name for an actor of this thread. False: another actor has it. */
  claim(name: string, actor: Actor): boolean;
  /** An actor of this thread has the name no longer. */
  release(name: string): void;
  /** What stands for the actor of another thread that has this name. */
  find(name: string): Actor | undefined;
  /** An actor of this thread is a member of a group, or is no longer. */
  changed(group: string, actor: Actor, isMember: boolean): void;
}

export class Registry {
  readonly #inspection: Inspection;
  /** Null: there are no other threads. */
  shared: SharedNames | null = null;
  readonly #names = new Map<string, Actor>();
  /** By group: its members, in the order in which they joined. A group exists while it has members. */
  readonly groups = new Map<string, Map<Pid, Actor>>();

  constructor(inspection: Inspection) {
    this.#inspection = inspection;
  }

  /** Gives an actor a name. False if the name is taken, also by this actor. */
  register(name: string, actor: Actor): boolean {
    if (this.#names.has(name) || this.shared?.claim(name, actor) === false) return false;
    this.#names.set(name, actor);
    this.#tell("register", name, actor);
    const belongings = actor.ownBelongings;
    belongings.names ??= new Set();
    belongings.names.add(name);
    countNames(actor, 1);
    return true;
  }

  /** Frees a name. False if no actor has it. */
  unregister(name: string): boolean {
    const actor = this.#names.get(name);
    if (actor === undefined) return false;
    this.shared?.release(name);
    actor.belongings?.names?.delete(name);
    countNames(actor, -1);
    this.#tell("unregister", name, actor);
    return this.#names.delete(name);
  }

  whereis(name: string): Actor | undefined {
    return this.#names.get(name) ?? this.shared?.find(name);
  }

  /** Adds an actor to a group. A member that joins again is in the group once. */
  join(group: string, actor: Actor): void {
    let members = this.groups.get(group);
    if (members === undefined) {
      members = new Map();
      this.groups.set(group, members);
    }
    if (members.has(actor.pid)) return;
    members.set(actor.pid, actor);
    const belongings = actor.ownBelongings;
    belongings.groups ??= new Set();
    belongings.groups.add(group);
    countNames(actor, 1);
    this.shared?.changed(group, actor, true);
  }

  /** Removes an actor from a group. False if it is not a member. */
  leave(group: string, actor: Actor): boolean {
    const members = this.groups.get(group);
    if (members === undefined || !members.delete(actor.pid)) return false;
    if (members.size === 0) this.groups.delete(group);
    actor.belongings?.groups?.delete(group);
    countNames(actor, -1);
    this.shared?.changed(group, actor, false);
    return true;
  }

  members(group: string): ReadonlyMap<Pid, Actor> {
    return this.groups.get(group) ?? noMembers;
  }

  /** Removes an ended actor: its names are free, and its groups continue without it. */
  release(actor: Actor): void {
    const { belongings } = actor;
    for (const name of belongings?.names ?? []) {
      this.#names.delete(name);
      this.shared?.release(name);
    }
    countNames(actor, -(belongings?.names?.size ?? 0));
    for (const group of [...(belongings?.groups ?? [])]) this.leave(group, actor);
  }

  #tell(kind: "register" | "unregister", name: string, { pid }: Actor): void {
    if (this.#inspection.wants(kind)) this.#inspection.tell({ kind, name, pid });
  }
}

const noMembers: ReadonlyMap<Pid, Actor> = new Map();
