/** The shapes of the plots: each contestant has one, so that nobody has to tell colours apart. */
import { palette, type Shape } from "../palette.ts";
import { classOf } from "./svg.ts";

/** About the origin, within 5 units of it. */
const paths: Readonly<Record<Shape, string>> = {
  bar: "M-5 -2 H5 V2 H-5 Z",
  circle: "M-4.5 0 A4.5 4.5 0 1 1 4.5 0 A4.5 4.5 0 1 1 -4.5 0 Z",
  cross: "M-5 -3 L-3 -5 L0 -2 L3 -5 L5 -3 L2 0 L5 3 L3 5 L0 2 L-3 5 L-5 3 L-2 0 Z",
  diamond: "M0 -5 L5 0 L0 5 L-5 0 Z",
  plus: "M-1.5 -5 H1.5 V-1.5 H5 V1.5 H1.5 V5 H-1.5 V1.5 H-5 V-1.5 H-1.5 Z",
  ring: "M-5 0 A5 5 0 1 1 5 0 A5 5 0 1 1 -5 0 Z M-2.3 0 A2.3 2.3 0 1 0 2.3 0 A2.3 2.3 0 1 0 -2.3 0 Z",
  square: "M-4 -4 H4 V4 H-4 Z",
  triangle: "M0 -5 L5 4 H-5 Z",
  wedge: "M0 5 L5 -4 H-5 Z",
};

/** The shape of a contestant in a plot, with its middle at `x` and `y`. `title` is shown on hover. */
export function shapeAt(x: number, y: number, contestant: string, title?: string): string {
  const about = title === undefined ? "" : `<title>${title}</title>`;
  return `<path class="shape ${classOf(contestant)}" transform="translate(${x.toFixed(1)} ${y.toFixed(1)})" d="${shapeOf(contestant)}">${about}</path>`;
}

/** The shape of a contestant in a line of text, before its name. */
export function shapeInText(contestant: string): string {
  return `<svg class="key" viewBox="-6 -6 12 12" aria-hidden="true"><path class="shape ${classOf(contestant)}" d="${shapeOf(contestant)}"/></svg>`;
}

function shapeOf(contestant: string): string {
  return paths[palette[contestant]?.shape ?? "circle"];
}
