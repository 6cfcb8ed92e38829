/** What Node does for suites that run in a browser. */
import { fileURLToPath } from "node:url";
import { compile } from "../../host/node/compiler.ts";
import { GUEST_FOLDERS, type GuestFolder, type ParkWay, type ReductionsWay } from "../compile-guests.ts";

/** By what was asked for: many suites use the same guests. */
const compiled = new Map<string, Promise<string>>();

/** Modules in base64, for what travels to the browser is JSON. */
export function compileGuests(
  _context: unknown,
  folder: GuestFolder,
  names: string[],
  park: ParkWay,
  reductions: ReductionsWay,
): Promise<string[]> {
  return Promise.all(
    names.map(name => {
      const key = [folder, name, park, reductions].join(" ");
      const found = compiled.get(key) ?? compileGuest(folder, name, park, reductions);
      compiled.set(key, found);
      return found;
    }),
  );
}

/** In this process, which stays warm: a thread for each suite would take a second to start. */
async function compileGuest(
  folder: GuestFolder,
  name: string,
  park: ParkWay,
  reductions: ReductionsWay,
): Promise<string> {
  const path = fileURLToPath(new URL(`${name}.ts`, GUEST_FOLDERS[folder]));
  const { wasm, text } = await compile(path, { park, reductions });
  if (wasm === undefined) throw new Error(text);
  return Buffer.from(wasm).toString("base64");
}
