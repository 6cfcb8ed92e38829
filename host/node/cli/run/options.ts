/** The options of `isopod run`, as the runtime takes them. */

import { shapeOf } from "../../../js/index.ts";
import { suggest } from "../../../wire/suggest.ts";
import { defaultLimits, type Grants, type ModuleDefaults, type RuntimeLimits } from "../../index.ts";
import { PAYLOAD_FORMATS, type PayloadFormat } from "../../payload-text.ts";
import { type Arguments, numberIn, UsageError } from "../command.ts";
import { PARK_CHOICES } from "../compile-options.ts";
import { isScript } from "./language.ts";
import type { LineOptions } from "./lines.ts";

/** What the command line says of the lines of stdin. Without a format, it is as the module takes them. */
export type GivenLines = Pick<LineOptions, "areCalls" | "tag"> & { readonly format: PayloadFormat | undefined };

export const GRANT_CHOICES = ["log", "clock", "random", "register", "lookup", "kill", "spawn", "none"];
export const POLICY_CHOICES = ["yield", "kill"] as const;
/** From the least important level to the most important. */
export const LEVELS = ["debug", "info", "warning", "error"] as const;

/** How a guest is spawned, whether the command or another guest spawns it. */
export function spawnOptions(given: Arguments, path: string): ModuleDefaults {
  // Scripts wait in one way, and are always counted and killed.
  if (isScript(path, given)) return {};
  // A source has been compiled for the way that was asked for; of a module, the runtime checks
  // whether it has it.
  const way = path.endsWith(".ts") ? undefined : PARK_CHOICES.find(way => way === given.text("park"));
  const policy = POLICY_CHOICES.find(policy => policy === given.text("reductions"));
  return { ...(way && { way }), ...(policy && { reductions: { policy } }) };
}

export function grantsOf(given: Arguments): Grants | "all" {
  if (!given.has("grant")) return "all";
  const names = given.all("grant").filter(name => name !== "none");
  return Object.fromEntries(names.map(name => [name, name === "spawn" ? "any" : true]));
}

/** What `--define` names: the files, by the names that guests spawn them by. */
export function definitionsOf(given: Arguments): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const text of given.all("define")) {
    const [, name, path] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (name === undefined || path === undefined) {
      throw new UsageError(`--define takes NAME=FILE, for example worker=worker.ts, not "${text}"`);
    }
    if (files.has(name)) throw new UsageError(`--define: ${name} was defined twice`);
    files.set(name, path);
  }
  return files;
}

export function lineOptions(given: Arguments): GivenLines {
  const format = PAYLOAD_FORMATS.find(format => format === given.text("lines"));
  return { format, areCalls: given.has("call"), tag: given.whole("tag", 0, 0, 2 ** 31 - 1) };
}

/** What the lines are, of an actor of this module. Throws a UsageError where the module takes no such lines. */
export function linesFor({ format, areCalls, tag }: GivenLines, module: object, to: string | undefined): LineOptions {
  const shape = to === undefined ? shapeOf(module) : undefined;
  const isCalled = shape?.kind === "functions" && format !== "hex";
  if (isCalled && (format === "text" || format === "json")) {
    throw new UsageError(
      `the script exports functions, so a line is a call, such as ${shape.functions[0]} 1 2: leave out --lines ${format}`,
    );
  }
  return {
    format: format ?? (shape === undefined ? "text" : "value"),
    areCalls: areCalls || isCalled,
    areRequests: isCalled,
    tag,
  };
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
