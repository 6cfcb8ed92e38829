/**
 * Events of a runtime, and their listeners (`runtime.inspect`). Messages are counted and are not
 * events. Without listeners an event costs one look at an empty list, and the path of a message has
 * no events at all.
 */

import type { InspectEvent, InspectKind } from "../wire/events.ts";
import type { Clock } from "./clock.ts";
import type { Flood, Notices } from "./notices.ts";

/** An event without its number and its time. */
type NewEvent<Event = InspectEvent> = Event extends unknown ? Omit<Event, "number" | "atMs"> : never;

interface Listener {
  readonly take: (event: InspectEvent) => void;
  readonly wants: ((kind: InspectKind) => boolean) | undefined;
  /** Set when it is removed, which may be in the middle of an event. */
  isRemoved: boolean;
}

/** The kinds that a guest can cause as often as it likes. */
const floods: Readonly<Partial<Record<InspectKind, Flood>>> = {
  log: "log",
  "dead-letter": "dead-letter",
  register: "name",
  unregister: "name",
};

export class Inspection {
  /** Never changed in place, so that a listener may stop listening in the middle of an event. */
  #listeners: readonly Listener[] = [];
  readonly #notices: Notices;
  readonly #clock: Clock;
  #number = 0;
  /** Called when there is another listener. */
  onListener: () => void = () => {};

  constructor(notices: Notices, clock: Clock) {
    this.#notices = notices;
    this.#clock = clock;
  }

  /**
   * Reports an event: first to `callback`, the embedder's own for this event, then to the
   * listeners. Both are called when no guest is on the stack. `name` is the callback's name.
   */
  tell(newEvent: NewEvent, name?: string, callback?: () => unknown): void {
    const { kind } = newEvent;
    const listeners = this.#listeners.length === 0 ? this.#listeners : this.#listeners.filter(l => this.#asks(l, kind));
    if (listeners.length === 0 && callback === undefined) return;
    const { callOut } = this.#notices;
    const event = listeners.length === 0 ? undefined : { number: ++this.#number, atMs: this.#clock.now(), ...newEvent };
    this.#notices.add(() => {
      if (name !== undefined && callback !== undefined) callOut.run(name, callback);
      if (event === undefined) return;
      for (const { take, isRemoved } of listeners)
        if (!isRemoved) callOut.run("a listener of inspect", () => take(event));
    }, floods[kind]);
  }

  /** Whether any listener wants events of this kind. */
  wants(kind: InspectKind): boolean {
    for (const listener of this.#listeners) if (this.#asks(listener, kind)) return true;
    return false;
  }

  /** Adds a listener. Returns a function that removes it. */
  listen(take: Listener["take"], wants: Listener["wants"]): () => void {
    const listener = { take, wants, isRemoved: false };
    this.#listeners = [...this.#listeners, listener];
    this.onListener();
    return () => {
      listener.isRemoved = true;
      this.#listeners = this.#listeners.filter(other => other !== listener);
    };
  }

  #asks({ wants }: Listener, kind: InspectKind): boolean {
    if (wants === undefined) return true;
    try {
      return wants(kind);
    } catch (error) {
      // A guest may be on the stack, so the error is reported later.
      this.#notices.add(() => this.#notices.callOut.failed("wants of inspect", error), floods[kind]);
      return false;
    }
  }
}
