/** The options of `isopod run`, as the runtime takes them. */
import { suggest } from "../../../wire/suggest.ts";
import { defaultLimits, type Grants, type RuntimeLimits, type SpawnOptions } from "../../index.ts";
import { type Arguments, numberIn, UsageError } from "../command.ts";
import { PARK_CHOICES } from "../compile-options.ts";

export const GRANT_CHOICES = ["log", "clock", "random", "register", "lookup", "kill", "spawn", "none"];
export const POLICY_CHOICES = ["yield", "kill"] as const;
/** From the least important level to the most important. */
export const LEVELS = ["debug", "info", "warning", "error"] as const;

export function spawnOptions(given: Arguments, path: string): SpawnOptions {
  const entry = given.text("entry");
  // A source has been compiled for the way that was asked for; of a module, the runtime checks
  // whether it has it.
  const way = path.endsWith(".ts") ? undefined : PARK_CHOICES.find(way => way === given.text("park"));
  const policy = POLICY_CHOICES.find(policy => policy === given.text("reductions"));
  return { ...(entry !== undefined && { entry }), ...(way && { way }), ...(policy && { reductions: { policy } }) };
}

export function grantsOf(given: Arguments): Grants | "all" {
  if (!given.has("grant")) return "all";
  const names = given.all("grant").filter(name => name !== "none");
  return Object.fromEntries(names.map(name => [name, name === "spawn" ? "any" : true]));
}

/** Throws a UsageError for a text that is not `name=number`, and for an unknown limit. */
export function limitsOf(given: Arguments): Partial<RuntimeLimits> {
  return Object.fromEntries(
    given.all("limit").map(text => {
      const [name, value = ""] = text.split("=");
      if (!Object.hasOwn(defaultLimits, name)) {
        const known = Object.keys(defaultLimits);
        const likely = suggest(name, known);
        const hint = likely === undefined ? `there are ${known.join(", ")}` : `did you mean ${likely}?`;
        throw new UsageError(`--limit: there is no limit ${name}; ${hint}`);
      }
      return [name, numberIn(`--limit ${name}`, value, 0, Number.MAX_SAFE_INTEGER, true)];
    }),
  );
}
