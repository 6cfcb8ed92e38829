/**
 * compile-guests.ts for suites that run in a browser: Node compiles, and hands the modules over as
 * text.
 */
import { commands } from "vitest/browser";
import type { compileGuests as compileHere } from "../support/compile-guests.ts";

declare module "vitest/browser" {
  interface BrowserCommands {
    /** Modules in base64. */
    compileGuests: (...args: Parameters<typeof compileHere>) => Promise<string[]>;
  }
}

export const compileGuests: typeof compileHere = async (...args) => {
  const modules = await commands.compileGuests(...args);
  return modules.map(text => Uint8Array.from(atob(text), character => character.charCodeAt(0)));
};
