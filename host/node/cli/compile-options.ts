/** The options that `isopod build` and `isopod run` pass to the compiler. */
import { MAX_STACK_BYTES } from "../../../guest/transform/layout.ts";
import { type CompileOptions, FEATURES } from "../compile/options.ts";
import type { Arguments, Command } from "./command.ts";

export const PARK_CHOICES = ["asyncify", "jspi"] as const;
export const REDUCTIONS_CHOICES = ["none", "count", "yield"] as const;

/** What both commands have for the compiler. */
export const COMPILE_OPTIONS = {
  park: { type: "string", choices: PARK_CHOICES },
  transform: { type: "string", multiple: true },
  enable: { type: "string", multiple: true, choices: FEATURES },
  stack: { type: "string" },
  debug: { type: "boolean" },
} as const satisfies Command["options"];

export function compileOptions(given: Arguments): CompileOptions {
  const park = PARK_CHOICES.find(way => way === given.text("park"));
  const reductions = REDUCTIONS_CHOICES.find(way => way === given.text("reductions"));
  const stack = given.text("stack") === undefined ? {} : { stackBytes: given.whole("stack", 0, 1, MAX_STACK_BYTES) };
  return {
    ...(park && { park }),
    ...(reductions && { reductions }),
    ...stack,
    ...(given.has("trusted") && { trusted: true }),
    transforms: given.all("transform"),
    enable: FEATURES.filter(feature => given.all("enable").includes(feature)),
    debug: given.has("debug"),
  };
}
