/**
 * The code that holds a module below its store limit (store-limit.ts), and the locals that it uses.
 *
 * A check only traps. Its branch costs little, because nothing comes back from it. Checks whose slow
 * path returns took compute-heavy guests 1.5 to 2.8 times as long.
 */
import type { Output } from "./output.ts";
import { F32, F64, I32, I64, V128 } from "./value-type.ts";
import type { Write } from "./writes.ts";

/** The global of a store limit. */
export interface LimitGlobal {
  readonly index: number;
  /** Its value in the first state. It never has a lower one. */
  readonly first: number;
}

/** From here on, a constant of 32 bits would be negative. */
const NEGATIVE = 2 ** 31;
const [LOCAL_GET, LOCAL_SET, LOCAL_TEE, GLOBAL_GET] = [0x20, 0x21, 0x22, 0x23];
const [I32_CONST, I64_CONST, I32_SUB, I32_GREATER, I64_ADD, I64_GREATER] = [0x41, 0x42, 0x6b, 0x4b, 0x7c, 0x56];
/** i64.extend_i32_u */
const EXTEND = 0xad;

/**
 * (if (then (drop (i64.load (i32.const -1))) (unreachable)))
 *
 * No memory of 32-bit addresses has the 8 bytes there, so the load traps, and the engine says what
 * was wrong: the access is out of bounds.
 */
const TRAP_IF = [0x04, 0x40, 0x41, 0x7f, 0x29, 0, 0, 0x1a, 0, 0x0b];

/** The types that an instruction which writes memory may take. */
const TYPES = [I32, I64, F32, F64, V128];

/** Locals of a function that hold operands while they are checked. They come behind its own. */
export class Temporaries {
  readonly #begin: number;
  /** How many of each type. */
  readonly #counts = TYPES.map(() => 0);

  /** @param begin how many parameters and locals the function has */
  constructor(begin: number) {
    this.#begin = begin;
  }

  /** One for an address, and one for each of these operands. */
  need(operands: readonly number[]): void {
    TYPES.forEach((type, i) => {
      const count = operands.filter(operand => operand === type).length + (type === I32 ? 1 : 0);
      this.#counts[i] = Math.max(this.#counts[i], count);
    });
  }

  /** How many declarations they take. */
  get groups(): number {
    return this.#counts.filter(count => count > 0).length;
  }

  declare(out: Output): void {
    this.#counts.forEach((count, i) => {
      if (count > 0) out.put(count, TYPES[i]);
    });
  }

  get address(): number {
    return this.#begin;
  }

  /** The local of each of these operands. */
  of(operands: readonly number[]): readonly number[] {
    const next = TYPES.map((_, i) => this.#begin + this.#counts.slice(0, i).reduce((sum, count) => sum + count, 0));
    // The first of type i32 is for the address.
    next[0]++;
    return operands.map(type => next[TYPES.indexOf(type)]++);
  }
}

/** Checks the operands on the stack, and leaves them there. */
export function writeCheck(out: Output, limit: LimitGlobal, { end, operands, isBulk }: Write, locals: Temporaries) {
  const held = locals.of(operands);
  for (const local of held.toReversed()) out.indexed(LOCAL_SET, local);
  out.indexed(LOCAL_TEE, locals.address);
  if (!isBulk && end <= limit.first && end < NEGATIVE) {
    // address > limit - end, where the difference cannot be negative.
    out.indexed(GLOBAL_GET, limit.index);
    out.put(I32_CONST);
    out.signed(end);
    out.put(I32_SUB, I32_GREATER);
  } else {
    // In 64 bits: address + end > limit
    out.put(EXTEND);
    if (isBulk) {
      out.indexed(LOCAL_GET, held[held.length - 1]);
      out.put(EXTEND);
    } else {
      out.put(I64_CONST);
      out.signed(end);
    }
    out.put(I64_ADD);
    out.indexed(GLOBAL_GET, limit.index);
    out.put(EXTEND, I64_GREATER);
  }
  out.put(...TRAP_IF);
  out.indexed(LOCAL_GET, locals.address);
  for (const local of held) out.indexed(LOCAL_GET, local);
}

/** Turns the value on the stack into the greater of it and the limit. */
export function writeMaximum(out: Output, { index }: LimitGlobal, { address: value }: Temporaries): void {
  out.indexed(LOCAL_TEE, value);
  out.indexed(GLOBAL_GET, index);
  out.indexed(LOCAL_GET, value);
  out.indexed(GLOBAL_GET, index);
  out.put(I32_GREATER, 0x1b);
}
