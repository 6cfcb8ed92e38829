/** The screen of `isopod top`, as lines of text. */

import type { ActorRow, SortKey } from "../../../web/observer/protocol.ts";
import { bytes, count, duration, milliseconds, short } from "../../../web/page/text.ts";
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
  { key: "pid", title: "PID", width: 14, text: row => row.pid },
  { key: "name", title: "NAME", width: 18, text: row => escapeControls(row.name) },
  { key: "module", title: "MODULE", width: 22, text: row => escapeControls(row.module ?? row.kind) },
  { key: "state", title: "STATE", width: 8, text: row => row.state },
  { key: "items", title: "ITEMS", width: 9, isNumber: true, text: row => count(row.items) },
  { key: "bytes", title: "BYTES", width: 9, isNumber: true, text: row => bytes(row.bytes) },
  {
    key: "reductions",
    title: "REDUCTIONS",
    width: 11,
    isNumber: true,
    text: row => (row.reductions === undefined ? "" : short(row.reductions)),
  },
  {
    key: "memory",
    title: "MEMORY",
    width: 9,
    isNumber: true,
    text: row => (row.memory === undefined ? "" : bytes(row.memory)),
  },
  { key: "links", title: "LINKS", width: 6, isNumber: true, text: row => count(row.links) },
  { key: "age", title: "AGE", width: 8, isNumber: true, text: row => duration(row.ageMs) },
];

/** The columns that a narrow terminal loses, the first one first. */
const expendable: readonly SortKey[] = ["links", "bytes", "age", "module", "state", "memory", "reductions"];

const styles = { strong: "1", quiet: "2", turned: "7", alarm: "31" } as const;

/** No line is longer than the terminal is wide. */
export function frame({ overview, page, sample }: Reading, options: FrameOptions): string[] {
  const paint = (text: string, style: keyof typeof styles) =>
    options.color && text !== "" ? `\x1b[${styles[style]}m${text}\x1b[0m` : text;
  const cut = (text: string) => text.slice(0, options.columns);
  const shown = fitting(page.hasReductions, options);
  const rate = sample === undefined ? "–" : short(sample.receivedPerSecond);
  const delay = sample?.queueMaxMs == null ? "–" : `${milliseconds(sample.queueMaxMs)} ms`;
  const { counters } = overview;
  const head = [
    `isopod  ${overview.process}, observed for ${duration(overview.observedMs)}`,
    `guests ${count(overview.guests)}   messages/s ${rate}   run queue ${overview.runQueue}   queue delay ${delay}   memory ${bytes(overview.memoryBytes)}`,
    `waiting ${count(overview.mailboxItems)} (${bytes(overview.mailboxBytes)})   spawned ${short(counters.spawned)}   crashes ${count(overview.crashes)}   dead letters ${short(counters.dead)}`,
  ];
  const titles = cut(
    shown.map(column => pad(column, `${column.title}${column.key === options.sort ? "*" : ""}`)).join(" "),
  );
  const room = Math.max(0, options.rows - head.length - (options.hint === undefined ? 2 : 3));
  const rows = page.rows.slice(0, room).map(row => {
    const text = cut(shown.map(column => pad(column, column.text(row))).join(" "));
    return row.items > 0 ? paint(text, "strong") : text;
  });
  return [
    paint(cut(head[0]), "quiet"),
    cut(head[1]),
    paint(cut(head[2]), overview.crashes > 0 ? "alarm" : "quiet"),
    "",
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
