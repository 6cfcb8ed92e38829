/** The host's live supervisors, and what they are to other actors. */
import type { Actor } from "../actor/actor.ts";
import type { Supervisor } from "../javascript/supervisor.ts";
import type { Pid } from "../wire/pid.ts";
import type { ActorInfo } from "./actor-info.ts";

/** By the pid of a child: its supervisor, and its id there. */
export type Places = ReadonlyMap<Pid, ActorInfo["supervisor"]>;

export class Supervision {
  readonly #supervisors = new Map<Pid, Supervisor>();

  /** Adds a live supervisor. Returns a function to call when it has ended. */
  add(supervisor: Supervisor): () => void {
    this.#supervisors.set(supervisor.pid, supervisor);
    return () => void this.#supervisors.delete(supervisor.pid);
  }

  kindOf({ pid, module, immune }: Actor): ActorInfo["kind"] {
    if (module !== null) return "guest";
    return immune ? "calls" : this.#supervisors.has(pid) ? "supervisor" : "mailbox";
  }

  strategyOf(pid: Pid): ActorInfo["strategy"] {
    return this.#supervisors.get(pid)?.strategy;
  }

  /** The supervisor of one actor. */
  placeOf(child: Pid): ActorInfo["supervisor"] {
    for (const supervisor of this.#supervisors.values()) {
      const found = supervisor.children.find(({ pid }) => pid === child);
      if (found !== undefined) return { pid: supervisor.pid, id: found.id };
    }
    return undefined;
  }

  /** The supervisors of all children, for many look-ups. */
  places(): Places {
    const found = new Map<Pid, ActorInfo["supervisor"]>();
    for (const supervisor of this.#supervisors.values()) {
      for (const { id, pid } of supervisor.children) if (pid !== undefined) found.set(pid, { pid: supervisor.pid, id });
    }
    return found;
  }
}
