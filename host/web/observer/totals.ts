/** The line of totals at the top of the page. */
import { el, setAttribute } from "../page/dom.ts";
import { bytes, count, milliseconds, percent, short } from "../page/text.ts";
import type { Overview, Sample } from "./protocol.ts";

export class Totals {
  readonly #host: HTMLElement;
  /** By title. A row is made once, and then only changed. */
  readonly #rows = new Map<string, HTMLElement>();

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  /** @param sample the last one; undefined in the first second */
  show(now: Overview, sample: Sample | undefined): void {
    const { counters, mailboxItems } = now;
    const rate = sample === undefined ? "–" : short(sample.receivedPerSecond);
    const delay = sample?.queueMaxMs == null ? "–" : milliseconds(sample.queueMaxMs);
    this.#show("guests alive", count(now.guests));
    this.#show("messages a second", rate);
    this.#show("waiting in mailboxes", count(mailboxItems), mailboxItems > 0 ? bytes(now.mailboxBytes) : "");
    this.#show("in the run queue", count(now.runQueue));
    this.#show("queue delay, worst", delay, "ms");
    this.#show("CPU of guests", now.cpu === undefined ? "–" : percent(now.cpu));
    this.#show("memory of guests", bytes(now.memoryBytes));
    this.#show("spawned", short(counters.spawned));
    // Old ones alarm no one: only those of the last second do.
    this.#show("dead letters", short(counters.dead), "", (sample?.deadPerSecond ?? 0) > 0);
  }

  #show(title: string, value: string, unit = "", isAlarm = false): void {
    let row = this.#rows.get(title);
    if (row === undefined) {
      row = el("div", {}, el("dt", {}, title), el("dd"));
      this.#rows.set(title, row);
      this.#host.append(row);
    }
    setAttribute(row, "data-alarm", String(isAlarm));
    const shown = row.lastElementChild as HTMLElement;
    if (shown.textContent !== value + unit) shown.replaceChildren(value, unit === "" ? "" : el("small", {}, unit));
  }
}
