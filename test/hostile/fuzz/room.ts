/**
 * How much of the stack is left where somebody asks, by trying it out: for guests that want to call
 * something where hardly any is left.
 */
import { assemble } from "../../support/wat.ts";

/** Of a frame, from any tier of the engine. */
const FRAME_BYTES = 4096;
const LOCALS = FRAME_BYTES / 8;

const locals = Array.from({ length: LOCALS }, (_, index) => index);

/**
 * Each local is read from the memory before the call and used after it, so that all of them have
 * their places in the frame.
 */
const instance = new WebAssembly.Instance(
  new WebAssembly.Module(
    assemble(`(module
      (memory 1)
      (global $frames (export "frames") (mut i32) (i32.const 0))
      (func $down (export "down") (result i64) ${locals.map(index => `(local $l${index} i64)`).join(" ")}
        ${locals.map(index => `(local.set $l${index} (i64.load offset=${8 * index} (i32.const 0)))`).join("\n")}
        (global.set $frames (i32.add (global.get $frames) (i32.const 1)))
        (i64.store (i32.const 8192) (call $down))
        ${locals.map(index => `(i64.store offset=${8 * index} (i32.const 0) (i64.add (local.get $l${index}) (i64.const 1)))`).join("\n")}
        (i64.const 0)))`),
  ),
);
const { down, frames } = instance.exports as unknown as {
  readonly down: () => bigint;
  readonly frames: WebAssembly.Global<"i32">;
};

/** In bytes, on the stack on which the engine runs JavaScript. */
export function stackLeft(): number {
  frames.value = 0;
  try {
    down();
  } catch {
    // There is no more.
  }
  return frames.value * FRAME_BYTES;
}
