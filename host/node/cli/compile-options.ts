/** The options that `isopod build` and `isopod run` pass to the compiler. */
import { MAX_STACK_BYTES } from "../../../guest/transform/layout.ts";
import type { CompileOptions } from "../compile/options.ts";
import type { Arguments } from "./command.ts";

export const PARK_CHOICES = ["asyncify", "jspi"] as const;
export const REDUCTIONS_CHOICES = ["none", "count", "yield"] as const;

export function compileOptions(given: Arguments): CompileOptions {
  const park = PARK_CHOICES.find(way => way === given.text("park"));
  const reductions = REDUCTIONS_CHOICES.find(way => way === given.text("reductions"));
  const stack = given.text("stack") === undefined ? {} : { stackBytes: given.whole("stack", 0, 1, MAX_STACK_BYTES) };
  const trusted = given.has("trusted") ? { trusted: true } : {};
  return { ...(park && { park }), ...(reductions && { reductions }), ...stack, ...trusted, debug: given.has("debug") };
}
