/**
 * Who talks to whom: the last messages of the actors that are followed, as a sequence diagram. Each actor
 * has a lane, and each message is an arrow from lane to lane. Where there is no room for lanes, a line says
 * who has sent it to whom.
 */
import { escapeControls } from "../../wire/escape-controls.ts";
import { button, el } from "../page/dom.ts";
import { bytes, count, timeOfDayMs } from "../page/text.ts";
import { ask } from "./api.ts";
import { pidLink } from "./ends.ts";
import type { Followed } from "./followed.ts";
import type { ActorRef, MessagePage, MessageRow } from "./protocol.ts";

/** How many messages the page shows. */
const SHOWN = 300;
/** How many lanes there are at most. The last one is for all others, if there are more. */
const LANES = 7;
const HOST = "<host>";

type Open = (pid: string) => void;

/** What a message is, apart from who sends it to whom. */
export function messageNodes({ kind, tag, length, payload, refused }: MessageRow): Node[] {
  const text = payload.text === undefined ? payload.hex : escapeControls(payload.text, true);
  const nodes = [
    kind !== "message" && el("span", { class: "badge" }, kind),
    refused !== undefined && el("span", { class: "badge alarm" }, refused),
    tag !== 0 && el("small", {}, `tag ${tag}`),
    el("small", {}, bytes(length)),
    text !== "" && el("code", { title: payload.hex }, `${text}${payload.cut ? " …" : ""}`),
  ];
  return nodes.filter(node => node !== false);
}

/** The last messages of one actor, in its details. */
export function messagesOf(pid: string, rows: readonly MessageRow[], open: Open): HTMLElement {
  const items = rows.toReversed().map(row => {
    const isOwn = row.from.pid === pid;
    const line = el(
      "div",
      { class: "line" },
      el("time", {}, timeOfDayMs(row.atMs)),
      el("span", {}, el("small", {}, isOwn ? "to " : "from "), pidLink(isOwn ? row.to : row.from, open)),
      ...messageNodes(row),
    );
    return el("li", {}, line);
  });
  return el("ol", { class: "items" }, ...items);
}

export class MessageList {
  readonly #host: HTMLElement;
  readonly #open: Open;
  readonly #followed: Followed;
  /** The messages that are shown, the oldest first. */
  #rows: MessageRow[] = [];
  /** Says what is shown, so that nothing is made again without need. */
  #shown = "";

  constructor(host: HTMLElement, followed: Followed, open: Open) {
    this.#host = host;
    this.#followed = followed;
    this.#open = open;
  }

