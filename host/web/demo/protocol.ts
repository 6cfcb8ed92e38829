/** What the demo's page, the worker that compiles for it, and its server agree on. */

/** Guests of `guest/examples/` that the page can run. */
export const guestNames = ["table-tennis", "primes", "supervised-counter", "hello", "own"] as const;
export type GuestName = (typeof guestNames)[number];

/** Scripts of `guest/examples/js/` that the page can run. */
export const scriptNames = ["plugin", "shop"] as const;
export type ScriptName = (typeof scriptNames)[number];

export function isScriptName(name: string): name is ScriptName {
  return scriptNames.some(script => script === name);
}

/** How a guest can wait. */
export const parkWays = ["asyncify", "jspi"] as const;
export type ParkWay = (typeof parkWays)[number];

/** The files that the page asks for beside its scripts, relative to the page. */
export const sourcePath = (guest: GuestName | ScriptName): string =>
  `guests/${guest}.${isScriptName(guest) ? "js" : "ts"}`;
export const wasmPath = (guest: GuestName, park: ParkWay): string => `guests/${park}/${guest}.wasm`;
/** The engine that runs scripts, compiled. */
export const ENGINE = "engine.wasm";
/** The script of the worker. */
export const COMPILER = "compile-in-page.js";
/** The sources of the guest library, by their names, as JSON. */
export const LIBRARY = "guest-library.json";

/**
 * With JSPI, a guest that only counts its reductions can be preempted. Asyncify needs more code for
 * that.
 */
export const reductionsOf = (park: ParkWay): "count" | "yield" => (park === "jspi" ? "count" : "yield");

/** What the page asks of the worker. The guest's name is the name of the source in its crashes. */
export interface CompileRequest {
  readonly guest: GuestName;
  readonly source: string;
  readonly park: ParkWay;
}

/** What the worker says: once that it listens, and then one answer to each request. */
export type CompileReply =
  | { readonly ready: true }
  | { readonly wasm?: ArrayBuffer; readonly diagnostics: readonly Diagnostic[] };

/** A message of the compiler. `line` and `column`, both from 1, are in the source of the request. */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}
