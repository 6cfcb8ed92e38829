/** What the host uses of a guest's exports. */
import type { GuestExports } from "../actor/body.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { GLOBALS_EXPORT, INITIALIZE, PLACE_EXPORT, resumeExport, START } from "../wire/abi.ts";

/** Those of an instance that are called. */
export function guestExports(module: GuestModule, exports: WebAssembly.Exports, entry: string): GuestExports {
  const parks = module.importsActor("park");
  const resume = functionOf(exports, resumeExport(entry));
  return {
    handle: entry === "handle" ? functionOf(exports, "handle") : null,
    entry: functionOf(exports, entry),
    resume,
    match: functionOf(exports, "match"),
    matchFirst: functionOf(exports, "match_first"),
    globals: functionOf(exports, GLOBALS_EXPORT),
    place: addressOf(exports[PLACE_EXPORT]),
    start: entry === START ? null : (functionOf(exports, START) ?? functionOf(exports, INITIALIZE)),
    parks,
    givesWay: module.givesWay && (parks || resume !== null),
  } as GuestExports;
}

function functionOf(exports: WebAssembly.Exports, name: string): CallableFunction | null {
  const found = exports[name];
  return typeof found === "function" ? found : null;
}

/** The address that a global has; 0: there is none. */
function addressOf(found: WebAssembly.ExportValue | undefined): number {
  const value = found instanceof WebAssembly.Global ? found.value : 0;
  return typeof value === "number" ? value >>> 0 : 0;
}

/** Whether a global is a mutable i32. Its value stays. */
export function isMutableWord(global: WebAssembly.Global): boolean {
  try {
    const before = global.value;
    global.value = 0.5;
    const isWord = global.value === 0;
    global.value = before;
    return isWord;
  } catch {
    // It is immutable, or an i64.
    return false;
  }
}