  async refresh(filter: string): Promise<void> {
    const page = await ask<MessagePage>("messages", { after: this.#rows.at(-1)?.number ?? 0 });
    this.#rows = [...this.#rows, ...page.rows].slice(-SHOWN);
    // Who is not followed any more takes its messages along, if nobody else in them is.
    const pids = new Set(page.followed.map(({ pid }) => pid));
    this.#rows = this.#rows.filter(({ from, to }) => pids.has(from.pid) || pids.has(to.pid));
    const rows = this.#rows.filter(row => matches(row, filter.toLowerCase()));
    const shown = JSON.stringify([page.followed, filter, rows.at(0)?.number, rows.at(-1)?.number, rows.length]);
    if (this.#shown === shown) return;
    this.#shown = shown;
    this.#show(page.followed, rows, filter);
  }

  #show(followed: readonly ActorRef[], rows: readonly MessageRow[], filter: string): void {
    const host = this.#host;
    const isAtEnd = host.scrollTop + host.clientHeight >= host.scrollHeight - 40;
    if (followed.length === 0) {
      host.replaceChildren(el("p", { class: "empty" }, HOW_TO));
      return;
    }
    const nothing = filter === "" ? "No message of these actors yet." : "No message of these actors matches.";
    host.replaceChildren(
      this.#chips(followed),
      rows.length === 0 ? el("p", { class: "empty" }, nothing) : this.#diagram(followed, rows, filter !== ""),
    );
    // The newest message is the last one. Who has scrolled up to read stays there.
    if (isAtEnd) host.scrollTop = host.scrollHeight;
  }

  #chips(followed: readonly ActorRef[]): HTMLElement {
    const chips = followed.map(ref => {
      const stop = button("×", { "aria-label": `Stop following ${ref.pid}`, title: "Stop following it" }, () => {
        void this.#followed.toggle(ref.pid).catch(() => {});
      });
      return el("span", { class: "chip" }, pidLink(ref, this.#open), stop);
    });
    return el("p", { class: "chips" }, el("small", {}, "Following"), ...chips);
  }

  #diagram(followed: readonly ActorRef[], rows: readonly MessageRow[], isFiltered: boolean): HTMLElement {
    const [lanes, hasOthers] = lanesOf(followed, rows);
    const laneOf = (pid: string) => {
      const lane = lanes.findIndex(other => other.pid === pid);
      return lane < 0 ? lanes.length : lane;
    };
    const columns = lanes.length + Number(hasOthers);
    const heads = lanes.map(lane =>
      el("span", { class: "lane", title: titleOf(lane) }, pidLink(named(lane), this.#open)),
    );
    if (hasOthers) heads.push(el("span", { class: "lane" }, "others"));
    const list = el(
      "ol",
      { class: "sequence" },
      el("li", { class: "heads" }, el("span", {}), ...heads, el("span", {})),
    );
    list.style.setProperty("--lanes", String(columns));
    let before = rows[0].number - 1;
    for (const row of rows) {
      const missed = isFiltered ? 0 : row.number - before - 1;
      if (missed > 0) list.append(el("li", { class: "missed" }, `${count(missed)} more, not kept`));
      before = row.number;
      list.append(this.#row(row, laneOf(row.from.pid), laneOf(row.to.pid), columns));
    }
    return list;
  }

  #row(row: MessageRow, from: number, to: number, columns: number): HTMLElement {
    const lanes = Array.from({ length: columns }, (_, lane) => {
      const line = el("span", { class: "lane", "aria-hidden": "true" });
      line.style.gridColumn = String(lane + 2);
      return line;
    });
    const [left, right] = [Math.min(from, to), Math.max(from, to)];
    const way = from === to ? "self" : from < to ? "right" : "left";
    const arrow = el("span", { class: `arrow ${way} ${row.refused === undefined ? row.kind : "refused"}` });
    arrow.style.gridColumn = `${left + 2} / ${right + 3}`;
    // From the middle of a lane to the middle of another.
    if (from !== to) arrow.style.marginInline = `${50 / (right - left + 1)}%`;
    const who = el(
      "span",
      { class: "who" },
      pidLink(named(row.from), this.#open),
      " → ",
      pidLink(named(row.to), this.#open),
    );
    return el(
      "li",
      { "data-number": String(row.number) },
      el("time", {}, timeOfDayMs(row.atMs)),
      ...lanes,
      arrow,
      el("span", { class: "what" }, who, ...messageNodes(row)),
    );
  }
}

const HOW_TO =
  "No actor is followed. Press ○ in the row of an actor, or Follow in its details: from then on its last messages are kept and shown here. Each of its messages costs about a microsecond more meanwhile.";

/** Actors that have a lane: first those that are followed, then those who have most messages with them. */
function lanesOf(followed: readonly ActorRef[], rows: readonly MessageRow[]): [lanes: ActorRef[], hasOthers: boolean] {
  const refs = new Map(rows.flatMap(({ from, to }) => [from, to]).map(ref => [ref.pid, ref]));
  const counts = new Map<string, number>();
  for (const { from, to } of rows) for (const { pid } of [from, to]) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  const isFollowed = (pid: string) => followed.some(ref => ref.pid === pid);
  const countOf = ({ pid }: ActorRef) => counts.get(pid) ?? 0;
  const others = [...refs.values()].filter(({ pid }) => !isFollowed(pid)).sort((a, b) => countOf(b) - countOf(a));
  // Who is followed and has said nothing needs no lane.
  const lanes = [...followed.filter(({ pid }) => refs.has(pid)), ...others];
  return lanes.length <= LANES ? [lanes, false] : [lanes.slice(0, LANES - 1), true];
}

/** A lane is narrow: a name says more than a pid. */
function named({ pid, label }: ActorRef): ActorRef & { readonly text?: string } {
  return label === "" || label === "ended" ? { pid, label: "" } : { pid, label: "", text: label };
}

function titleOf({ pid, label }: ActorRef): string {
  return pid === HOST ? "the host" : `${pid} ${escapeControls(label)}`;
}

function matches({ from, to, kind, payload, refused = "" }: MessageRow, filter: string): boolean {
  const words = [from.pid, from.label, to.pid, to.label, kind, payload.text ?? payload.hex, refused];
  return filter === "" || words.some(word => word.toLowerCase().includes(filter));
}
