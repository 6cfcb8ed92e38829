/**
 * What a module gets so that its reductions are counted: a global that counts down, the import of
 * `actor.yield`, and three functions. Code takes from the counter what it weighs. Where the counter
 * is below zero, the function `spent` calls `yield` and adds the answer.
 */
import { LEFT_EXPORT } from "../wire/abi.ts";
import { Form, Kind } from "./declarations.ts";
import type { Output } from "./output.ts";
import { I32 } from "./value-type.ts";

/** How many types and functions come behind the module's own. */
export const NEW_TYPES = 3;
export const NEW_FUNCTIONS = 3;

/** 2 to this many bytes are one reduction more. */
const BYTES_SHIFT = 6;
/** An element of a table is 2 to this many reductions. */
const ELEMENT_SHIFT = 7;
/** No table has more elements. */
const MAX_ELEMENTS = 2 ** 23;

/** Where the additions are, by index. */
export interface CounterIndices {
  /** The first of the new types. */
  readonly type: number;
  readonly yield: number;
  /** The first of the new functions. */
  readonly function: number;
  readonly global: number;
}

export class Counter {
  readonly #out: Output;
  readonly #at: CounterIndices;

  constructor(out: Output, at: CounterIndices) {
    this.#out = out;
    this.#at = at;
  }

  types(): void {
    this.#out.put(Form.function, 0, 1, I32); // yield
    this.#out.put(Form.function, 0, 0); // spent
    this.#out.put(Form.function, 1, I32, 1, I32); // bytes, elements
  }

  yieldImport(): void {
    for (const name of ["actor", "yield"]) this.#out.name(name);
    this.#out.put(Kind.function);
    this.#out.u32(this.#at.type);
  }

  functions(): void {
    this.#out.u32(this.#at.type + 1);
    this.#out.u32(this.#at.type + 2);
    this.#out.u32(this.#at.type + 2);
  }

  /** It begins at 0, so the host decides on the first budget, too. */
  global(): void {
    this.#out.put(I32, 1, 0x41, 0, 0x0b);
  }

  /** The host takes from the counter what imports cost. */
  globalExport(): void {
    this.#out.name(LEFT_EXPORT);
    this.#out.put(Kind.global);
    this.#out.u32(this.#at.global);
  }

  bodies(): void {
    this.#spent();
    // (i32.shr_u (local.get $n) (i32.const …))
    this.#chargingFunction(() => this.#out.put(0x20, 0, 0x41, BYTES_SHIFT, 0x76));
    // (i32.shl (select (local.get $n) (i32.const …) (i32.lt_u (local.get $n) (i32.const …)))
    // (i32.const …))
    this.#chargingFunction(() => {
      this.#out.put(0x20, 0, 0x41);
      this.#out.signed(MAX_ELEMENTS);
      this.#out.put(0x20, 0, 0x41);
      this.#out.signed(MAX_ELEMENTS);
      this.#out.put(0x49, 0x1b, 0x41, ELEMENT_SHIFT, 0x74);
    });
  }

  /**
   * Asks for a new budget until the debt is paid:
   *
   *     (func $spent (local $more i32) (loop $again
   *       (if (i32.eq (local.tee $more (call $yield)) (i32.const YIELD_END)) (then (unreachable)))
   *       (global.set $counter (i32.add (global.get $counter) (local.get $more)))
   *       (br_if $again (i32.lt_s (global.get $counter) (i32.const 0)))))
   *
   * It traps instead of throwing, because a guest could catch an exception again and again.
   */
  #spent(): void {
    const out = this.#out;
    const { global: counter } = this.#at;
    out.beginBody();
    out.put(1, 1, I32, 0x03, 0x40, 0x10);
    out.u32(this.#at.yield);
    out.put(0x22, 0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 0x46, 0x04, 0x40, 0x00, 0x0b);
    out.indexed(0x23, counter);
    out.put(0x20, 0, 0x6a);
    out.indexed(0x24, counter);
    out.indexed(0x23, counter);
    out.put(0x41, 0, 0x48, 0x0d, 0, 0x0b, 0x0b);
    out.endBody();
  }

  /**
   * Charges for a number of bytes or elements, and answers that number: (func (param $n i32)
   * (result i32) …charge the price… (local.get $n))
   */
  #chargingFunction(price: () => void): void {
    const out = this.#out;
    out.beginBody();
    out.put(1, 1, I32);
    out.indexed(0x23, this.#at.global);
    price();
    out.put(0x6b);
    this.#check(1);
    out.put(0x20, 0, 0x0b);
    out.endBody();
  }

  /** Calls the function that charges for the bytes, or elements, whose number is topmost on the stack. */
  chargeBulk(ofTable: boolean): void {
    this.#out.indexed(0x10, this.#at.function + (ofTable ? 2 : 1));
  }

  /**
   * Charges reductions: (i32.sub (global.get $counter) (i32.const reductions)). A head then checks
   * the counter, which takes a local; elsewhere it is only set, and the next head checks it.
   */
  charge(reductions: number, local: number, isHead: boolean): void {
    const out = this.#out;
    out.indexed(0x23, this.#at.global);
    out.put(0x41);
    out.signed(reductions);
    out.put(0x6b);
    if (isHead) this.#check(local);
    else out.indexed(0x24, this.#at.global);
  }

  /**
   * (global.set $counter (local.tee $left …)) (if (i32.lt_s (local.get $left) (i32.const 0)) (then
   * (call $spent)))
   *
   * Reading the global again instead costs a tight loop half its time (V8 14, x64).
   */
  #check(local: number): void {
    const out = this.#out;
    out.indexed(0x22, local);
    out.indexed(0x24, this.#at.global);
    out.indexed(0x20, local);
    out.put(0x41, 0, 0x48, 0x04, 0x40, 0x10);
    out.u32(this.#at.function);
    out.put(0x0b);
  }
}
