/**
 * The tree: supervisors above their children, guests above the actors that they have spawned. Children
 * are requested when a row is opened, a page at a time.
 */
import { escapeControls } from "../../wire/escape-controls.ts";
import { button, el, setText } from "../page/dom.ts";
import { oneAtATime } from "../page/one-at-a-time.ts";
import { count } from "../page/text.ts";
import { age, cpu, items, memory, moduleText, pid, state } from "./actors.ts";
import { ask, inPath } from "./api.ts";
import type { TreePage, TreeRow } from "./protocol.ts";
import { type Column, VirtualTable } from "./table.ts";

const PAGE = 100;
/** So many supervisors are open from the start. */
const OPEN_AT_FIRST = 20;
const INDENT_PX = 18;
/** Deeper rows are not indented further. */
const DEEPEST = 24;
const HOST = "<host>";

/** A row as it is shown. */
interface ShownRow extends TreeRow {
  readonly depth: number;
  readonly isOpen: boolean;
  /** The row stands for so many further children of `parent`. */
  readonly more?: { readonly parent: string; readonly count: number };
}

export class TreeList {
  readonly #table: VirtualTable<ShownRow>;
  readonly #filter: () => string;
  /** How many pages are shown of what stands below an actor, by its pid. 0: the reader has closed it. */
  readonly #pages = new Map<string, number>();
  /** The reader has closed all rows, so that no supervisor opens by itself. */
  #isClosed = false;
  #rows: ShownRow[] = [];

  constructor(host: HTMLElement, filter: () => string, open: (pid: string) => void) {
    this.#filter = filter;
    this.#table = new VirtualTable<ShownRow>(host, {
      columns: [this.#place(), ...others],
      empty: "No actor is alive, or none matches.",
      load: async (from, most) => ({ total: this.#rows.length, from, rows: this.#rows.slice(from, from + most) }),
      open,
      press: (key, pid) => {
        if (key === "ArrowRight") this.#show(pid, Math.max(1, this.#pages.get(pid) ?? 0));
        if (key === "ArrowLeft") this.#show(pid, 0);
      },
    });
  }

  leave(): void {
    this.#table.leave();
  }

  select(pid: string): void {
    this.#table.select(pid);
  }

  closeAll(): void {
    this.#isClosed = true;
    this.#pages.clear();
    this.refresh().catch(() => {});
  }

  readonly refresh = oneAtATime(async () => {
    const rows: ShownRow[] = [];
    await this.#load(rows, HOST, 0, this.#filter());
    this.#rows = rows;
    await this.#table.refresh();
  });

  /** Adds what stands below an actor, and below those of it that are open. */
  async #load(shown: ShownRow[], parent: string, depth: number, filter: string): Promise<void> {
    let at = HOST;
    let listed = 0;
    for (let left = this.#pages.get(parent) ?? 1; left > 0; left--) {
      const page = await ask<TreePage>("tree", { parent: inPath(parent), at: inPath(at), count: PAGE, filter });
      for (const row of page.rows) {
        const isOpen = filter === "" && row.children > 0 && this.#isOpen(row);
        shown.push({ ...row, depth, isOpen });
        if (isOpen) await this.#load(shown, row.pid, depth + 1, "");
      }
      listed += page.rows.length;
      if (page.next === undefined) return;
      at = page.next;
      const rest = { parent, count: Math.max(1, page.total - listed) };
      if (left === 1) shown.push({ ...nothing, depth, more: rest });
    }
  }

  #isOpen({ pid, kind }: TreeRow): boolean {
    const pages = this.#pages.get(pid);
    const staysClosed = this.#isClosed || kind !== "supervisor" || this.#pages.size >= OPEN_AT_FIRST;
    if (pages !== undefined || staysClosed) return (pages ?? 0) > 0;
    this.#pages.set(pid, 1);
    return true;
  }

  #show(pid: string, pages: number): void {
    this.#pages.set(pid, pages);
    this.refresh().catch(() => {});
  }

  #place(): Column<ShownRow> {
    return {
      title: "Actor",
      about: "Supervisors with their children; guests with the actors that they have spawned",
      fill: (cell, row) => {
        const label = row.id ?? (row.name !== "" ? row.name : moduleText(row));
        const spare = [row.name, row.module].filter(word => word !== undefined && word !== "" && word !== label);
        const notes = [row.strategy, ...spare].filter(word => word !== undefined).map(word => escapeControls(word));
        cell.style.paddingLeft = `${10 + INDENT_PX * Math.min(row.depth, DEEPEST)}px`;
        const text = [row.pid, label, ...notes, row.isOpen, row.children, row.more?.parent, row.more?.count].join("\n");
        if (cell.dataset.text === text) return;
        cell.dataset.text = text;
        if (row.more === undefined) cell.replaceChildren(...this.#nodes(row, label, notes.join(", ")));
        else cell.replaceChildren(this.#more(row.more));
      },
    };
  }

  #nodes({ pid, children, isOpen }: ShownRow, label: string, notes: string): (Node | string)[] {
    const title = `${isOpen ? "Close" : "Open"} ${pid}`;
    const expanded = { class: "toggle", "aria-expanded": String(isOpen), "aria-label": title };
    const toggle = button(isOpen ? "▾" : "▸", expanded, () => this.#show(pid, isOpen ? 0 : 1));
    return [
      children > 0 ? toggle : el("span", { class: "toggle" }),
      el("span", { class: "strong" }, escapeControls(label)),
      children > 0 ? el("span", { class: "badge" }, count(children)) : "",
      "  ",
      el("small", {}, notes),
    ];
  }

  #more({ parent, count: rest }: NonNullable<ShownRow["more"]>): HTMLElement {
    const more = () => this.#show(parent, (this.#pages.get(parent) ?? 1) + 1);
    return button(`${count(rest)} more`, { class: "link" }, more);
  }
}

/** The row of a page's end, apart from what it says. */
const nothing: ShownRow = {
  pid: "",
  name: "",
  kind: "mailbox",
  state: "idle",
  items: 0,
  bytes: 0,
  links: 0,
  ageMs: 0,
  children: 0,
  restarts: 0,
  depth: 0,
  isOpen: false,
};

const restarts: Column<TreeRow> = {
  title: "Restarts",
  about: "How often its supervisor has started it again, since the observer began",
  widthPx: 84,
  isNumber: true,
  fill(cell, row) {
    setText(cell, row.id === undefined ? "" : count(row.restarts));
    cell.classList.toggle("quiet", row.restarts === 0);
  },
};

/** These columns cannot be sorted, because the order is the tree's. */
const others: readonly Column<ShownRow>[] = [pid, state, restarts, items, cpu, memory, age].map(
  ({ sort: _, fill, ...rest }) => ({
    ...rest,
    fill(cell, row) {
      if (row.more === undefined) {
        fill(cell, row);
      } else {
        setText(cell, "");
        cell.classList.remove("state");
      }
    },
  }),
);
