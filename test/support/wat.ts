/**
 * Guests written by hand, from docs/abi.md alone. `guest` assembles a WAT body and declares the
 * imports that it mentions, so that a test shows only what it is about.
 */
import binaryen from "binaryen";

const { MVP, MutableGlobals, BulkMemory, BulkMemoryOpt, SignExt, NontrappingFPToInt, ExceptionHandling } =
  binaryen.Features;

/** What every engine of ours accepts. V8 refuses the type section that `Features.All` emits. */
export const PLAIN =
  MVP | MutableGlobals | BulkMemory | BulkMemoryOpt | SignExt | NontrappingFPToInt | ExceptionHandling;

/** The imports of docs/abi.md, by the name that a body calls them: `$send`. */
const IMPORTS: Readonly<Record<string, readonly [module: string, type: string]>> = {
  send: ["actor", "(param i32 i32 i32 i32 i32) (result i32)"],
  recv: ["actor", "(param i32 i32 i32 i32) (result i32)"],
  recv_tag: ["actor", "(param i32 i32 i32 i32 i32) (result i32)"],
  recv_match: ["actor", "(param i32 i32 i32 i32 i32) (result i32)"],
  park: ["actor", "(result i32)"],
  yield: ["actor", "(result i32)"],
  window: ["actor", "(param i32 i32 i32)"],
  self_lo: ["actor", "(result i32)"],
  self_hi: ["actor", "(result i32)"],
  args: ["actor", "(param i32 i32) (result i32)"],
  exit: ["actor", "(param i32 i32 i32)"],
  spawn: ["actor", "(param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)"],
  parent: ["actor", "(param i32) (result i32)"],
  link: ["actor", "(param i32 i32) (result i32)"],
  unlink: ["actor", "(param i32 i32) (result i32)"],
  trap_exit: ["actor", "(param i32) (result i32)"],
  exit_to: ["actor", "(param i32 i32 i32 i32 i32) (result i32)"],
  monitor: ["actor", "(param i32 i32) (result i32)"],
  stack_out: ["actor", "(param i32 i32)"],
  stack_in: ["actor", "(param i32)"],
  demonitor: ["actor", "(param i32 i32) (result i32)"],
  request: ["actor", "(param i32 i32 i32 i32 i32) (result i32)"],
  delegate: ["actor", "(param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)"],
  make_ref: ["actor", "(result i32)"],
  drop_ref: ["actor", "(param i32) (result i32)"],
  ask: ["actor", "(param i32 i32 i32 i32) (result i32)"],
  send_after: ["actor", "(param i32 i32 i32 i32 i32 i32) (result i32)"],
  cancel_timer: ["actor", "(param i32) (result i32)"],
  register: ["actor", "(param i32 i32 i32 i32) (result i32)"],
  unregister: ["actor", "(param i32 i32) (result i32)"],
  whereis: ["actor", "(param i32 i32 i32) (result i32)"],
  send_named: ["actor", "(param i32 i32 i32 i32 i32) (result i32)"],
  join: ["actor", "(param i32 i32) (result i32)"],
  leave: ["actor", "(param i32 i32) (result i32)"],
  members: ["actor", "(param i32 i32 i32 i32) (result i32)"],
  broadcast: ["actor", "(param i32 i32 i32 i32 i32) (result i32)"],
  now: ["actor", "(result f64)"],
  epoch: ["actor", "(result f64)"],
  log: ["actor", "(param i32 i32 i32) (result i32)"],
  abort: ["env", "(param i32 i32 i32 i32)"],
  seed: ["env", "(result f64)"],
};

/** Assembles a whole module. Throws where it is no valid WebAssembly. */
export function assemble(text: string, features = PLAIN): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(features);
    if (!module.validate()) throw new Error("this module is not valid");
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}

/** A module of this body, with two pages of memory from the host unless `memory` says otherwise. */
export function guest(
  body: string,
  memory = `(import "env" "memory" (memory 2))`,
  features = PLAIN,
): Uint8Array<ArrayBuffer> {
  const imports = Object.entries(IMPORTS)
    .filter(([name]) => new RegExp(`\\$${name}\\b`).test(body))
    .map(([name, [module, type]]) => `(import "${module}" "${name}" (func $${name} ${type}))`);
  return assemble(`(module ${imports.join("\n")} ${memory} ${body})`, features);
}

/**
 * Replies to every item with its payload, under its tag. Survives everything that happens around
 * it.
 */
export const ECHO = `
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 4096)))
  (func (export "handle") (param $n i32)
    (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.load (i32.const 68))
      (i32.const 128) (local.get $n))))`;
