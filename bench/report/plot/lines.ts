/** A line chart with a logarithmic vertical axis. Each line has its shape and its name at its end. */
import { titleOf } from "../comparison.ts";
import { shapeAt } from "./shape.ts";
import { classOf, logScale, PHONE, sized, spread, svg, text, type Width } from "./svg.ts";

export interface Line {
  readonly name: string;
  /** From left to right. `y` above 0. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** A tick of the horizontal axis. */
export interface Place {
  readonly x: number;
  readonly label: string;
}

export interface LinePlot {
  readonly lines: readonly Line[];
  readonly places: readonly Place[];
  /** The name of the horizontal axis. */
  readonly along: string;
  readonly format: (value: number) => string;
  readonly width: Width;
  /** The text for screen readers. */
  readonly label: string;
}

const LEFT = 70;
/** Room for the names of the lines. On a telephone they stand below, in two columns. */
const NAMES = 160;
const NAME_ROW = 20;
const TOP = 14;
const BOTTOM = 250;

export function lines(plot: LinePlot): string {
  return sized(plot.width, width => drawn({ ...plot, width }));
}

function drawn({ lines: all, places, along, format, width, label }: LinePlot): string {
  const isPhone = width === PHONE;
  const right = isPhone ? width - 26 : width - NAMES;
  const from = Math.min(...places.map(({ x }) => x));
  const to = Math.max(...places.map(({ x }) => x));
  const xOf = (x: number) => LEFT + ((x - from) / Math.max(1e-9, to - from)) * (right - LEFT);
  const scale = logScale(
    all.flatMap(({ points }) => points.map(({ y }) => y)),
    BOTTOM,
    TOP,
  );
  const names = spread(
    all.map(({ points }) => scale.at(points[points.length - 1].y)),
    16,
  );
  // Names below the bottom move up.
  const lift = Math.max(0, ...names.map(y => y - BOTTOM));
  const nameAt = (i: number): readonly [x: number, y: number] =>
    isPhone ? [8 + (width / 2) * (i % 2), BOTTOM + 66 + NAME_ROW * Math.floor(i / 2)] : [right + 18, names[i] - lift];
  const below = isPhone ? NAME_ROW * Math.ceil(all.length / 2) + 10 : 0;
  // Labels of a narrow axis must not touch.
  const labelled = isPhone && places.length > 5 ? places.filter((_, i) => i % 2 === 0) : places;
  return svg(width, BOTTOM + 46 + below, label, [
    ...scale.ticks.map(tick => {
      const y = scale.at(tick);
      return `<path class="grid" d="M${LEFT} ${y.toFixed(1)} H${right}"/>${text(LEFT - 8, y + 4, format(tick), `text-anchor="end" class="axis"`)}`;
    }),
    ...labelled.map(({ x, label: at }) => text(xOf(x), BOTTOM + 20, at, `text-anchor="middle" class="axis"`)),
    text(isPhone ? width / 2 : (LEFT + right) / 2, BOTTOM + 40, along, `text-anchor="middle" class="axis"`),
    ...all.map(({ name, points }, i) => {
      const at = points.map(({ x, y }) => ({ x: xOf(x), y: scale.at(y) }));
      const path = at.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
      const shapes = at.map(({ x, y }) => shapeAt(x, y, name)).join("");
      const [nameX, nameY] = nameAt(i);
      return `<polyline class="line ${classOf(name)}" points="${path}"/>${shapes}${shapeAt(nameX, nameY, name)}${text(nameX + 12, nameY + 4, titleOf(name), `class="name"`)}`;
    }),
  ]);
}
