/** Runs the smoke suite and reports what came of it. */
import { type HandedOver, handedOver } from "./handed-over.ts";
import { type Outcome, type SmokeGuests, smoke } from "./smoke.ts";

/** What an engine reports. */
export interface Report {
  readonly engine: string;
  /** It can have several memories in a module. isopod needs that. */
  readonly hasMemories: boolean;
  readonly outcomes: readonly Outcome[];
}

/** The first word of the line on stdout that is the report. */
export const REPORT = "isopod-report:";

/** (module (memory 0) (memory 0)) */
const TWO_MEMORIES = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0);

const CROWD = 100_000;
const isPage = "document" in globalThis;

/** The guests as base64, which the host compiles itself, and recordings. */
export async function run(
  guests: Readonly<Record<keyof SmokeGuests, string>>,
  recordings: readonly string[],
): Promise<void> {
  const bytes = Object.fromEntries(
    Object.entries(guests).map(([name, text]) => [name, bytesOf(text)]),
  ) as unknown as SmokeGuests;
  await report(await smoke(bytes, { residents: residents(), crowd: CROWD, recordings: recordings.map(bytesOf) }));
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), c => c.charCodeAt(0));
}

/** Chromium has room for about 125 instances in a page, and Firefox for about 1,000. */
function residents(): number {
  if (!isPage) return 1_000;
  return navigator.userAgent.includes("Chrome/") ? 100 : 900;
}

/** The kernel, and guests that `isopod build --trusted` has made, as modules that somebody else has compiled. */
export async function runHandedOver(modules: HandedOver): Promise<void> {
  await report(await handedOver(modules, { residents: residents(), crowd: CROWD }));
}

/** To the server of the page, or to stdout. */
async function report(outcomes: readonly Outcome[]): Promise<void> {
  const what = reportOf(outcomes);
  if (isPage) await fetch("/report", { method: "POST", body: JSON.stringify(what) });
  else console.log(`${REPORT} ${JSON.stringify(what)}`);
}

export function reportOf(outcomes: readonly Outcome[]): Report {
  return { engine: navigator.userAgent, hasMemories: WebAssembly.validate(TWO_MEMORIES), outcomes };
}

/** One line, for the table in docs/engines.md. */
export function summaryOf({ engine, outcomes }: Report): string {
  const count = (of: readonly unknown[]) => of.filter(value => value !== undefined).length;
  const failed = count(outcomes.map(({ error }) => error));
  const skipped = count(outcomes.map(({ skipped }) => skipped));
  const ms = outcomes.reduce((sum, outcome) => sum + outcome.ms, 0);
  return `${engine}: ${outcomes.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped, ${ms} ms`;
}
