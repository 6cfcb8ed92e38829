/**
 * Guests whose instructions take much longer than most: loops in WebAssembly text. Tests of the
 * time limits use them too.
 */

interface SlowGuest {
  /** Definitions of the module. */
  readonly more: string;
  /** Locals of the function, and the code before the loop. */
  readonly locals: string;
  readonly body: string;
}

const loads = (count: number) => `${"(i32.load ".repeat(count)}(local.get $x)${")".repeat(count)}`;

export const slowGuests: Readonly<Record<string, SlowGuest>> = {
  "an empty loop": { more: "", locals: "", body: "" },
  "throw and catch": {
    more: "(tag $e)",
    locals: "",
    body: "(block $c (try_table (catch_all $c) (throw $e)))".repeat(10),
  },
  "memory.grow(0)": { more: "", locals: "", body: "(drop (memory.grow (i32.const 0)))".repeat(15) },
  "memory.init of 3 bytes": {
    more: '(data $d "abc")',
    locals: "",
    body: "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))".repeat(15),
  },
  "memory.fill of nothing": {
    more: "",
    locals: "",
    body: "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))".repeat(15),
  },
  "table.set": {
    more: "(table $t 1 funcref) (elem declare func $f) (func $f)",
    locals: "",
    body: "(table.set $t (i32.const 0) (ref.func $f))".repeat(20),
  },
  "ref.func": { more: "(elem declare func $f) (func $f)", locals: "", body: "(drop (ref.func $f))".repeat(30) },
  "pointers through 16 MiB": {
    more: "",
    locals: `(local $x i32) (local $i i32) (drop (memory.grow (i32.const 255)))
      (loop $f (i32.store (i32.shl (local.get $i) (i32.const 7)) (i32.shl (i32.and (i32.add (i32.mul (local.get $i) (i32.const 40501)) (i32.const 12345)) (i32.const 0x1ffff)) (i32.const 7)))
        (br_if $f (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 0x20000))))`,
    body: `(local.set $x ${loads(60)})`,
  },
  denormals: {
    more: "",
    locals: "(local $d f64) (local.set $d (f64.const 3e-310))",
    body: "(local.set $d (f64.add (f64.mul (local.get $d) (f64.const 0.5)) (f64.const 2e-310)))".repeat(10),
  },
  "square roots": {
    more: "",
    locals: "(local $d f64) (local.set $d (f64.const 2))",
    body: "(local.set $d (f64.sqrt (f64.add (local.get $d) (f64.const 2))))".repeat(20),
  },
};
