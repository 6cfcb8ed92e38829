/** The observer's plots: message rates and delays of the runtime, and the depth of one mailbox. */
import { count, milliseconds, short } from "../page/text.ts";
import { TimePlot } from "../page/time-plot.ts";
import type { Sample } from "./protocol.ts";

const RUNTIME = { seconds: 120, heightPx: 132 };
const MAILBOX = { seconds: 30, heightPx: 90 };

export class Plots {
  readonly #rates: TimePlot;
  readonly #delays: TimePlot;

  constructor(rates: HTMLElement, delays: HTMLElement) {
    this.#rates = new TimePlot(rates, {
      ...RUNTIME,
      label: "Messages a second",
      lines: [
        { label: "received", color: "accent", fill: true },
        { label: "sent", color: "quiet", dash: [4, 4] },
        { label: "dead", color: "bad" },
      ],
      format: short,
    });
    this.#delays = new TimePlot(delays, {
      ...RUNTIME,
      label: "Delay in milliseconds",
      lines: [
        { label: "queue max", color: "accent", fill: true },
        { label: "queue median", color: "good" },
        { label: "timer max", color: "warm", dash: [4, 4] },
      ],
      format: milliseconds,
    });
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

/** The number of items in the mailbox of an actor that is followed. */
export function depthPlot(host: HTMLElement): TimePlot {
  const lines = [{ label: "in the mailbox", color: "accent", fill: true }];
  return new TimePlot(host, { ...MAILBOX, label: "Items in the mailbox", lines, format: count });
}
