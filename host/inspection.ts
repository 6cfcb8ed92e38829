/**
 * What happens in a runtime, told to whoever listens. Messages are no events: they are counted. Where nobody listens, an event is one look at an
 * empty list, and only in places that are no message's way.
 */
import type { ActorExit } from "./ends.ts";
import type { LogLevel } from "./imports.ts";
import type { Notices } from "./notices.ts";
import type { Pid } from "./pid.ts";
import type { DeadLetter } from "./post.ts";
import type { ChildReport } from "./supervisor.ts";

/** Something that has happened; `atMs` is on the runtime's clock. */
export type InspectEvent = { readonly atMs: number } & (
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
);

export type InspectKind = InspectEvent["kind"];

interface Listener {
  readonly take: (event: InspectEvent) => void;
  readonly wants: ((kind: InspectKind) => boolean) | undefined;
}

export class Inspection {
  /** Replaced as a whole: one that stops listening in the middle of an event disturbs nobody. */
  #listeners: readonly Listener[] = [];
  readonly #notices: Notices;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  /** Whether an event of this kind is worth making. */
  wants(kind: InspectKind): boolean {
    for (const { wants } of this.#listeners) if (wants === undefined || wants(kind)) return true;
    return false;
  }

  /** Tells it to those that want it, when no guest is on the stack. What they throw is the embedder's own, and stops nothing. */
  tell(event: InspectEvent): void {
    for (const { take, wants } of this.#listeners) {
      if (wants === undefined || wants(event.kind)) this.#notices.add(() => take(event));
    }
  }

  /** Returns what ends it. */
  listen(take: Listener["take"], wants: Listener["wants"]): () => void {
    const listener = { take, wants };
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter(other => other !== listener);
    };
  }
}
