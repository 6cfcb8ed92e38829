/**
 * The registry: names and groups (Erlang: `register/2` and `pg`). A name stands for one live actor,
 * a group for any number. Both drop an actor before its end is told, so no one is handed a dead
 * pid.
 */

import type { Actor } from "../actor/actor.ts";
import type { Inspection } from "../time/inspection.ts";
import type { Pid } from "../wire/pid.ts";
import { tiesOf } from "./requests.ts";

export class Registry {
  readonly #inspection: Inspection;
  readonly #names = new Map<string, Actor>();
  /** Members in the order in which they joined. A group exists while it has members. */
  readonly #groups = new Map<string, Map<Pid, Actor>>();

  constructor(inspection: Inspection) {
    this.#inspection = inspection;
  }

  /** Gives an actor a name. False if the name is taken, also by this actor. */
  register(name: string, actor: Actor): boolean {
    if (this.#names.has(name)) return false;
    this.#names.set(name, actor);
    this.#tell("register", name, actor);
    const ties = tiesOf(actor);
    ties.names ??= new Set();
    ties.names.add(name);
    return true;
  }

  /** Frees a name. False if no actor has it. */
  unregister(name: string): boolean {
    const actor = this.#names.get(name);
    if (actor === undefined) return false;
    actor.ties?.names?.delete(name);
    this.#tell("unregister", name, actor);
    return this.#names.delete(name);
  }

  whereis(name: string): Actor | undefined {
    return this.#names.get(name);
  }

  /** Every name with its actor. */
  names(): IterableIterator<[string, Actor]> {
    return this.#names.entries();
  }

  /** Adds an actor to a group. A member that joins again is in the group once. */
  join(group: string, actor: Actor): void {
    let members = this.#groups.get(group);
    if (members === undefined) {
      members = new Map();
      this.#groups.set(group, members);
    }
    members.set(actor.pid, actor);
    const ties = tiesOf(actor);
    ties.groups ??= new Set();
    ties.groups.add(group);
  }

  /** Removes an actor from a group. False if it is not a member. */
  leave(group: string, actor: Actor): boolean {
    const members = this.#groups.get(group);
    if (members === undefined || !members.delete(actor.pid)) return false;
    if (members.size === 0) this.#groups.delete(group);
    actor.ties?.groups?.delete(group);
    return true;
  }

  members(group: string): ReadonlyMap<Pid, Actor> {
    return this.#groups.get(group) ?? noMembers;
  }

  /** Removes an ended actor: its names are free, and its groups continue without it. */
  release(actor: Actor): void {
    const { ties } = actor;
    for (const name of ties?.names ?? []) this.#names.delete(name);
    for (const group of [...(ties?.groups ?? [])]) this.leave(group, actor);
  }

  #tell(kind: "register" | "unregister", name: string, { pid }: Actor): void {
    if (this.#inspection.wants(kind)) this.#inspection.tell({ kind, name, pid });
  }
}

const noMembers: ReadonlyMap<Pid, Actor> = new Map();
