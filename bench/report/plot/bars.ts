/**
 * A bar chart: horizontal bars from zero, one below the other. All groups have the same scale. It
 * is HTML, so that its text keeps its size on a narrow screen.
 */
import { median } from "../../harness/median.ts";
import { isOwn } from "../../harness/score.ts";
import { titleOf } from "../comparison.ts";
import { shapeInText } from "./shape.ts";
import { asMarkup, classOf } from "./svg.ts";

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly label: string;
  /** What the figure is beside isopod's. */
  readonly times?: string;
  /** The fastest and the slowest round. */
  readonly range?: readonly [number, number];
}

export interface BarGroup {
  /** Empty if there is only one group. */
  readonly title: string;
  readonly bars: readonly Bar[];
}

/**
 * A peer's bar that is longer than this many times the median is cut off, so that the others stay
 * readable.
 */
const CUT_OFF = 4;

export function bars(groups: readonly BarGroup[], label: string): string {
  const all = groups.flatMap(group => group.bars);
  const limit = CUT_OFF * median(all.map(({ value }) => value));
  const shown = all.filter(bar => isOwn(bar) || bar.value <= limit);
  // A bar that is cut off is longer than all others.
  const room = shown.length === all.length ? 100 : 90;
  const percent = (value: number) => Math.min(100, (room * value) / Math.max(...shown.map(one => one.value), 1e-9));
  const body = groups.map(({ title, bars: rows }) => {
    const heading = title === "" ? "" : `<p class="group">${asMarkup(title)}</p>\n`;
    return heading + rows.map(bar => row(bar, percent, !shown.includes(bar))).join("\n");
  });
  return `<div class="bars" role="group" aria-label="${asMarkup(label)}">\n${body.join("\n")}\n</div>`;
}

function row({ name, value, label, times, range }: Bar, percent: (value: number) => number, isCut: boolean): string {
  const length = isCut ? 100 : percent(value);
  const [from, to] = (range ?? [0, 0]).map(percent);
  const span =
    isCut || range === undefined
      ? ""
      : `<i class="range" style="left:${from.toFixed(1)}%;width:${(to - from).toFixed(1)}%"></i>`;
  return `<div class="row"><span class="who">${shapeInText(name)}${asMarkup(titleOf(name))}</span><span class="track ${classOf(name)}"><i class="bar${isCut ? " cut" : ""}" style="width:${length.toFixed(1)}%"></i>${span}</span><span class="figure">${asMarkup(label)}</span>${times === undefined ? "" : `<span class="times">${asMarkup(times)}</span>`}</div>`;
}
