/** What Node does for suites that run in a browser. */
import { readdirSync } from "node:fs";
import { compileGuests as compile, GUEST_FOLDERS, type GuestFolder, type ParkWay, type ReductionsWay } from "../compile-guests.ts";

/** Of one build, every guest in base64, by its folder and name. */
type Guests = Promise<ReadonlyMap<string, string>>;

/** By how the guests were built. */
const built = new Map<string, Guests>();

/** Modules in base64, for what travels to the browser is JSON. */
export async function compileGuests(
  _context: unknown,
  folder: GuestFolder,
  names: string[],
  park: ParkWay,
  reductions: ReductionsWay,
): Promise<string[]> {
  const key = `${park} ${reductions}`;
  const found = built.get(key) ?? compileAll(park, reductions);
  built.set(key, found);
  const guests = await found;
  return names.map(name => {
    const text = guests.get(`${folder}/${name}`);
    if (text === undefined) throw new Error(`there is no guest ${name} among the ${folder}`);
    return text;
  });
}

/** All of them at once, because a compiler takes a second to start, and a quarter for each guest. */
async function compileAll(park: ParkWay, reductions: ReductionsWay): Guests {
  const guests = new Map<string, string>();
  for (const folder of ["guests", "examples"] as const) {
    const names = readdirSync(GUEST_FOLDERS[folder]).map(file => file.replace(/\.ts$/, ""));
    const modules = await compile(folder, names, park, reductions);
    for (const [i, wasm] of modules.entries()) guests.set(`${folder}/${names[i]}`, Buffer.from(wasm).toString("base64"));
  }
  return guests;
}
