/** Which files are scripts. */
import type { Arguments } from "../command.ts";

export const LANGUAGES = ["js", "assemblyscript"] as const;

/** A `.ts` is AssemblyScript, unless `--language` says otherwise. */
export function isScript(path: string, given: Arguments): boolean {
  return /\.(m?js|mts)$/.test(path) || (path.endsWith(".ts") && given.text("language") === "js");
}
