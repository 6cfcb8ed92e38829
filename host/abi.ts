/** ABI 1 as data: what docs/abi.md says of names and types, for checking modules against. */
import type { Signature } from "./binary.ts";

export const actorImportTypes: Readonly<Record<string, Signature>> = {
  send: "(i32, i32, i32, i32, i32) -> i32",
  recv: "(i32, i32, i32, i32) -> i32",
  recv_tag: "(i32, i32, i32, i32, i32) -> i32",
  recv_match: "(i32, i32, i32, i32, i32) -> i32",
  park: "() -> i32",
  window: "(i32, i32, i32) -> ()",
  self_lo: "() -> i32",
  self_hi: "() -> i32",
  args: "(i32, i32) -> i32",
  exit: "(i32, i32, i32) -> ()",
  now: "() -> f64",
  log: "(i32, i32, i32) -> ()",
};

export const envImportTypes: Readonly<Record<string, Signature>> = {
  abort: "(i32, i32, i32, i32) -> ()",
  seed: "() -> f64",
};

export const ENTRY_TYPE: Signature = "() -> ()";
export const RESUME_TYPE: Signature = "(i32) -> i32";

/** Exports that mean something to the host wherever they appear. */
export const exportTypes: Readonly<Record<string, Signature>> = {
  run: ENTRY_TYPE,
  handle: "(i32) -> ()",
  match: "(i32, i32, i32) -> i32",
  _start: ENTRY_TYPE,
};

/** The export that runs an entry of an asyncified module, and goes on with it. */
export function resumeExport(entry: string): string {
  return `resume:${entry}`;
}
