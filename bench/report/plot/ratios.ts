/**
 * A dot chart: for each scenario and peer, how many times faster isopod is. The scale is
 * logarithmic, with 1 marked.
 */
import { titleOf } from "../comparison.ts";
import { formatRatio } from "../format.ts";
import { shapeAt } from "./shape.ts";
import { logScale, PHONE, sized, svg, text, WIDE, type Width } from "./svg.ts";

export interface RatioRow {
  readonly name: string;
  /** Above 1: isopod is faster. */
  readonly dots: readonly { readonly name: string; readonly value: number }[];
}

const TOP = 34;
const ROW = 24;

export function ratios(rows: readonly RatioRow[], label: string): string {
  return sized(WIDE, width => drawn(rows, label, width));
}

function drawn(rows: readonly RatioRow[], label: string, width: Width): string {
  const isPhone = width === PHONE;
  const [left, right] = isPhone ? [130, width - 14] : [190, width - 40];
  const values = rows.flatMap(({ dots }) => dots.map(({ value }) => value));
  const scale = logScale([...values, 0.5, 2], left, right);
  const bottom = TOP + ROW * rows.length;
  const even = scale.at(1);
  const times = isPhone ? "" : "× ";
  return svg(width, bottom + 26, label, [
    text(even - 10, 14, isPhone ? "peer faster" : "the peer is faster", `text-anchor="end" class="axis"`),
    text(even + 10, 14, isPhone ? "isopod faster" : "isopod is faster", `class="axis"`),
    ...scale.ticks.map(tick => {
      const x = scale.at(tick);
      return `<path class="${tick === 1 ? "even" : "grid"}" d="M${x.toFixed(1)} ${TOP - 8} V${bottom}"/>${text(x, bottom + 18, `${times}${tick >= 1 ? tick.toLocaleString("en-US") : +tick.toPrecision(2)}`, `text-anchor="middle" class="axis"`)}`;
    }),
    ...rows.map(({ name, dots }, i) => {
      const y = TOP + ROW * i + ROW / 2;
      const marks = dots.map(dot =>
        shapeAt(scale.at(dot.value), y, dot.name, `${titleOf(dot.name)}: × ${formatRatio(dot.value)}`),
      );
      return `<path class="grid" d="M${left} ${y} H${right}"/>${text(left - 12, y + 4, name, `text-anchor="end"${isPhone ? ` class="small"` : ""}`)}${marks.join("")}`;
    }),
  ]);
}
