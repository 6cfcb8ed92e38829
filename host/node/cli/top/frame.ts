/** The screen of `isopod top`, as lines of text. */

import type { ActorRow, SortKey } from "../../../web/observer/protocol.ts";
import { bytes, count, duration, milliseconds, rate, residence, short } from "../../../web/page/text.ts";
import { escapeControls } from "../../../wire/escape-controls.ts";
import type { Reading } from "./observer-client.ts";

export interface FrameOptions {
  readonly columns: number;
  /** Lines of the terminal. */
  readonly rows: number;
  readonly color: boolean;
  readonly sort: SortKey;
  /** The last line. Default: none. */
  readonly hint?: string;
}

interface Column {
  readonly key: SortKey;
  readonly title: string;
  readonly width: number;
  readonly isNumber?: boolean;
  text(row: ActorRow): string;
}

const columns: readonly Column[] = [
  { key: "pid", title: "PID", width: 20, text: row => row.pid },
  { key: "name", title: "NAME", width: 18, text: row => escapeControls(row.name) },
  { key: "module", title: "MODULE", width: 22, text: row => escapeControls(row.module ?? row.kind) },
  { key: "state", title: "STATE", width: 8, text: row => row.state },
  number("ITEMS", "items", 9, row => row.items, count),
  number("ITEMS/S", "rate", 8, row => row.rate, rate),
  number("BYTES", "bytes", 9, row => row.bytes, bytes),
  number("REDUCTIONS", "reductions", 11, row => row.reductions, short),
  number("MEMORY", "memory", 9, row => row.memory, bytes),
  { key: "resident", title: "RESIDENT", width: 8, text: row => residence(row.resident, row.pinned) },
  number("IMAGE", "image", 9, row => row.image, bytes),
  number("LINKS", "links", 6, row => row.links, count),
  number("AGE", "age", 8, row => row.ageMs, duration),
];

/** A column of numbers. A row without the number has an empty cell. */
function number(
  title: string,
  key: SortKey,
  width: number,
  value: (row: ActorRow) => number | undefined,
  text: (value: number) => string,
): Column {
  const cell = (row: ActorRow) => {
    const shown = value(row);
    return shown === undefined ? "" : text(shown);
  };
  return { key, title, width, isNumber: true, text: cell };
}

/** The columns that a narrow terminal loses, the first one first. */
const expendable: readonly SortKey[] = [
  ...(["resident", "image", "links", "bytes", "age"] as const),
  ...(["module", "state", "memory", "reductions"] as const),
];

const styles = { strong: "1", quiet: "2", turned: "7", alarm: "31" } as const;

/** The lines that are no rows: totals, titles and the hint. */
const OTHER_LINES = 6;

/** How many rows a terminal with so many lines shows, if it has a hint. */
export function rowsThatFit(lines: number): number {
  return Math.max(0, lines - OTHER_LINES);
}

/** No line is longer than the terminal is wide. */
export function frame({ overview, page, sample }: Reading, options: FrameOptions): string[] {
  const paint = (text: string, style: keyof typeof styles) =>
    options.color && text !== "" ? `\x1b[${styles[style]}m${text}\x1b[0m` : text;
  const cut = (text: string) => text.slice(0, options.columns);
  const shown = fitting(page.hasReductions, options);
  const perSecond = sample === undefined ? "–" : short(sample.receivedPerSecond);
  const delay = sample?.queueMaxMs == null ? "–" : `${milliseconds(sample.queueMaxMs)} ms`;
  const { counters, states } = overview;
  const room = rowsThatFit(options.rows) + (options.hint === undefined ? 1 : 0);
  const listed = Math.min(room, page.rows.length);
  const part = listed < page.matching ? `   shown ${count(listed)} of ${count(page.matching)}` : "";
  const head = [
    `isopod  ${overview.process}, observed for ${duration(overview.observedMs)}`,
    `guests ${count(overview.guests)}   messages/s ${perSecond}   run queue ${overview.runQueue}   queue delay ${delay}   memory ${bytes(overview.memoryBytes)}`,
    `waiting ${count(overview.mailboxItems)} (${bytes(overview.mailboxBytes)})   spawned ${short(counters.spawned)}   crashes ${count(overview.crashes)}   dead letters ${short(counters.dead)}`,
    `actors ${count(overview.actors)}   parked ${count(states.parked)}   ready ${count(states.ready)}   running ${count(states.running)}   idle ${count(states.idle)}${part}`,
  ];
  const titles = cut(
    shown.map(column => pad(column, `${column.title}${column.key === options.sort ? "*" : ""}`)).join(" "),
  );
  const rows = page.rows.slice(0, room).map(row => {
    const text = cut(shown.map(column => pad(column, column.text(row))).join(" "));
    return row.items > 0 ? paint(text, "strong") : text;
  });
  return [
    paint(cut(head[0]), "quiet"),
    cut(head[1]),
    paint(cut(head[2]), overview.crashes > 0 ? "alarm" : "quiet"),
    paint(cut(head[3]), "quiet"),
    paint(titles.padEnd(options.color ? options.columns : 0), "turned"),
    ...rows,
    ...(options.hint === undefined ? [] : [paint(cut(options.hint), "quiet")]),
  ];
}

/** The columns that fit. The one that the rows are sorted by always stays. */
function fitting(hasReductions: boolean, { columns: most, sort }: FrameOptions): readonly Column[] {
  let shown = columns.filter(({ key }) => key !== "reductions" || hasReductions);
  for (const key of expendable) {
    if (shown.reduce((sum, { width }) => sum + width + 1, -1) <= most) break;
    if (key !== sort) shown = shown.filter(column => column.key !== key);
  }
  return shown;
}

/** Text that is too long is cut and ends with "…". */
function pad({ width, isNumber }: Column, text: string): string {
  const whole = text.replaceAll("\t", " ");
  const held = whole.length > width ? `${whole.slice(0, width - 1)}…` : whole;
  return isNumber ? held.padStart(width) : held.padEnd(width);
}
