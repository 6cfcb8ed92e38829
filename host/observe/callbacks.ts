/**
 * Reports log lines, dead letters and dropped notices to the embedder's callbacks and to the
 * listeners of `inspect`.
 */

import type { Actor } from "../actor/actor.ts";
import type { Inspection } from "../time/inspection.ts";
import { type Flood, MAX_WAITING } from "../time/notices.ts";
import { escapeControls } from "../wire/escape-controls.ts";
import type { Counters, DeadLetter, LogLevel } from "../wire/events.ts";
import { formatPid, type Pid } from "../wire/pid.ts";

const dropped: Readonly<Record<Flood, string>> = {
  log: "log lines",
  "dead-letter": "dead letters",
  name: "changes of names",
};

/** The embedder's callbacks, if there are any. */
interface Given {
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  readonly onLog?: (pid: Pid, level: LogLevel, text: string) => void;
}

export class Callbacks {
  readonly #given: Given;
  readonly #inspection: Inspection;
  readonly #counters: Counters;

  constructor(given: Given, inspection: Inspection, counters: Counters) {
    this.#given = given;
    this.#inspection = inspection;
    this.#counters = counters;
  }

  deadLetter(from: Pid, to: Pid, tag: number, length: number, why: DeadLetter["why"]): void {
    const { onDeadLetter } = this.#given;
    if (onDeadLetter !== undefined || this.#inspection.wants("dead-letter")) {
      const letter = { from, to, tag, length, why };
      const callback = onDeadLetter && (() => onDeadLetter(letter));
      this.#inspection.tell({ kind: "dead-letter", ...letter }, "onDeadLetter", callback);
    }
    // Last, because the lines above may exhaust a guest's stack.
    this.#counters.dead++;
  }

  log({ pid }: Actor, level: LogLevel, text: string): void {
    this.#inspection.tell({ kind: "log", pid, level, text }, "onLog", () => this.write(pid, level, text));
  }

  dropped(what: Flood, count: number): void {
    this.#counters.untold += count;
    const text = `${count} ${dropped[what]} of one turn were dropped: a turn may cause ${MAX_WAITING}`;
    this.#inspection.tell({ kind: "dropped", what, count }, "onLog", () => this.write(0, "warning", text));
  }

  /** Writes a line of a log. */
  write(pid: Pid, level: LogLevel, text: string): unknown {
    const { onLog } = this.#given;
    if (onLog !== undefined) return onLog(pid, level, text);
    console.log(`${pid === 0 ? "isopod" : formatPid(pid)} ${level}: ${escapeControls(text)}`);
  }
}
