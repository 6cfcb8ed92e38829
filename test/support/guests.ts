/** AssemblyScript guests for tests: those in guests/ here, and the examples of the guest library. */
import { macrotask } from "./clock.ts";
import { compileGuests, type GuestFolder, type ParkWay, type ReductionsWay } from "./compile-guests.ts";

export type { ParkWay };

/** So many actors are many: Chromium has no memory for more than some 120 guests at a time in a page; see docs/browser.md. */
export const CROWD = "document" in globalThis ? 100 : 10_000;

/** The compiled guests by the name of their file. Fails with the compiler's own words. */
export async function buildGuests(
  folder: GuestFolder,
  names: string[],
  park: ParkWay,
  reductions: ReductionsWay = "none",
): Promise<Map<string, Uint8Array>> {
  const built = await compileGuests(folder, names, park, reductions);
  return new Map(built.map((wasm, i) => [names[i], wasm]));
}

/** Lets every actor go on until all of them wait: with a manual clock one macrotask runs all there is to run. */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 3; i++) await macrotask();
}
