/**
 * Whether enough of the stack is left. A guest may call an import when almost nothing is left, and the
 * host would then stop in the middle of its work. So an import that changes more than one thing asks
 * first. Hot imports order their stores instead (`deliver`).
 *
 * Asking calls a WebAssembly function with a frame of 64 KiB, because engines check for room before they
 * enter a large frame. The values have 64 bits, so that the frame has this size in each tier of the
 * engine. A call takes 13 ns in each of them (x64, V8 14.6). They are operands and not locals, which V8's first
 * tier sets to zero: that took 760 ns a call, for ever, because a function that returns at once is never optimized.
 */
import { counted, moduleOf, section, vector } from "./module-bytes.ts";

/**
 * 64 KiB. The host's own code needs about 6 KiB at most. V8 takes up to 45 KiB to compile a function that
 * is called for the first time.
 */
const VALUES = 8_192;

/** Each call of `descend` takes 32 bytes or more, in every tier of V8. */
const DESCENT_CALLS = 2_048;

const I64 = 0x7e;

/** Throws a RangeError if less than 64 KiB of the stack are left, as the engine does at its end. */
let ask: (() => void) | undefined;

export function needHeadroom(): void {
  ask?.();
}

/** The same for WebAssembly, which calls it without a step into JavaScript where the engine compiles. */
export function headroomFunction(): () => void {
  return ask ?? needHeadroom;
}

/**
 * Makes the function that is asked. The first runtime calls this, because importing isopod compiles
 * nothing. An engine that may not compile calls `descend` instead, which calls itself so many times: 2 µs.
 */
export function prepareHeadroom(descend: (calls: number) => number): void {
  if (ask !== undefined) return;
  try {
    ask = new WebAssembly.Instance(new WebAssembly.Module(probeCode())).exports.ask as () => void;
  } catch {
    ask = () => void descend(DESCENT_CALLS);
  }
}

/**
 * (func (export "ask") (drop (call $probe (i64.const 0))))
 * (func $probe (param $last i64) (result i64)
 *   (if (i64.eqz (local.get $last)) (then (return (i64.const 0))))
 *   (local.tee $last (i64.mul (local.get $last) (i64.const 3))) …      ;; VALUES times: all of them stay on the operand stack
 *   (drop (call $probe (i64.const 0)))                                 ;; each has its place in the frame, because a call may change any register
 *   (i64.xor) …)
 */
function probeCode(): Uint8Array<ArrayBuffer> {
  const ask = [0x42, 0, 0x10, 1, 0x1a];
  const code = [0, 0x20, 0, 0x50, 0x04, 0x40, 0x42, 0, 0x0f, 0x0b];
  for (let value = 0; value < VALUES; value++) code.push(0x20, 0, 0x42, 3, 0x7e, 0x22, 0);
  code.push(...ask);
  for (let value = 1; value < VALUES; value++) code.push(0x85);
  code.push(0x0b);
  return moduleOf(
    section(1, [2, 0x60, 0, 0, 0x60, 1, I64, 1, I64]),
    section(3, [2, 0, 1]),
    section(7, [1, 3, 0x61, 0x73, 0x6b, 0, 0]),
    section(10, vector([counted([0, ...ask, 0x0b]), counted(code)])),
  );
}
