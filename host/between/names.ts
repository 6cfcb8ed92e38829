/**
 * Names and groups. A name stands for one live actor, a group for any number; both let go of an actor before anybody is told that
 * it has ended (Erlang: `register/2` and `pg`; peers that release names later hand out dead pids).
 */

import type { Actor } from "../actor/actor.ts";
import type { Inspection } from "../time/inspection.ts";
import { tiesOf } from "./requests.ts";

export class Registry {
  readonly #inspection: Inspection;
  readonly #names = new Map<string, Actor>();
  /** Members in the order in which they joined. A group exists while it has members. */
  readonly #groups = new Map<string, Set<Actor>>();

  constructor(inspection: Inspection) {
    this.#inspection = inspection;
  }

  /** False where the name is taken, by whomever. */
  register(name: string, actor: Actor): boolean {
    if (this.#names.has(name)) return false;
    this.#names.set(name, actor);
    this.#tell("register", name, actor);
    const ties = tiesOf(actor);
    ties.names ??= new Set();
    ties.names.add(name);
    return true;
  }

  /** False where nobody has the name. */
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

  /** Joining twice is joining once. */
  join(group: string, actor: Actor): void {
    let members = this.#groups.get(group);
    if (members === undefined) {
      members = new Set();
      this.#groups.set(group, members);
    }
    members.add(actor);
    const ties = tiesOf(actor);
    ties.groups ??= new Set();
    ties.groups.add(group);
  }

  /** False where the actor is no member. */
  leave(group: string, actor: Actor): boolean {
    const members = this.#groups.get(group);
    if (members === undefined || !members.delete(actor)) return false;
    if (members.size === 0) this.#groups.delete(group);
    actor.ties?.groups?.delete(group);
    return true;
  }

  members(group: string): ReadonlySet<Actor> {
    return this.#groups.get(group) ?? noMembers;
  }

  /** An actor has ended: its names are free, its groups go on without it. */
  release(actor: Actor): void {
    const { ties } = actor;
    for (const name of ties?.names ?? []) this.#names.delete(name);
    for (const group of [...(ties?.groups ?? [])]) this.leave(group, actor);
  }

  #tell(kind: "register" | "unregister", name: string, { pid }: Actor): void {
    if (this.#inspection.wants(kind)) this.#inspection.tell({ kind, name, pid });
  }
}

const noMembers: ReadonlySet<Actor> = new Set();
