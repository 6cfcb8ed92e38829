/**
 * A table of any length. Only the visible rows exist, and only they are requested. All rows have
 * the same height, so the position of each is known without the others.
 */
import { el, setAttribute, setText } from "../page/dom.ts";
import { oneAtATime } from "../page/one-at-a-time.ts";
import type { Page } from "./protocol.ts";

/** The row height in list.css, with its border. */
const ROW_PX = 30;
/** Rows that are requested above and below the visible ones. */
const BEYOND = 20;

/** list.css says how much that is. */
type Room = "medium" | "wide";

export interface Column<T> {
  readonly title: string;
  /** The tooltip: what the values mean. */
  readonly about: string;
  /** Columns without a width share the rest. */
  readonly widthPx?: number;
  readonly sort?: string;
  readonly isNumber?: boolean;
  /** The same in a list that is not of medium width. */
  readonly narrowPx?: number;
  /** It is shown only if the list has so much room. */
  readonly room?: Room;
  fill(cell: HTMLTableCellElement, row: T): void;
}

export interface TableOptions<T extends { readonly pid: string }> {
  readonly columns: readonly Column<T>[];
  readonly empty: string;
  load(from: number, count: number): Promise<Page<T>>;
  open(pid: string): void;
  /** Called with a key, such as ArrowLeft, that was pressed on a row. */
  press?(key: string, pid: string): void;
  /** Called when a heading was clicked. */
  sort?(key: string): void;
}

export class VirtualTable<T extends { readonly pid: string }> {
  readonly #scroller: HTMLElement;
  readonly #options: TableOptions<T>;
  readonly #body = el("tbody");
  readonly #above = el("td");
  readonly #below = el("td");
  readonly #empty: HTMLElement;
  readonly #rows: HTMLTableRowElement[] = [];
  readonly #table: HTMLTableElement;
  #page: Page<T> = { total: 0, from: 0, rows: [] };
  #selected = "";
  readonly #onScroll = () => {
    this.#render();
    // The page reports a server that does not answer.
    if (!this.#covers()) this.refresh().catch(() => {});
  };

  constructor(scroller: HTMLElement, options: TableOptions<T>) {
    this.#scroller = scroller;
    this.#options = options;
    const columns = options.columns;
    const widths = columns.map(column => {
      const col = el("col", classOf(column));
      const { widthPx, narrowPx = widthPx } = column;
      if (widthPx !== undefined) col.style.setProperty("--width", `${widthPx}px`);
      if (narrowPx !== undefined) col.style.setProperty("--narrow", `${narrowPx}px`);
      return col;
    });
    const heads = columns.map(column => this.#head(column));
    this.#empty = el("p", { class: "empty" }, options.empty);
    this.#empty.hidden = true;
    this.#table = el("table", {}, el("colgroup", {}, ...widths), el("thead", {}, el("tr", {}, ...heads)), this.#body);
    this.#body.append(el("tr", { class: "space" }, this.#above), el("tr", { class: "space" }, this.#below));
    scroller.replaceChildren(this.#table, this.#empty);
    scroller.addEventListener("scroll", this.#onScroll, { passive: true });
  }

  /** Called when another list takes its place. */
  leave(): void {
    this.#scroller.removeEventListener("scroll", this.#onScroll);
  }

  showSort(key: string, descending: boolean): void {
    for (const head of this.#table.querySelectorAll("th")) {
      const order = head.dataset.sort === key ? (descending ? "descending" : "ascending") : undefined;
      setAttribute(head, "aria-sort", order);
    }
  }

  select(pid: string): void {
    this.#selected = pid;
    this.#render();
  }

  /** Requests the visible rows. */
  readonly refresh = oneAtATime(async () => {
    const [first, count] = this.#seen();
    const from = Math.max(0, first - BEYOND);
    this.#page = await this.#options.load(from, count + 2 * BEYOND);
    this.#render();
  });

  /** The first visible row, and how many rows fit. */
  #seen(): [first: number, count: number] {
    const first = Math.max(0, Math.floor(this.#scroller.scrollTop / ROW_PX));
    return [first, Math.ceil(this.#scroller.clientHeight / ROW_PX) + 1];
  }

  #covers(): boolean {
    const [first, count] = this.#seen();
    const { from, rows, total } = this.#page;
    return from <= first && Math.min(first + count, total) <= from + rows.length;
  }

  #render(): void {
    const { total, from, rows } = this.#page;
    const [seen, most] = this.#seen();
    const first = Math.min(seen, Math.max(0, total - most));
    const shown = Math.min(most, total - first);
    this.#empty.hidden = total > 0;
    this.#above.style.height = `${first * ROW_PX}px`;
    this.#below.style.height = `${(total - first - shown) * ROW_PX}px`;
    while (this.#rows.length < shown) this.#addRow();
    this.#rows.forEach((element, i) => {
      element.hidden = i >= shown;
      if (i < shown) this.#fill(element, rows[first + i - from]);
    });
  }

  #fill(element: HTMLTableRowElement, row: T | undefined): void {
    // A row without a pid stands for no actor.
    const pid = row === undefined || row.pid === "" ? undefined : row.pid;
    setAttribute(element, "data-pid", pid);
    setAttribute(element, "aria-selected", pid !== undefined && pid === this.#selected ? "true" : undefined);
    this.#options.columns.forEach((column, i) => {
      const cell = element.cells[i];
      if (row === undefined) setText(cell, "");
      else column.fill(cell, row);
    });
  }

  #addRow(): void {
    const cells = this.#options.columns.map(column => el("td", classOf(column)));
    const row = el("tr", { tabindex: "0" }, ...cells);
    const open = () => {
      if (row.dataset.pid !== undefined) this.#options.open(row.dataset.pid);
    };
    row.addEventListener("click", open);
    row.addEventListener("keydown", ({ key, target }) => {
      if (target !== row) return;
      if (key === "Enter") open();
      else if (row.dataset.pid !== undefined) this.#options.press?.(key, row.dataset.pid);
    });
    this.#rows.push(row);
    this.#below.parentElement?.before(row);
  }

  #head(column: Column<T>): HTMLTableCellElement {
    const { title, about, sort } = column;
    const head = el("th", { scope: "col", title: about, ...classOf(column) });
    if (sort === undefined) {
      head.append(el("span", {}, title));
      return head;
    }
    head.dataset.sort = sort;
    const press = el("button", { type: "button" }, title);
    press.addEventListener("click", () => this.#options.sort?.(sort));
    head.append(press);
    return head;
  }
}

function classOf({ isNumber, room }: Pick<Column<never>, "isNumber" | "room">): { class: string } {
  return { class: `${isNumber ? "number" : ""} ${room ?? ""}`.trim() };
}
