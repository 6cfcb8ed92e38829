/** Numbers and times as text for people. */

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function count(value: number): string {
  return whole.format(value);
}

/** Three digits and a unit: 1.42 M. */
export function short(value: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e4],
  ] as const) {
    if (value >= size) return `${(value / (unit === "k" ? 1e3 : size)).toPrecision(3)} ${unit}`;
  }
  return count(value);
}

/** How often something happens in a second: seldom is not never. */
export function rate(value: number): string {
  return value > 0 && value < 10 ? value.toFixed(1) : short(value);
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  for (const [unit, size] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(value < 10 * size ? 1 : 0)} ${unit}`;
  }
  return `${(value / 1024).toFixed(value < 10 * 1024 && value % 1024 !== 0 ? 1 : 0)} KiB`;
}

export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86_400)}d ${two(Math.floor((seconds % 86_400) / 3600))}h`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

export function milliseconds(value: number): string {
  if (value === 0) return "0";
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : count(value);
}

/** A share of 1. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return "<0.1 %";
  return `${share === 0 ? "0" : (share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

export function timeOfDayMs(ms: number): string {
  return `${timeOfDay(ms)}.${String(Math.floor(ms) % 1000).padStart(3, "0")}`;
}

export function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}

/** Whether an actor has an instance, and keeps it. Nothing for the host's own. */
export function residence(isResident: boolean | undefined, pinned: string | undefined): string {
  if (isResident === undefined) return "";
  if (!isResident) return "no";
  return pinned === undefined ? "yes" : "pinned";
}
