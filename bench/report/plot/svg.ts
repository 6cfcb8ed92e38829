/**
 * Parts of all plots: escaped text, a class for each contestant, logarithmic scales, and labels
 * that do not overlap.
 */

/**
 * Widths of a plot in its own units: alone in a row of the page, beside another plot, or on a telephone. Text
 * has the same size in all of them.
 */
export const WIDE = 820;
export const NARROW = 500;
export const PHONE = 310;
export type Width = typeof WIDE | typeof NARROW | typeof PHONE;

/** The CSS class of a contestant. The style sheet has a colour for each. */
export function classOf(contestant: string): string {
  return `k-${contestant.replaceAll(" ", "-")}`;
}

/** A plot in two widths, of which the page shows one. */
export function sized(width: Width, draw: (width: Width) => string): string {
  return `<div class="screen">${draw(width)}</div><div class="phone">${draw(PHONE)}</div>`;
}

export function svg(width: Width, height: number, label: string, body: readonly string[]): string {
  const least = width === PHONE ? "" : `min-width:${0.85 * width}px;`;
  return `<div class="wide"><svg class="plot" viewBox="0 0 ${width} ${height}" style="${least}max-width:${width}px" role="img" aria-label="${asMarkup(label)}">\n${body.join("\n")}\n</svg></div>`;
}

/** Text, escaped for HTML and SVG. */
export function asMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

export function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${asMarkup(content)}</text>`;
}

/** A logarithmic scale. */
export interface LogScale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/**
 * A scale from `from` to `to` that covers all values, which must be above 0. It begins and ends
 * with a tick.
 */
export function logScale(values: readonly number[], from: number, to: number): LogScale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // A scale of few decades has more than one tick in each.
  const steps = most / least > 300 ? [1] : most / least > 20 ? [1, 3] : [1, 2, 5];
  const all = Array.from({ length: 40 }, (_, i) => i - 14).flatMap(power => steps.map(step => step * 10 ** power));
  const low = all.findLast(tick => tick <= least) ?? least;
  const high = all.find(tick => tick >= most && tick > low) ?? most;
  const ticks = all.filter(tick => tick >= low && tick <= high);
  return { ticks, at: value => from + ((to - from) * Math.log(value / low)) / Math.log(high / low) };
}

/** Moves heights apart, so that they differ by at least `gap`. Keeps their order. */
export function spread(wanted: readonly number[], gap: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const placed = [...wanted];
  order.forEach((index, rank) => {
    if (rank > 0) placed[index] = Math.max(placed[index], placed[order[rank - 1]] + gap);
  });
  return placed;
}
