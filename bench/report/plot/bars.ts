/** A bar chart: horizontal bars from zero, one below the other. All groups have the same scale. */
import { median } from "../../harness/median.ts";
import { isOwn } from "../../harness/score.ts";
import { classOf, svg, text, type Width } from "./svg.ts";

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly label: string;
  /** The fastest and the slowest round. */
  readonly range?: readonly [number, number];
}

export interface BarGroup {
  /** Empty if there is only one group. */
  readonly title: string;
  readonly bars: readonly Bar[];
}

const LEFT = 130;
/** Room for the figure after the longest bar. */
const RIGHT = 150;
const ROW = 24;
const TITLE = 26;
/**
 * A peer's bar that is longer than this many times the median is cut off, so that the others stay
 * readable.
 */
const CUT_OFF = 6;

export function bars(groups: readonly BarGroup[], width: Width, label: string): string {
  const all = groups.flatMap(group => group.bars);
  const limit = CUT_OFF * median(all.map(({ value }) => value));
  const shown = all.filter(bar => isOwn(bar) || bar.value <= limit);
  const longest = Math.max(...shown.map(({ value }) => value), Number.MIN_VALUE);
  const scale = { longest, width: width - LEFT - RIGHT };
  const body: string[] = [];
  let y = 4;
  for (const { title, bars: rows } of groups) {
    if (title !== "") {
      body.push(text(0, y + 17, title, `class="group"`));
      y += TITLE;
    }
    for (const bar of rows) {
      body.push(row(bar, y, scale));
      y += ROW;
    }
    y += 6;
  }
  return svg(width, y, label, body);
}

function row(
  { name, value, label, range }: Bar,
  y: number,
  { longest, width }: { longest: number; width: number },
): string {
  // A slow round must not cover the figure.
  const lengthOf = (of: number) => Math.max(2, Math.min(1, of / longest) * width);
  const cut = value > longest;
  const length = lengthOf(value) + (cut ? 12 : 0);
  const parts = [
    text(LEFT - 10, y + 16, name, `text-anchor="end"`),
    `<rect class="bar ${classOf(name)}" x="${LEFT}" y="${y + 3}" width="${length.toFixed(1)}" height="${ROW - 6}" rx="2"/>`,
  ];
  if (cut) parts.push(`<path class="cut" d="M${LEFT + length - 22} ${y + ROW} l6 -${ROW} m6 0 l-6 ${ROW}"/>`);
  else if (range !== undefined) {
    const [from, to] = range.map(end => LEFT + lengthOf(end));
    parts.push(`<path class="range" d="M${from.toFixed(1)} ${y + ROW / 2} H${to.toFixed(1)}"/>`);
  }
  // After the bar, and after the line of the slowest round.
  const end = cut || range === undefined ? LEFT + length : LEFT + Math.max(length, lengthOf(range[1]));
  parts.push(text(end + 8, y + 16, label, `class="figure"`));
  return parts.join("");
}
