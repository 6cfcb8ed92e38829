/** What all plots share: text as markup, classes by contestant, logarithmic scales, and labels that do not lie on one another. */

/** How wide a plot is, in the units of its own: so that its text is of one size, alone in a line of the page or beside another plot. */
export const WIDE = 820;
export const NARROW = 500;
export type Width = typeof WIDE | typeof NARROW;

/** Colours are the page's: it has one for each of these classes, on light and on dark ground. */
export function classOf(contestant: string): string {
  return `k-${contestant.replaceAll(" ", "-")}`;
}

export function svg(width: Width, height: number, label: string, body: readonly string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" style="max-width:${width}px" role="img" aria-label="${asMarkup(label)}">\n${body.join("\n")}\n</svg>`;
}

/** Text as HTML and SVG show it. */
export function asMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

export function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${asMarkup(content)}</text>`;
}

/** Places of values between two ends, by their logarithms. */
export interface LogScale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** The ends of the values become places `from` and `to`, widened to the ticks around them. Values must be above 0. */
export function logScale(values: readonly number[], from: number, to: number): LogScale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // Where there are few decades, each has more than one tick.
  const steps = most / least > 300 ? [1] : most / least > 20 ? [1, 3] : [1, 2, 5];
  const all = Array.from({ length: 40 }, (_, i) => i - 14).flatMap(power => steps.map(step => step * 10 ** power));
  const low = all.findLast(tick => tick <= least) ?? least;
  const high = all.find(tick => tick >= most && tick > low) ?? most;
  const ticks = all.filter(tick => tick >= low && tick <= high);
  return { ticks, at: value => from + ((to - from) * Math.log(value / low)) / Math.log(high / low) };
}

/** Heights at least `gap` apart, in the order given by the wanted ones and as near to them as that allows. */
export function spread(wanted: readonly number[], gap: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const placed = [...wanted];
  order.forEach((index, rank) => {
    if (rank > 0) placed[index] = Math.max(placed[index], placed[order[rank - 1]] + gap);
  });
  return placed;
}
