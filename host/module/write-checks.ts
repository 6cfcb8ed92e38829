/**
 * The code that holds a module below its store limit (store-limit.ts), and the locals that it uses.
 *
 * A check only traps. Its branch costs little, because nothing comes back from it. Checks whose slow
 * path returns took compute-heavy guests 1.5 to 2.8 times as long. A check has few bytes, because
 * engines decide by bytes of code which functions they inline: V8 14 inlines up to 600 bytes into a
 * function. For the same reason a store may write a few bytes behind the limit, so that its address
 * is compared as it is.
 */
import { LIMIT_SLACK } from "../wire/abi.ts";
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

/** (if (then (unreachable))) */
const TRAP_IF = [0x04, 0x40, 0x00, 0x0b];

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
export function writeCheck(out: Output, limit: LimitGlobal, write: Write, locals: Temporaries): void {
  const held = locals.of(write.operands);
  for (const local of held.toReversed()) out.indexed(LOCAL_SET, local);
  checkTopmost(out, limit, write, locals, held[held.length - 1]);
  for (const local of held) out.indexed(LOCAL_GET, local);
}

/**
 * Checks the address on the stack, and leaves it there.
 *
 * @param length the local with the length of a bulk instruction
 */
export function checkTopmost(out: Output, limit: LimitGlobal, write: Write, locals: Temporaries, length = 0): void {
  out.indexed(LOCAL_TEE, locals.address);
  trapBeyond(out, limit, write, length);
  out.indexed(LOCAL_GET, locals.address);
}

/** Takes an address from the stack. */
export function trapBeyond(out: Output, { index, first }: LimitGlobal, { end, isBulk }: Write, length = 0): void {
  // What a store writes behind its address, beyond what it may write behind the limit.
  const more = isBulk ? 0 : Math.max(0, end - LIMIT_SLACK);
  if (!isBulk && more <= first && more < NEGATIVE) {
    // address > limit - more, where the difference cannot be negative.
    out.indexed(GLOBAL_GET, index);
    if (more > 0) {
      out.put(I32_CONST);
      out.signed(more);
      out.put(I32_SUB);
    }
    out.put(I32_GREATER);
  } else {
    // In 64 bits: address + more > limit, or address + length > limit
    out.put(EXTEND);
    if (isBulk) {
      out.indexed(LOCAL_GET, length);
      out.put(EXTEND);
    } else {
      out.put(I64_CONST);
      out.signed(more);
    }
    out.put(I64_ADD);
    out.indexed(GLOBAL_GET, index);
    out.put(EXTEND, I64_GREATER);
  }
  out.put(...TRAP_IF);
}

/** Turns the value on the stack into the greater of it and the limit. */
export function writeMaximum(out: Output, { index }: LimitGlobal, { address: value }: Temporaries): void {
  out.indexed(LOCAL_TEE, value);
  out.indexed(GLOBAL_GET, index);
  out.indexed(LOCAL_GET, value);
  out.indexed(GLOBAL_GET, index);
  out.put(I32_GREATER, 0x1b);
}
