/** The lists of crashes and of events. Both only grow; the newest entry comes first. */
import { escapeControls } from "../../wire/escape-controls.ts";
import { button, el } from "../page/dom.ts";
import { bytes, count, timeOfDay } from "../page/text.ts";
import { ask, fileOf } from "./api.ts";
import type { EndGroup, EndPage, EndRow, EventRow, ItemRow } from "./protocol.ts";

/** How many events the page shows. */
const EVENTS_SHOWN = 300;

type Open = (pid: string) => void;

interface Linked {
  readonly pid: string;
  readonly label?: string;
  /** What is shown instead of both. */
  readonly text?: string;
}

export function pidLink({ pid, label = "", text }: Linked, open: Open): Node {
  const shown = text === undefined ? (label === "" ? pid : `${pid} ${escapeControls(label)}`) : escapeControls(text);
  if (pid === "<host>") return el("span", { class: "quiet" }, "host");
  return button(shown, { class: "link", title: pid }, () => open(pid));
}

export function itemNodes(item: ItemRow, open: Open): Node[] {
  const { kind, from, tag, ref, reason, length, payload } = item;
  const isSignal = kind === "down" || kind === "exit";
  const line = el(
    "div",
    { class: "line" },
    el("span", { class: "strong" }, kind),
    el("span", {}, el("small", {}, "from "), pidLink(from, open)),
    !isSignal && el("span", {}, el("small", {}, "tag "), String(tag)),
    ref !== 0 && el("span", {}, el("small", {}, "ref "), String(ref)),
    !isSignal && el("span", { class: "quiet" }, bytes(length)),
    reason !== undefined && el("span", {}, escapeControls(reason)),
  );
  if (payload.hex === "" || isSignal) return [line];
  const more = payload.cut ? " …" : "";
  const text = payload.text === undefined ? payload.hex + more : escapeControls(payload.text, true) + more;
  return [line, el("pre", { title: payload.hex }, text)];
}

export function endNode(end: EndRow | EndGroup, open: Open): HTMLElement {
  const { child, last } = end;
  const group = "times" in end && end.times > 1 ? end : undefined;
  const who = [end.name, end.module]
    .filter(word => word !== undefined && word !== "")
    .map(word => escapeControls(String(word)));
  return el(
    "li",
    { "data-pid": end.pid, "data-group": `${end.module} ${end.reason}` },
    el(
      "div",
      { class: "line" },
      el("time", {}, timeOfDay(end.atMs)),
      pidLink({ pid: end.pid }, open),
      el("span", { class: "strong" }, who.join(" · ")),
      group && el("span", { class: "badge" }, `${count(group.times)} times since ${timeOfDay(group.firstMs)}`),
      child && el("span", { class: "badge" }, `supervisor: ${escapeControls(child.action)}`),
    ),
    el("p", { class: "reason" }, escapeControls(end.reason)),
    group && el("p", { class: "line" }, el("small", {}, "also "), ...group.others.map(pid => pidLink({ pid }, open))),
    end.recording !== undefined && saveButton(end.recording, end.index),
    last && el("details", { open: "" }, el("summary", {}, "Last message"), ...itemNodes(last, open)),
    end.stack !== "" && el("details", {}, el("summary", {}, "Stack"), el("pre", {}, escapeControls(end.stack, true))),
  );
}

/** Saves the recording of a crash as a file, which `isopod replay` plays. */
function saveButton(name: string, index: number): HTMLElement {
  const save = button(
    "Save the recording",
    { title: `${name}: isopod replay plays it. It holds all messages` },
    async () => {
      try {
        const address = URL.createObjectURL(await fileOf("recording", { index }));
        el("a", { href: address, download: name }).click();
        URL.revokeObjectURL(address);
      } catch (error) {
        save.replaceWith(el("small", {}, error instanceof Error ? error.message : "it could not be saved"));
      }
    },
  );
  return save;
}

export function eventNode({ atMs, kind, pid, label = "", text, level }: EventRow, open: Open): HTMLElement {
  const bad = level === "error" || kind === "dead-letter" || kind === "report";
  return el(
    "li",
    {},
    el("time", {}, timeOfDay(atMs)),
    el("span", bad ? { class: "alarm" } : { class: "quiet" }, level === undefined ? kind : `log ${level}`),
    el("span", {}, pidLink({ pid, label }, open)),
    el("span", { class: "text" }, escapeControls(text)),
  );
}

