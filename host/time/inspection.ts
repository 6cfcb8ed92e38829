/**
 * What happens in a runtime, told to whoever listens. Messages are no events: they are counted. Where nobody listens, an event is one look at an
 * empty list, and only in places that are no message's way.
 */

import type { InspectEvent, InspectKind } from "../wire/events.ts";
import type { Clock } from "./clock.ts";
import type { Flood, Notices } from "./notices.ts";

/** An event before it has its number and its time. */
type Happening<Event = InspectEvent> = Event extends unknown ? Omit<Event, "number" | "atMs"> : never;

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
