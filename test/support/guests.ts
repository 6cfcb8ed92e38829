/**
 * AssemblyScript guests for tests: those in guests/ here, and the examples of the guest library.
 */
import type { HostMailbox } from "../../host/index.ts";
import { macrotask } from "./clock.ts";
import { compileGuests, type GuestFolder, type ParkWay, type ReductionsWay } from "./compile-guests.ts";

export type { ParkWay };

/**
 * So many actors are many: Chromium has no memory for more than some 120 guests at a time in a
 * page; see docs/browser.md.
 */
export const CROWD = "document" in globalThis ? 100 : 10_000;

/** The compiled guests by the name of their file. Fails with the compiler's own words. */
export async function buildGuests(
  folder: GuestFolder,
  names: string[],
  park: ParkWay,
  reductions: ReductionsWay = "none",
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const built = await compileGuests(folder, names, park, reductions);
  return new Map(built.map((wasm, i) => [names[i], wasm]));
}

/** One compiled guest. */
export async function buildGuest(
  folder: GuestFolder,
  name: string,
  park: ParkWay,
  reductions: ReductionsWay = "none",
): Promise<Uint8Array<ArrayBuffer>> {
  const [wasm] = await compileGuests(folder, [name], park, reductions);
  return wasm;
}

/** Guests by name as modules of the engine, for suites that load them into many runtimes. */
export async function guestModules(
  folder: GuestFolder,
  names: string[],
  park: ParkWay,
): Promise<Map<string, WebAssembly.Module>> {
  const built = await buildGuests(folder, names, park);
  return new Map(
    await Promise.all([...built].map(async ([name, wasm]) => [name, await WebAssembly.compile(wasm)] as const)),
  );
}

/** The ways in which a guest of the library can wait. */
export const WAYS = ["asyncify", "jspi"] as const;

const decoder = new TextDecoder();

/**
 * What a mailbox has got since it was last asked, once all actors wait: texts, and of signals their
 * kinds.
 */
export async function textsFor(mailbox: HostMailbox): Promise<string[]> {
  await quiet();
  const texts: string[] = [];
  for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
    texts.push(item.kind === "message" || item.kind === "timer" ? decoder.decode(item.bytes) : item.kind);
  }
  return texts;
}

/**
 * Lets every actor go on until all of them wait: with a manual clock one macrotask runs all there
 * is to run.
 */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 3; i++) await macrotask();
}
