/**
 * A mailbox that no guest knows, tied to actors: each of their ends it must be told once for each
 * tie, an Exit before the Down, with one reason, and nothing of that actor after it. What does not
 * hold is an error that says so.
 */
import { type ExitReason, formatPid, type HostMailbox, type Pid, type Runtime } from "../../../host/index.ts";

interface Mourned {
  readonly isLinked: boolean;
  readonly monitors: Set<number>;
  hasExit: boolean;
  reason: ExitReason["kind"] | undefined;
}

export class Mourner {
  readonly #mailbox: HostMailbox;
  readonly #mourned = new Map<Pid, Mourned>();

  constructor(runtime: Runtime) {
    this.#mailbox = runtime.mailbox();
  }

  /** Ties it to an actor that is alive, once. */
  tie(pid: Pid, isLinked: boolean): void {
    if (this.#mourned.has(pid)) return;
    if (isLinked) this.#mailbox.link(pid);
    const monitors = new Set([this.#mailbox.monitor(pid), this.#mailbox.monitor(pid)]);
    this.#mourned.set(pid, { isLinked, monitors, hasExit: false, reason: undefined });
  }

  /** Reads what has come. */
  read(): void {
    for (let item = this.#mailbox.poll(); item !== undefined; item = this.#mailbox.poll()) {
      const who = `${item.kind} of ${formatPid(item.from)}`;
      const found = this.#mourned.get(item.from);
      if (found === undefined) throw new Error(`${who}: it is no tie's`);
      if (item.kind === "exit") {
        if (!found.isLinked || found.hasExit) throw new Error(`${who}: there is no link`);
        if (found.reason !== undefined) throw new Error(`${who}: it came after a Down`);
        found.hasExit = true;
      } else if (item.kind === "down") {
        if (!found.monitors.delete(item.ref)) throw new Error(`${who}: the monitor was told already`);
        if (found.isLinked && !found.hasExit) throw new Error(`${who}: it came before the Exit`);
      } else throw new Error(`${who}: nobody knows this mailbox`);
      // Its bytes are left out where this mailbox is full of those of others.
      const { kind } = item.reason;
      if (found.reason !== undefined && found.reason !== kind) throw new Error(`${who}: ${kind}, and ${found.reason}`);
      found.reason = kind;
    }
  }

  /** Throws where an actor of these has ended, and not all ties to it know. */
  mustKnow(ended: (pid: Pid) => boolean): void {
    if (!this.#mailbox.isOpen) throw new Error("the mailbox that mourns was closed");
    this.read();
    for (const [pid, { isLinked, hasExit, monitors, reason }] of this.#mourned) {
      if (!ended(pid)) {
        if (reason !== undefined) throw new Error(`${formatPid(pid)} is alive, and told to have ended`);
        continue;
      }
      if (monitors.size > 0)
        throw new Error(`${formatPid(pid)} has ended, and ${monitors.size} monitors were not told`);
      if (isLinked && !hasExit) throw new Error(`${formatPid(pid)} has ended, and its link was not told`);
    }
  }
}
