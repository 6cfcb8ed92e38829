/** Plots over time, drawn by uPlot, in the page's own colours. */
import uPlot from "uplot";
import type { Sample } from "./protocol.ts";
import { count, milliseconds, short } from "./text.ts";

const SECONDS_SHOWN = 120;
/** And at least so many. */
const LEAST_SECONDS = 20;
const HEIGHT_PX = 132;

export interface Line {
  readonly label: string;
  readonly color: string;
  readonly fill?: boolean;
  readonly dash?: number[];
}

/** A plot that fills its figure's width and shows the last so many seconds. */
export class TimePlot {
  readonly #host: HTMLElement;
  readonly #lines: readonly Line[];
  readonly #format: (value: number) => string;
  readonly #height: number;
  readonly #seconds: number;
  #plot: uPlot | undefined;
  readonly #data: [number[], ...(number | null)[][]];

  constructor(
    host: HTMLElement,
    lines: readonly Line[],
    format: (value: number) => string,
    seconds = SECONDS_SHOWN,
    height = HEIGHT_PX,
  ) {
    this.#host = host;
    this.#lines = lines;
    this.#format = format;
    this.#seconds = seconds;
    this.#height = height;
    this.#data = [[], ...lines.map(() => [])];
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#width, height })).observe(host);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** Times are in seconds. */
  add(time: number, values: readonly (number | null)[]): void {
    const [times, ...lines] = this.#data;
    times.push(time);
    lines.forEach((line, i) => void line.push(values[i]));
    if (times.length > this.#seconds * 5) for (const column of this.#data) column.shift();
  }

  show(): void {
    if (this.#plot === undefined) this.#draw();
    else this.#plot.setData(this.#data, true);
    // Where nobody points at a moment, the last one is meant.
    const plot = this.#plot;
    if (plot?.cursor.left === undefined || plot.cursor.left < 0)
      plot?.setLegend({ idx: this.#data[0].length - 1 }, false);
  }

  get #width(): number {
    return Math.max(100, this.#host.clientWidth - 24);
  }

  #draw(): void {
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const probe = document.createElement("span");
    this.#host.append(probe);
    const color = (name: string) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    const axis = {
      stroke: color("quiet"),
      grid: { stroke: color("hairline"), width: 1 },
      ticks: { show: false },
      font: `11px ${style.fontFamily}`,
    };
    const value = (_: uPlot, number: number | null) => (number == null ? "–" : this.#format(number));
    this.#plot = new uPlot(
      {
        width: this.#width,
        height: this.#height,
        padding: [8, 14, 0, 0],
        scales: {
          // Marks are to stand where they are asked for.
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
          { ...axis, size: 56, values: (_, numbers) => numbers.map(number => this.#format(number)) },
        ],
        legend: { live: true },
        cursor: { y: false, points: { size: 6 } },
        series: [
          { label: "Time" },
          ...this.#lines.map(line => ({
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
    probe.remove();
  }

  /** Quarters of the time that is shown. */
  #marks(): number[] {
    return [1, 0.75, 0.5, 0.25, 0].map(part => this.#newest - part * this.#span);
  }

  /** Grows with what there is to show, up to all that is shown. */
  get #span(): number {
    const seconds = this.#newest - (this.#data[0][0] ?? this.#newest);
    return Math.min(this.#seconds, Math.max(1, Math.ceil(seconds / LEAST_SECONDS)) * LEAST_SECONDS);
  }

  get #newest(): number {
    return this.#data[0].at(-1) ?? 0;
  }
}

function ago(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

export class Plots {
  readonly #rates: TimePlot;
  readonly #delays: TimePlot;

  constructor(rates: HTMLElement, delays: HTMLElement) {
    this.#rates = new TimePlot(
      rates,
      [
        { label: "received", color: "accent", fill: true },
        { label: "sent", color: "quiet", dash: [4, 4] },
        { label: "dead", color: "bad" },
      ],
      short,
    );
    this.#delays = new TimePlot(
      delays,
      [
        { label: "queue max", color: "accent", fill: true },
        { label: "queue median", color: "good" },
        { label: "timer max", color: "warm", dash: [4, 4] },
      ],
      milliseconds,
    );
  }

  add(samples: readonly Sample[]): void {
    for (const sample of samples) {
      const time = sample.atMs / 1000;
      this.#rates.add(time, [sample.receivedPerSecond, sample.sentPerSecond, sample.deadPerSecond]);
      this.#delays.add(time, [sample.queueMaxMs, sample.queueMedianMs, sample.timerMaxMs]);
    }
    this.#rates.show();
    this.#delays.show();
  }
}

/** The depth of one mailbox, while it is followed. */
export function depthPlot(host: HTMLElement): TimePlot {
  return new TimePlot(host, [{ label: "in the mailbox", color: "accent", fill: true }], count, 30, 90);
}
