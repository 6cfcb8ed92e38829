/** The parts of WebAssembly that only some engines have. */
import type { Import } from "../wire/abi.ts";

// Not in TypeScript's library yet.
interface JspiEngine {
  readonly Suspending?: new (run: () => Promise<unknown>) => Import;
  readonly promising?: (run: () => void) => () => Promise<void>;
}

export const engine: JspiEngine = WebAssembly as JspiEngine;

/** Whether this engine has JSPI, by which guests without the transform wait. */
export function hasJspi(): boolean {
  return engine.Suspending !== undefined && engine.promising !== undefined;
}
