/**
 * Guests for test suites, by the names of their files. In a browser the suites get
 * browser/compile-guests.ts in place of this file.
 */
import { fileURLToPath } from "node:url";
import { build } from "./compiler.ts";

/** Where the sources of guests lie: here, and among the examples of the guest library. */
export const GUEST_FOLDERS = {
  guests: new URL("../guests/", import.meta.url),
  examples: new URL("../../guest/examples/", import.meta.url),
};

export type GuestFolder = keyof typeof GUEST_FOLDERS;

/** How a guest waits. */
export type ParkWay = "asyncify" | "jspi";

export type ReductionsWay = "none" | "count" | "yield";

/** The modules, in the order of the names. Fails with the compiler's own words. */
export async function compileGuests(
  folder: GuestFolder,
  names: string[],
  park: ParkWay,
  reductions: ReductionsWay,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const entries = names.map(name => `${name}.ts`);
  const built = await build(entries, { park, reductions, baseDir: fileURLToPath(GUEST_FOLDERS[folder]) });
  return built.map(({ wasm, text }) => {
    if (wasm === undefined) throw new Error(text);
    return wasm;
  });
}
