/**
 * What happens in a runtime, told to whoever listens. Messages are no events: they are counted. Where nobody listens, an event is one look at an
 * empty list, and only in places that are no message's way.
 */

import type { DeadLetter } from "../between/post.ts";
import type { LogLevel } from "../door/imports.ts";
import type { ChildReport } from "../javascript/supervisor.ts";
import type { ActorExit } from "../life/ends.ts";
import type { Pid } from "../wire/pid.ts";
import type { Clock } from "./clock.ts";
import type { Flood, Notices } from "./notices.ts";

/**
 * Something that has happened; `atMs` is on the runtime's clock. `number`: events of a runtime are numbered from 1, in the order in which they happened
 * and are told. An end happens, in this order, when it is told: after the dead letters of the actor's mailbox.
 */
export type InspectEvent = { readonly number: number; readonly atMs: number } & (
  | {
      readonly kind: "spawn";
      readonly pid: Pid;
      /** Undefined for a host mailbox. */
      readonly module: string | undefined;
      readonly entry: string | undefined;
      /** Who has spawned it; 0 is the host. */
      readonly parent: Pid;
    }
  /** `names` are those that it had to its end; they are free again. */
  | ({ readonly kind: "exit"; readonly names: readonly string[] } & ActorExit)
  | ({ readonly kind: "dead-letter" } & DeadLetter)
  | { readonly kind: "log"; readonly pid: Pid; readonly level: LogLevel; readonly text: string }
  | { readonly kind: "register" | "unregister"; readonly name: string; readonly pid: Pid }
  /** A supervisor of the host's has started a child, or has stopped it. What ends unasked is told by `report`. */
  | {
      readonly kind: "child";
      readonly supervisor: Pid;
      readonly id: string;
      readonly pid: Pid;
      readonly what: "started" | "stopped";
    }
  /** A child of a supervisor of the host's has ended unasked, or could not be started again. */
  | { readonly kind: "report"; readonly report: ChildReport }
  /** One turn has caused more lines, dead letters, or names than are told: so many of them were dropped. */
  | { readonly kind: "dropped"; readonly what: "log" | "dead-letter" | "name"; readonly count: number }
);

/** An event before it has its number and its time. */
type Happening<Event = InspectEvent> = Event extends unknown ? Omit<Event, "number" | "atMs"> : never;

export type InspectKind = InspectEvent["kind"];

interface Listener {
  readonly take: (event: InspectEvent) => void;
  readonly wants: ((kind: InspectKind) => boolean) | undefined;
  hasLeft: boolean;
}

/** Which kinds a guest can cause without end. */
const floods: Readonly<Partial<Record<InspectKind, Flood>>> = {
  log: "log",
  "dead-letter": "dead-letter",
  register: "name",
  unregister: "name",
};

export class Inspection {
  /** Replaced as a whole: one that stops listening in the middle of an event disturbs nobody. */
  #listeners: readonly Listener[] = [];
  readonly #notices: Notices;
  readonly #clock: Clock;
  #number = 0;

  constructor(notices: Notices, clock: Clock) {
    this.#notices = notices;
    this.#clock = clock;
  }

  /** Something has happened: tells `callback`, the embedder's own for it, and then those that inspect, when no guest is on the stack. */
  tell(happening: Happening, name?: string, callback?: () => unknown): void {
    const { kind } = happening;
    const listeners = this.#listeners.length === 0 ? this.#listeners : this.#listeners.filter(l => this.#asks(l, kind));
    if (listeners.length === 0 && callback === undefined) return;
    const { callOut } = this.#notices;
    const event =
      listeners.length === 0 ? undefined : { number: ++this.#number, atMs: this.#clock.now(), ...happening };
    this.#notices.add(() => {
      if (name !== undefined && callback !== undefined) callOut.run(name, callback);
      if (event === undefined) return;
      for (const { take, hasLeft } of listeners) if (!hasLeft) callOut.run("a listener of inspect", () => take(event));
    }, floods[kind]);
  }

  /** Whether an event of this kind is worth making. */
  wants(kind: InspectKind): boolean {
    for (const listener of this.#listeners) if (this.#asks(listener, kind)) return true;
    return false;
  }

  /** Returns what ends it. */
  listen(take: Listener["take"], wants: Listener["wants"]): () => void {
    const listener = { take, wants, hasLeft: false };
    this.#listeners = [...this.#listeners, listener];
    return () => {
      listener.hasLeft = true;
      this.#listeners = this.#listeners.filter(other => other !== listener);
    };
  }

  #asks({ wants }: Listener, kind: InspectKind): boolean {
    if (wants === undefined) return true;
    try {
      return wants(kind);
    } catch (error) {
      // A guest may be on the stack.
      this.#notices.add(() => this.#notices.callOut.failed("wants of inspect", error), floods[kind]);
      return false;
    }
  }
}
