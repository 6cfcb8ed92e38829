/** What Node does for suites that run in a browser. */
import { compileGuests as compileHere } from "../support/compile-guests.ts";

/** Modules in base64, because what travels to the browser is JSON. */
export async function compileGuests(_context: unknown, ...args: Parameters<typeof compileHere>): Promise<string[]> {
  const modules = await compileHere(...args);
  return modules.map(wasm => Buffer.from(wasm).toString("base64"));
}
