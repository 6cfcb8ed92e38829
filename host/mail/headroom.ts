/**
 * Whether enough of the stack is left. A guest may call an import when it has almost none, and what the host then does would end somewhere in
 * the middle. So what changes more than one thing asks first; hot imports order their stores instead, see `deliver`.
 *
 * Asking calls a WebAssembly function whose frame is as large as what is asked for: engines look for room for a large frame before they
 * enter it. Its locals are of 64 bits, which take eight bytes of the frame whichever tier of the engine has compiled it. It takes 23 ns, and
 * 1.4 µs until the engine has optimized it (x64, V8 14.6).
 */

/** 64 KiB. The deepest way through the host's own code takes some 6; to compile a function of it that was never called takes V8 up to 45. */
const LOCALS = 8_192;

const I32 = 0x7f;
const I64 = 0x7e;

/** Throws a RangeError, as the engine does where a stack ends, if less than 64 KiB are left. */
export const needHeadroom: () => void = probe();

function probe(): () => void {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(probeCode()));
  const ask = instance.exports.ask as (use: number) => number;
  return () => void ask(0);
}

/**
 * (func $ask (export "ask") (param $use i32) (result i32) (local LOCALS × i64)
 *   (if (i32.eqz (local.get $use)) (then (return (i32.const 0))))
 *   (local.set 1 (i64.extend_i32_u (call $ask (i32.const 0)))) …     ;; all of them live at the last call, so each has its place in the frame
 *   (i32.wrap_i64 (i64.add (local.get 1) …)))
 */
function probeCode(): Uint8Array<ArrayBuffer> {
  const code = [1, ...leb(LOCALS), I64, 0x20, 0, 0x45, 0x04, 0x40, 0x41, 0, 0x0f, 0x0b];
  for (let local = 1; local <= LOCALS; local++) code.push(0x41, 0, 0x10, 0, 0xad, 0x21, ...leb(local));
  code.push(0x42, 0);
  for (let local = 1; local <= LOCALS; local++) code.push(0x20, ...leb(local), 0x7c);
  code.push(0xa7, 0x0b);
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 1, I32, 1, I32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 0x61, 0x73, 0x6b, 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
