/** Warns about a module that has no entry a host would find. */
import { readInterface } from "../../module/interface.ts";
import { ENTRY_TYPE, exportTypes } from "../../wire/abi.ts";

/**
 * The warning about a module without a usual entry, `run` or `handle`. Undefined where it has one.
 */
export function entryWarning(wasm: Uint8Array): string | undefined {
  const exports = readInterface(wasm)?.exports ?? [];
  const functions = exports.filter(({ kind, name }) => kind === "function" && isOwn(name));
  const typeOf = (name: string) => functions.find(found => found.name === name)?.signature;
  const [run, handle] = [typeOf("run"), typeOf("handle")];
  if (run === ENTRY_TYPE || handle === exportTypes.handle) return undefined;
  if (run !== undefined)
    return `run has type ${run}, but an entry takes and returns nothing: export function run(): void`;
  if (handle !== undefined) {
    return `handle has type ${handle}, but it takes a length and returns nothing: export function handle(n: i32): void`;
  }
  const entries = functions.filter(({ signature }) => signature === ENTRY_TYPE).map(({ name }) => name);
  if (entries.length > 0) {
    return `it exports neither run nor handle; say which of its entries to run: isopod run … --entry ${entries.join(" or ")}`;
  }
  const named = functions.map(({ name, signature = "" }) => `${name} ${signature}`).join(", ");
  return `it has nothing to run: export function run(): void, or handle(n: i32): void; ${named === "" ? "it exports no function" : `it exports ${named}`}`;
}

/** Whether the guest's author has exported it, and not the compiler or our transform. */
function isOwn(name: string): boolean {
  return !name.startsWith("__") && !name.includes(":") && !["_start", "match", "match_first"].includes(name);
}
