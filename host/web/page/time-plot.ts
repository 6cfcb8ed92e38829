/** A plot of the last seconds, drawn by uPlot in the colours of the page's style sheet. */
import uPlot from "uplot";

/** The time axis spans at least this, even when fewer seconds have data. */
const LEAST_SECONDS = 20;
/** Samples that are kept for each second shown. */
const SAMPLES_A_SECOND = 5;

export interface Line {
  readonly label: string;
  /** A variable of the style sheet, without its dashes. */
  readonly color: string;
  readonly fill?: boolean;
  readonly dash?: number[];
}

export interface TimePlotOptions {
  /** What a screen reader says of the plot, before the last values. */
  readonly label: string;
  readonly lines: readonly Line[];
  /** How many of the last seconds are shown. */
  readonly seconds: number;
  readonly heightPx: number;
  /** Shows a legend with the values under the pointer. Default: true. */
  readonly hasLegend?: boolean;
  format(value: number): string;
}

/** Fills the width of its element and follows it. */
export class TimePlot {
  readonly #host: HTMLElement;
  readonly #options: TimePlotOptions;
  /** Undefined until something is shown. */
  #plot: uPlot | undefined;
  /** Times in seconds, then the values of each line; null is a gap. */
  readonly #data: [number[], ...(number | null)[][]];

  constructor(host: HTMLElement, options: TimePlotOptions) {
    this.#host = host;
    this.#options = options;
    this.#data = [[], ...options.lines.map(() => [])];
    const resize = () => this.#plot?.setSize({ width: this.#width, height: options.heightPx });
    new ResizeObserver(resize).observe(host);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** Appends one sample. `time` is in seconds. */
  add(time: number, values: readonly (number | null)[]): void {
    const [times, ...lines] = this.#data;
    times.push(time);
    lines.forEach((line, i) => void line.push(values[i]));
    if (times.length > this.#options.seconds * SAMPLES_A_SECOND) for (const column of this.#data) column.shift();
  }

  /** Forgets all samples. The page changes with the next `show`. */
  clear(): void {
    for (const column of this.#data) column.length = 0;
  }

  show(): void {
    if (this.#plot === undefined) this.#draw();
    else this.#plot.setData(this.#data, true);
    this.#describe();
    const plot = this.#plot;
    if (plot === undefined || this.#options.hasLegend === false) return;
    // Without a pointer over the plot, the legend shows the last sample.
    if (plot.cursor.left === undefined || plot.cursor.left < 0) {
      plot.setLegend({ idx: this.#data[0].length - 1 }, false);
    }
  }

  /** Says in words what the canvas shows. */
  #describe(): void {
    const canvas = this.#host.querySelector("canvas");
    const { label, lines, format } = this.#options;
    const values = lines.map((line, i) => {
      const last = this.#data[i + 1].at(-1);
      return last == null ? undefined : `${line.label} ${format(last)}`;
    });
    canvas?.setAttribute("role", "img");
    canvas?.setAttribute("aria-label", `${label}: ${values.filter(value => value !== undefined).join(", ")}`);
  }

  get #width(): number {
    const { paddingLeft, paddingRight } = getComputedStyle(this.#host);
    const padding = Number.parseFloat(paddingLeft) + Number.parseFloat(paddingRight);
    return Math.max(100, this.#host.clientWidth - padding);
  }

  #draw(): void {
    this.#plot?.destroy();
    const { lines, heightPx, format, hasLegend = true } = this.#options;
    const { fontFamily } = getComputedStyle(document.documentElement);
    const color = (name: string) => this.#colorOf(name);
    const axis = {
      stroke: color("quiet"),
      grid: { stroke: color("hairline"), width: 1 },
      ticks: { show: false },
      font: `11px ${fontFamily}`,
    };
    const value = (_: uPlot, number: number | null) => (number == null ? "–" : format(number));
    this.#plot = new uPlot(
      {
        width: this.#width,
        height: heightPx,
        padding: [8, 14, 0, 0],
        scales: {
          // A range of our own, so that the marks stand where `#marks` puts them.
          x: { time: false, range: () => [this.#newest - this.#span, this.#newest] },
          y: { range: (_, __, most) => [0, Math.max(most ?? 0, 1) * 1.1] },
        },
        axes: [
          {
            ...axis,
            size: 24,
            splits: () => this.#marks(),
            values: (_, times) => times.map(time => (time === this.#newest ? "now" : `−${ago(this.#newest - time)}`)),
          },
          // No two marks have the same text.
          {
            ...axis,
            size: 56,
            values: (_, numbers) => numbers.map(format).map((text, i, all) => (all[i - 1] === text ? "" : text)),
          },
        ],
        legend: hasLegend ? { live: true } : { show: false },
        cursor: hasLegend ? { y: false, points: { size: 6 } } : { show: false },
        series: [
          { label: "Time" },
          ...lines.map(line => ({
            label: line.label,
            stroke: color(line.color),
            width: 1.5,
            value,
            points: { show: false },
            ...(line.fill && { fill: `color-mix(in srgb, ${color(line.color)} 14%, transparent)` }),
            ...(line.dash && { dash: line.dash }),
          })),
        ],
      },
      this.#data,
      this.#host,
    );
  }

  /** The quarters of the time axis. */
  #marks(): number[] {
    return [1, 0.75, 0.5, 0.25, 0].map(part => this.#newest - part * this.#span);
  }

  /** How many seconds the axis spans: it grows with the data, up to `seconds`. */
  get #span(): number {
    const seconds = this.#newest - (this.#data[0][0] ?? this.#newest);
    return Math.min(this.#options.seconds, Math.max(1, Math.ceil(seconds / LEAST_SECONDS)) * LEAST_SECONDS);
  }

  get #newest(): number {
    return this.#data[0].at(-1) ?? 0;
  }

  /** The value of a colour variable, which a canvas cannot resolve itself. */
  #colorOf(name: string): string {
    const probe = document.createElement("span");
    probe.style.color = `var(--${name})`;
    this.#host.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }
}

function ago(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
