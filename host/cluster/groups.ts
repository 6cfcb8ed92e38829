/**
 * Groups of a whole cluster (Erlang: `pg`). Each node tells all others the members that live there, so two nodes may
 * see different members for a moment. A member that has ended, or whose node is gone, is none.
 */
import type { Pid } from "../wire/pid.ts";

export class Groups {
  /** Members that live here, in the order in which they joined. */
  readonly #here = new Map<string, Set<Pid>>();
  /** By node: what it has told. */
  readonly #elsewhere = new Map<number, Map<string, readonly Pid[]>>();

  /** False: it is a member already. */
  join(group: string, pid: Pid): boolean {
    const members = this.#here.get(group) ?? new Set();
    if (members.has(pid)) return false;
    this.#here.set(group, members.add(pid));
    return true;
  }

  /** False: it is no member. */
  leave(group: string, pid: Pid): boolean {
    const members = this.#here.get(group);
    if (members?.delete(pid) !== true) return false;
    if (members.size === 0) this.#here.delete(group);
    return true;
  }

  members(group: string): Pid[] {
    const elsewhere = [...this.#elsewhere.values()].flatMap(groups => groups.get(group) ?? []);
    return [...(this.#here.get(group) ?? []), ...elsewhere];
  }

  /** What other nodes are told. */
  all(): [string, Pid[]][] {
    return [...this.#here].map(([group, members]) => [group, [...members]]);
  }

  get isEmpty(): boolean {
    return this.#here.size === 0;
  }

  told(node: number, all: readonly (readonly [string, readonly Pid[]])[]): void {
    this.#elsewhere.set(node, new Map(all));
  }

  /** The node is gone. */
  lost(node: number): void {
    this.#elsewhere.delete(node);
  }
}
