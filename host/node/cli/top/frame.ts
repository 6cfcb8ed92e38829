/** The screen of `isopod top`, as lines of text. */

import type { ActorRow, SortKey } from "../../../web/observer/protocol.ts";
import { bytes, count, duration, milliseconds, percent, rate, residence, short } from "../../../web/page/text.ts";
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
  /** Default: none. */
  readonly filter?: string;
  /** The filter is being typed. */
  readonly isTyping?: boolean;
  /** Lines that are shown instead of the actors. */
  readonly crashes?: readonly string[];
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
  { key: "name", title: "NAME", width: 22, text: row => escapeControls(row.name) },
  { key: "module", title: "MODULE", width: 22, text: moduleText },
  { key: "state", title: "STATE", width: 8, text: row => row.state },
  number("ITEMS", "items", 9, row => row.items, whole),
  number("ITEMS/S", "rate", 8, row => row.rate, rate),
  number("CPU", "cpu", 6, row => row.cpu, percent),
  number("BYTES", "bytes", 9, row => row.bytes, bytes),
  number("REDUCTIONS", "reductions", 11, row => row.reductions, short),
  number("MEMORY", "memory", 9, row => row.memory, bytes),
  { key: "resident", title: "RESIDENT", width: 8, text: row => residence(row.resident, row.pinned) },
  number("IMAGE", "image", 9, row => row.image, bytes),
  number("LINKS", "links", 6, row => row.links, short),
  number("AGE", "age", 8, row => row.ageMs, duration),
];

/** Scripts are marked, because their names can be anything. */
function moduleText({ module, language, kind }: ActorRow): string {
  return escapeControls(`${language === undefined ? "" : "js: "}${module ?? kind}`);
}

/** Exact as long as it fits into its column. */
function whole(value: number): string {
  return value < 1e7 ? count(value) : short(value);
}

/** The column of names where there is no room for modules. */
const nameOrModule: Column = {
  key: "name",
  title: "NAME OR MODULE",
  width: 22,
  text: row => (row.name === "" ? moduleText(row) : escapeControls(row.name)),
};

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

/** The lines that are no rows: totals, the part that is shown, titles and the hint. */
const OTHER_LINES = 7;
/** How much wider than usual the column of names gets at most. */
const MOST_SPARE = 20;

/** How many rows a terminal with so many lines shows, if it has a hint. */
export function rowsThatFit(lines: number): number {
  return Math.max(0, lines - OTHER_LINES);
}

/** No line is longer than the terminal is wide. With 80 columns, no total is cut. */
export function frame(reading: Reading, options: FrameOptions): string[] {
  const { page } = reading;
  const { columns: most, rows: lines, sort, hint, crashes } = options;
  const paint = (text: string, style: keyof typeof styles) =>
    options.color && text !== "" ? `\x1b[${styles[style]}m${text}\x1b[0m` : text;
  const cut = (text: string) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const room = rowsThatFit(lines) + (hint === undefined ? 1 : 0);
  const shown = fitting(page.hasReductions, options);
  const titles = shown.map(column => pad(column, `${column.title}${column.key === sort ? "*" : ""}`)).join(" ");
  const heading = crashes === undefined ? titles : "CRASHES, the newest first; equal ones are one";
  const rows = page.rows.slice(0, room).map(row => {
    const text = cut(shown.map(column => pad(column, column.text(row))).join(" "));
    return row.items > 0 ? paint(text, "strong") : text;
  });
  const [process, traffic, past, actors] = totalLines(reading).map(cut);
  return [
    paint(process, "quiet"),
    traffic,
    paint(past, reading.overview.crashes > 0 ? "alarm" : "quiet"),
    paint(actors, "quiet"),
    paint(cut(partOf(reading, options, room)), "quiet"),
    paint(cut(heading).padEnd(options.color ? most : 0), "turned"),
    ...(crashes?.slice(0, room).map(cut) ?? rows),
    ...(hint === undefined ? [] : [paint(cut(hint), "quiet")]),
  ];
}

/** Each has at most 80 characters, because large numbers are short. */
function totalLines({ overview, sample }: Reading): string[] {
  const { counters, states } = overview;
  const perSecond = sample === undefined ? "–" : short(sample.receivedPerSecond);
  const delay = sample?.queueMaxMs == null ? "–" : `${milliseconds(sample.queueMaxMs)} ms`;
  const dead = (sample?.deadPerSecond ?? 0) > 0 ? "+" : "";
  return [
    `isopod  ${overview.process}, observed for ${duration(overview.observedMs)}`,
    `guests ${short(overview.guests)}  messages/s ${perSecond}  run queue ${short(overview.runQueue)}  queue delay ${delay}`,
    `waiting ${short(overview.mailboxItems)} (${bytes(overview.mailboxBytes)})  spawned ${short(counters.spawned)}  crashes ${short(overview.crashes)}  dead letters ${short(counters.dead)}${dead}`,
    `actors ${short(overview.actors)}: ${short(states.parked)} parked, ${short(states.ready)} ready, ${states.running} running, ${short(states.idle)} idle  memory ${bytes(overview.memoryBytes)}`,
  ];
}

/** Which part of the list is shown. */
function partOf({ page }: Reading, { filter = "", crashes, isTyping }: FrameOptions, room: number): string {
  const last = Math.min(room, page.rows.length);
  const actors = `shown ${count(last)} of ${count(page.matching)}`;
  const part = crashes === undefined ? actors : `shown ${Math.min(room, crashes.length)} of ${crashes.length} lines`;
  return filter === "" && !isTyping ? part : `${part}  filter: ${escapeControls(filter)}${isTyping ? "_" : ""}`;
}

/** The columns that fit. The one that the rows are sorted by always stays. Names get what room is left. */
function fitting(hasReductions: boolean, { columns: most, sort }: FrameOptions): readonly Column[] {
  let shown = columns.filter(({ key }) => key !== "reductions" || hasReductions);
  const width = () => shown.reduce((sum, { width }) => sum + width + 1, -1);
  for (const key of expendable) {
    if (width() <= most) break;
    if (key !== sort) shown = shown.filter(column => column.key !== key);
  }
  const spare = Math.max(0, Math.min(most - width(), MOST_SPARE));
  const hasModule = shown.some(({ key }) => key === "module");
  return shown.map(column =>
    column.key === "name" ? { ...(hasModule ? column : nameOrModule), width: column.width + spare } : column,
  );
}

/** Text that is too long is cut and ends with "…". */
function pad({ width, isNumber }: Column, text: string): string {
  const whole = text.replaceAll("\t", " ");
  const held = whole.length > width ? `${whole.slice(0, width - 1)}…` : whole;
  return isNumber ? held.padStart(width) : held.padEnd(width);
}