/**
 * The list of crashes, a page at a time. It is rebuilt only after a change, so that an opened stack
 * stays open.
 */
export class EndList {
  readonly #host: HTMLElement;
  readonly #open: Open;
  /** The page shows crashes before this one. Infinity: the newest. */
  #before = Number.POSITIVE_INFINITY;
  #shown = "";

  constructor(host: HTMLElement, open: Open) {
    this.#host = host;
    this.#open = open;
  }

  async refresh(filter: string): Promise<void> {
    const before = this.#before;
    const page = await ask<EndPage>("ends", { filter, ...(before < Number.POSITIVE_INFINITY && { before }) });
    if (before !== this.#before) return;
    const { rows, hasOlder } = page;
    const state = `${filter} ${before} ${hasOlder} ${rows.map(({ index, child }) => `${index}${child?.action ?? ""}`).join()}`;
    if (this.#shown === state) return;
    this.#shown = state;
    const isNewest = before === Number.POSITIVE_INFINITY;
    const why = filter === "" && isNewest ? "has crashed or was killed since the observer began" : "matches";
    const turn = (text: string, to: number) => button(text, {}, () => this.#turn(to, filter));
    const opened = this.#opened();
    this.#host.replaceChildren(
      rows.length === 0
        ? el("p", { class: "empty" }, `No actor ${why}.`)
        : el("ol", { class: "entries" }, ...rows.map(end => endNode(end, this.#open))),
      el(
        "p",
        { class: "pages" },
        !isNewest && turn("Newest crashes", Number.POSITIVE_INFINITY),
        hasOlder && turn("Older crashes", rows.at(-1)?.index ?? 0),
      ),
    );
    this.#reopen(opened);
  }

  /** Which details are open, by the group of crashes. A further crash of a group closes nothing. */
  #opened(): ReadonlyMap<string, readonly boolean[]> {
    const groups = [...this.#host.querySelectorAll<HTMLElement>("li[data-group]")];
    return new Map(
      groups.map(group => [
        group.dataset.group ?? "",
        [...group.querySelectorAll("details")].map(details => details.open),
      ]),
    );
  }

  #reopen(opened: ReadonlyMap<string, readonly boolean[]>): void {
    for (const group of this.#host.querySelectorAll<HTMLElement>("li[data-group]")) {
      const states = opened.get(group.dataset.group ?? "");
      if (states === undefined) continue;
      group.querySelectorAll("details").forEach((details, i) => {
        details.open = states[i] ?? details.open;
      });
    }
  }

  #turn(before: number, filter: string): void {
    this.#before = before;
    this.#host.scrollTop = 0;
    this.refresh(filter).catch(() => {});
  }
}

/** The list of events. New events are added on top. */
export class EventList {
  readonly #host: HTMLElement;
  readonly #open: Open;
  readonly #list = el("ol", { class: "entries events" });
  readonly #empty = el("p", { class: "empty" }, "No event since the observer began, or none matches.");
  #last = 0;
  /** The filter and the kind of the events that are shown. */
  #which = "";

  constructor(host: HTMLElement, open: Open) {
    this.#host = host;
    this.#open = open;
  }

  /** @param kind a key of `eventFilters`; "": all kinds */
  async refresh(filter: string, kind: string): Promise<void> {
    const which = `${kind} ${filter}`;
    if (which !== this.#which) {
      this.#list.replaceChildren();
      this.#last = 0;
    }
    this.#which = which;
    const events = await ask<EventRow[]>("events", { after: this.#last, filter, kind });
    if (which !== this.#which) return;
    this.#last = events.at(-1)?.index ?? this.#last;
    this.#list.prepend(...events.reverse().map(event => eventNode(event, this.#open)));
    while (this.#list.children.length > EVENTS_SHOWN) this.#list.lastElementChild?.remove();
    const shown = this.#list.children.length === 0 ? this.#empty : this.#list;
    if (this.#host.firstChild !== shown) this.#host.replaceChildren(shown);
  }
}

export function countOf(length: number, total: number): string {
  return length < total ? `the first ${count(length)} of ${count(total)}` : count(total);
}
