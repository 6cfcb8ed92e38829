/** Messages a second over the last minute at most, drawn by uPlot in the page's colours. */
import uPlot from "uplot";
import { element } from "./dom.ts";

const MOST_SECONDS = 60;
const LEAST_SECONDS = 20;
const compact = new Intl.NumberFormat("en", { notation: "compact" });
const HEIGHT_PX = 168;

export class Plot {
  readonly #host = element("plot", HTMLElement);
  #plot: uPlot | undefined;
  /** Seconds since the page began; messages a second. */
  readonly #data: [number[], number[]] = [[], []];

  constructor() {
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#host.clientWidth, height: HEIGHT_PX })).observe(
      this.#host,
    );
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#draw();
  }

  clear(): void {
    for (const column of this.#data) column.length = 0;
  }

  add(seconds: number, rate: number): void {
    const [times, rates] = this.#data;
    times.push(seconds);
    rates.push(rate);
    while (times[0] < seconds - MOST_SECONDS - 1) {
      times.shift();
      rates.shift();
    }
    this.#plot?.setData(this.#data);
  }

  #draw(): void {
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const color = (name: string) => this.#colorOf(name);
    const axis = {
      stroke: color("quiet"),
      grid: { stroke: color("hairline"), width: 1 },
      ticks: { show: false },
      font: `11px ${style.fontFamily}`,
    };
    this.#plot = new uPlot(
      {
        width: Math.max(200, this.#host.clientWidth),
        height: HEIGHT_PX,
        padding: [10, 16, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [this.#newest - this.#span, this.#newest] },
          y: { range: (_, __, most) => [0, Math.max(most ?? 0, 10) * 1.15] },
        },
        axes: [
          {
            ...axis,
            size: 22,
            splits: () => [1, 0.75, 0.5, 0.25, 0].map(part => this.#newest - part * this.#span),
            values: (_, times) =>
              times.map(time => (time === this.#newest ? "now" : `−${Math.round(this.#newest - time)} s`)),
          },
          { ...axis, size: 52, values: (_, rates) => rates.map(rate => compact.format(rate)) },
        ],
        series: [
          {},
          {
            stroke: color("accent"),
            width: 2,
            points: { show: false },
            fill: `color-mix(in srgb, ${color("accent")} 14%, transparent)`,
          },
        ],
      },
      this.#data,
      this.#host,
    );
  }

  /** Grows with what there is to show. */
  get #span(): number {
    const seconds = this.#newest - (this.#data[0][0] ?? 0);
    return Math.min(MOST_SECONDS, Math.max(1, Math.ceil(seconds / LEAST_SECONDS)) * LEAST_SECONDS);
  }

  get #newest(): number {
    return this.#data[0].at(-1) ?? 0;
  }

  /** What a variable of the style sheet comes to; a canvas does not know them. */
  #colorOf(name: string): string {
    const probe = document.createElement("span");
    probe.style.color = `var(--${name})`;
    this.#host.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }
}

/** A number in three digits or so: 1.25 M. */
export function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(value < 1e7 ? 2 : 1)} M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)} k`;
  return Math.round(value).toLocaleString("en");
}
