/** Plots as SVG: bars, and lines over named places with a logarithmic height. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly label: string;
  /** One of isopod's. */
  readonly own: boolean;
}

export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: string; readonly y: number }[];
}

const WIDTH = 720;
const OWN = "#1f6f8b";
const PEER = "#b9c4c9";
const COLOURS = ["#1f6f8b", "#d1495b", "#66a182", "#edae49", "#8d6a9f", "#444444", "#a0785a"];

/** Bars from zero, one below the other: the shorter, the faster. */
export function bars(all: readonly Bar[], title: string): string {
  const most = Math.max(...all.map(({ value }) => value), Number.MIN_VALUE);
  const body = all.map(({ name, value, label, own }, i) => {
    const y = 24 + 26 * i;
    const width = Math.max(1, (value / most) * 440);
    return `<text x="150" y="${y + 14}" text-anchor="end">${asMarkup(name)}</text>
<rect x="160" y="${y}" width="${width.toFixed(1)}" height="18" fill="${own ? OWN : PEER}"/>
<text x="${(166 + width).toFixed(1)}" y="${y + 14}">${asMarkup(label)}</text>`;
  });
  return svg(30 + 26 * all.length, title, body);
}

/** One line each; the places are those of the line that has the most. */
export function lines(all: readonly Line[], title: string, format: (value: number) => string): string {
  const places = all.reduce<Line["points"]>((most, { points }) => (points.length > most.length ? points : most), []);
  const heights = all.flatMap(({ points }) => points.map(({ y }) => Math.max(y, 1)));
  const [low, high] = [Math.floor(Math.log10(Math.min(...heights))), Math.ceil(Math.log10(Math.max(...heights)))];
  const decades = Math.max(1, high - low);
  const xOf = (place: string) => 80 + (places.findIndex(({ x }) => x === place) * 460) / Math.max(1, places.length - 1);
  const yOf = (value: number) => 230 - ((Math.log10(Math.max(value, 1)) - low) / decades) * 190;
  const body = [
    ...Array.from({ length: decades + 1 }, (_, i) => {
      const y = yOf(10 ** (low + i)).toFixed(1);
      return `<line x1="80" x2="540" y1="${y}" y2="${y}" stroke="#ddd"/>
<text x="72" y="${y}" text-anchor="end">${asMarkup(format(10 ** (low + i)))}</text>`;
    }),
    ...places.map(({ x }) => `<text x="${xOf(x).toFixed(1)}" y="250" text-anchor="middle">${asMarkup(x)}</text>`),
    ...all.map(({ name, points }, i) => {
      const colour = COLOURS[i % COLOURS.length];
      const path = points.map(({ x, y }) => `${xOf(x).toFixed(1)},${yOf(y).toFixed(1)}`).join(" ");
      return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>
<text x="560" y="${50 + 18 * i}" fill="${colour}">${asMarkup(name)}</text>`;
    }),
  ];
  return svg(262, title, body);
}

function svg(height: number, title: string, body: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" role="img">
<text x="80" y="14" fill="#666">${asMarkup(title)}</text>
${body.join("\n")}
</svg>`;
}

/** Text as HTML and SVG show it. */
export function asMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
