/** What a module offers a host to run, and what to say where that is nothing. */

import { readInterface } from "../../module/interface.ts";
import { ENTRY_TYPE, exportTypes } from "../../wire/abi.ts";

/** A warning about a module that nobody could start without knowing more of it; undefined where there is none. */
export function entryWarning(wasm: Uint8Array): string | undefined {
  const exports = readInterface(wasm)?.exports ?? [];
  const functions = exports.filter(({ kind, name }) => kind === "function" && isOwn(name));
  const typeOf = (name: string) => functions.find(found => found.name === name)?.signature;
  const [run, handle] = [typeOf("run"), typeOf("handle")];
  if (run === ENTRY_TYPE || handle === exportTypes.handle) return undefined;
  if (run !== undefined)
    return `run has type ${run}, and an entry takes and gives nothing: export function run(): void`;
  if (handle !== undefined) {
    return `handle has type ${handle}; it is given a length: export function handle(n: i32): void`;
  }
  const entries = functions.filter(({ signature }) => signature === ENTRY_TYPE).map(({ name }) => name);
  if (entries.length > 0) {
    return `it exports neither run nor handle; say which of its entries to run: isopod run … --entry ${entries.join(" or ")}`;
  }
  const named = functions.map(({ name, signature = "" }) => `${name} ${signature}`).join(", ");
  return `it has nothing to run: export function run(): void, or handle(n: i32): void; ${named === "" ? "it exports no function" : `it exports ${named}`}`;
}

/** Not made by the compiler or by our transform. */
function isOwn(name: string): boolean {
  return !name.startsWith("__") && !name.includes(":") && !["_start", "match", "match_first"].includes(name);
}
