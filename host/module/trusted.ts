/**
 * Modules that our tools have rewritten, and that the embedder trusts. The host believes what they have noted
 * in the module, and uses it as it stands.
 */
import { LoadError } from "../wire/errors.ts";
import type { CrashPlaces } from "./crash-places.ts";
import { factsIn } from "./facts-section.ts";
import { GuestModule } from "./guest-module.ts";
import type { LoadRules, LoadWay } from "./load-rules.ts";

/**
 * Throws a LoadError where the module is not as our tools have made it, or breaks a rule.
 *
 * @param places what says where a crash was, if anything does
 */
export function trustedModule(
  name: string,
  compiled: WebAssembly.Module,
  { tableElements, offers }: LoadRules,
  { reductions }: LoadWay,
  places?: CrashPlaces,
): GuestModule {
  const facts = factsIn(name, compiled);
  if (facts.footprint.mostElements > tableElements) {
    throw new LoadError(
      `${name} has tables of ${facts.footprint.mostElements} elements; all of a module may have ${tableElements} (limit tableElements)`,
    );
  }
  const module = new GuestModule(name, facts, offers, { places });
  if (reductions === "count" && !module.exportsCounter) {
    throw new LoadError(
      `${name} does not count its reductions: build it with isopod build --trusted --reductions count`,
    );
  }
  return module;
}
