/** Messages a second over the last minute, drawn by uPlot in the page's colours. */
import uPlot from "uplot";
import { element } from "./dom.ts";

const SECONDS = 60;
const HEIGHT_PX = 168;

export class Plot {
  readonly #host = element("plot", HTMLElement);
  #plot: uPlot | undefined;
  /** Seconds since the page began; messages a second, null where a scene begins. */
  readonly #data: [number[], (number | null)[]] = [[], []];

  constructor() {
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#host.clientWidth, height: HEIGHT_PX })).observe(
      this.#host,
    );
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#draw();
  }

  add(seconds: number, rate: number | null): void {
    const [times, rates] = this.#data;
    times.push(seconds);
    rates.push(rate);
    while (times[0] < seconds - SECONDS - 1) {
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
          x: { time: false, range: () => [this.#newest - SECONDS, this.#newest] },
          y: { range: (_, __, most) => [0, Math.max(most ?? 0, 10) * 1.15] },
        },
        axes: [
          {
            ...axis,
            size: 22,
            splits: () => [60, 45, 30, 15, 0].map(ago => this.#newest - ago),
            values: (_, times) =>
              times.map(time => (time === this.#newest ? "now" : `−${Math.round(this.#newest - time)} s`)),
          },
          { ...axis, size: 52, values: (_, rates) => rates.map(short) },
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
