/**
 * Counts what it costs the engine to compile a function. code-bounds.ts says how much of each
 * figure a function may have.
 *
 * A slot is a parameter, a local, or a value on the operand stack. A compiler records where each
 * slot is for each block, and moves slots for each branch. So its cost is a sum of slots over all
 * blocks and branches of the function; nesting alone does not show it. An optimizing compiler also
 * joins the values of each local that differ where paths meet.
 *
 * The bytes need not be valid. The figures are right up to the first instruction that the engine
 * refuses, and the engine reads no further.
 */
import { type Arity, arityOfBlock, readBlockType } from "./block-type.ts";
import { Cursor } from "./cursor.ts";
import { readLocals } from "./declarations.ts";
import { BLOCK, BRANCH, type Figures, noFigures, TRY, VALUE } from "./figures.ts";
import { walk } from "./instructions.ts";
import { stackEffect } from "./stack-effects.ts";
import type { Visitor } from "./visitor.ts";

const NONE: Arity = { parameters: 0, results: 0 };
const NO_TRY = -1;
const nothing = () => {};

/** The declarations of a module that code refers to. */
export interface Declared {
  /** All types, in the order of their indices. */
  readonly types: readonly Arity[];
  /** The type of each function, the imported ones first. */
  readonly functions: readonly number[];
  /** The type of each tag. */
  readonly tags: readonly number[];
  /** Checks will be put before the instructions that write memory (store-limit.ts). */
  readonly isLimited: boolean;
}

/** The most locals that the checks of a function take, and values on the stack that each takes. */
const CHECK_LOCALS = 9;
const CHECK_OPERANDS = 4;

export class CompileCost implements Visitor {
  readonly #module: Declared;
  readonly #maxNesting: number;

  #cursor = new Cursor(new Uint8Array(0));
  #figures = noFigures();
  /** Parameters and locals together. */
  #locals = 0;
  #height = 0;
  #depth = 0;
  /** No path leads here: the code stands behind a branch or an `unreachable`. */
  #isDead = false;
  /** How many instructions so far set a local. */
  #sets = 0;
  /** These have an element for each open block. The height of the stack below its parameters. */
  readonly #bases: number[] = [];
  readonly #arities: Arity[] = [];
  readonly #setsBefore: number[] = [];
  readonly #wasDead: boolean[] = [];
  /** How many times a join with its end, or its head, counts. */
  readonly #weights: number[] = [];
  readonly #isLoop: boolean[] = [];
  /** How many loops are open. */
  #loops = 0;
  /** The depth of the `try` that catches what is thrown here. */
  readonly #tries: number[] = [];

  readonly functionIndex = nothing;
  readonly call = nothing;
  readonly globalIndex = nothing;
  readonly bulk = nothing;
  readonly changesInstance = nothing;

  constructor(module: Declared, maxNesting: number) {
    this.#module = module;
    this.#maxNesting = maxNesting;
  }

  /**
   * The figures of the function with this index. `body` stands before its locals. Counting stops
   * where code is nested deeper than the maximum.
   */
  measure(body: Cursor, index: number): Figures {
    const own = this.#arity(this.#module.types, this.#module.functions[index]);
    this.#cursor = body;
    this.#figures = noFigures();
    this.#locals = own.parameters + readLocals(body) + (this.#module.isLimited ? CHECK_LOCALS : 0);
    this.#height = 0;
    this.#depth = -1;
    this.#loops = 0;
    this.#isDead = false;
    this.#sets = 0;
    this.#open({ parameters: 0, results: own.results }, NO_TRY, false);
    try {
      walk(body, this);
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error;
    }
    return this.#figures;
  }

  instruction(opcode: number): void {
    // The common case. Blocks, branches and calls are below.
    if (opcode > 0x1f && opcode !== 0xd5 && opcode !== 0xd6) {
      if (opcode === 0x21 || opcode === 0x22) this.#sets++;
      else if (callsEngine(opcode, this.#cursor)) this.#figures.calls++;
      this.#change(stackEffect(opcode, this.#cursor));
      return;
    }
    const cursor = this.#cursor;
    const { at } = cursor;
    switch (opcode) {
      case 0x04: // if
        this.#change(-1);
        this.#block(2, false);
        break;
      case 0x02: // block
        this.#block(1, false);
        break;
      case 0x03: // loop, with the `if` and the call that ask for reductions
        this.#block(3, true);
        this.#join(this.#depth);
        this.#figures.calls++;
        this.#throws();
        break;
      case 0x06: // try
        this.#block(2, false);
        this.#figures.calls += TRY;
        this.#tries[this.#depth] = this.#depth;
        this.#weights[this.#depth] = 2;
        break;
      case 0x1f: // try_table
        this.#tryTable();
        break;
      case 0x05: // else
        this.#nextPart(this.#arities[this.#depth].parameters);
        break;
      case 0x07: // catch
        this.#catch(this.#arity(this.#module.types, this.#module.tags[cursor.u32()]).parameters);
        break;
      case 0x19: // catch_all
        this.#catch(0);
        break;
      case 0x0b: // end
      case 0x18: // delegate
        this.#close();
        break;
      case 0x08: // throw
      case 0x09: // rethrow
      case 0x0a: // throw_ref
        this.#figures.calls++;
        this.#throws();
        this.#die();
        break;
      case 0x00: // unreachable
      case 0x0f: // return
        this.#die();
        break;
      case 0x0c: // br
        this.#branch(cursor.u32());
        this.#die();
        break;
      case 0x0d: // br_if
        this.#change(-1);
        this.#branch(cursor.u32());
        break;
      case 0x0e: // br_table
        this.#change(-1);
        for (let left = cursor.u32(); left >= 0; left--) this.#branch(cursor.u32());
        this.#die();
        break;
      case 0xd5: // br_on_null
        this.#branch(cursor.u32());
        break;
      case 0xd6: // br_on_non_null
        this.#branch(cursor.u32());
        this.#change(-1);
        break;
      case 0x10: // call
        this.#call(this.#arity(this.#module.types, this.#module.functions[cursor.u32()]));
        break;
      case 0x11: // call_indirect
      case 0x14: // call_ref
        this.#change(-1);
        this.#call(this.#arity(this.#module.types, cursor.u32()));
        break;
      case 0x12: // return_call
      case 0x13: // return_call_indirect
      case 0x15: // return_call_ref
        this.#figures.calls++;
        this.#die();
        break;
      default:
        this.#change(stackEffect(opcode, cursor));
    }
    cursor.at = at;
  }

  /** The check is an `if` with a trap, and sets locals. Its operands are off the stack already. */
  writes(): void {
    if (!this.#module.isLimited) return;
    const figures = this.#figures;
    figures.kept += 2 * (BLOCK + this.#slots);
    figures.merged += BRANCH + this.#slots;
    figures.calls++;
    this.#sets += 2;
    figures.operands = Math.max(figures.operands, this.#height + CHECK_OPERANDS);
  }

  /** The engine refuses what does not exist, so it counts as nothing. */
  #arity(types: readonly Arity[], index: number | undefined): Arity {
    return (index === undefined ? undefined : types[index]) ?? NONE;
  }

  get #slots(): number {
    return this.#locals + this.#height;
  }

  #change(effect: number): void {
    const base = this.#bases[this.#depth];
    const height = this.#height + effect;
    // Behind a branch, instructions may take values that are not there.
    this.#height = height < base ? base : height;
    if (height > this.#figures.operands) this.#figures.operands = height;
  }

  #call({ parameters, results }: Arity): void {
    this.#throws();
    this.#figures.calls++;
    this.#figures.passed += parameters + results;
    this.#change(-parameters);
    this.#change(results);
  }

  /** The instruction may throw to a `try` of this function. */
  #throws(): void {
    const depth = this.#tries[this.#depth];
    if (depth !== NO_TRY) this.#join(depth);
  }

  #branch(label: number): void {
    this.#join(label < this.#depth ? this.#depth - label : 0);
  }

  /** A path leads to the end, or to the head, of an open block. */
  #join(depth: number): void {
    const sets = this.#sets - this.#setsBefore[depth];
    this.#figures.merged += BRANCH + this.#slots;
    this.#figures.joined += this.#weights[depth] * (sets < this.#locals ? sets : this.#locals);
  }

  #die(): void {
    this.#height = this.#bases[this.#depth];
    this.#isDead = true;
  }

  /** Begins a block. Its type stands at the cursor. */
  #block(states: number, isLoop: boolean): void {
    const type = readBlockType(this.#cursor);
    const arity = arityOfBlock(this.#cursor, this.#module.types, type);
    this.#figures.kept += states * (BLOCK + this.#slots) + VALUE * (arity.parameters + arity.results);
    this.#change(-arity.parameters);
    this.#open(arity, this.#tries[this.#depth], isLoop);
    this.#change(arity.parameters);
  }

  #open(arity: Arity, tries: number, isLoop: boolean): void {
    const depth = ++this.#depth;
    if (depth > this.#figures.nesting) this.#figures.nesting = depth;
    if (depth > this.#maxNesting) throw new TooDeep();
    this.#bases[depth] = this.#height;
    this.#arities[depth] = arity;
    this.#setsBefore[depth] = this.#sets;
    this.#wasDead[depth] = this.#isDead;
    this.#weights[depth] = 1;
    this.#isLoop[depth] = isLoop;
    this.#tries[depth] = tries;
    if (isLoop && ++this.#loops > this.#figures.loops) this.#figures.loops = this.#loops;
  }

  /** Its clauses are branches out of it. */
  #tryTable(): void {
    this.#block(2, false);
    this.#figures.calls += TRY;
    const cursor = this.#cursor;
    for (let left = cursor.u32(); left > 0; left--) {
      const namesTag = cursor.byte() < 2;
      if (namesTag) cursor.u32();
      // Labels are counted from outside of it.
      this.#branch(cursor.u32() + 1);
    }
    this.#tries[this.#depth] = this.#depth;
  }

  #catch(values: number): void {
    this.#nextPart(values);
    // From here on, an outer `try` catches.
    this.#tries[this.#depth] = this.#tries[this.#depth - 1] ?? NO_TRY;
  }

  /** Ends a part of a block. The next part begins with so many values. */
  #nextPart(values: number): void {
    const depth = this.#depth;
    if (!this.#isDead) this.#join(depth);
    this.#isDead = this.#wasDead[depth];
    this.#height = this.#bases[depth];
    this.#change(values);
  }

  #close(): void {
    const depth = this.#depth;
    // Values meet at the head of a loop, even if its end is never reached.
    if (this.#isLoop[depth]) this.#loops--;
    if (!this.#isDead || this.#isLoop[depth]) this.#join(depth);
    this.#isDead = this.#wasDead[depth];
    this.#height = this.#bases[depth];
    this.#depth--;
    if (depth > 0) this.#change(this.#arities[depth].results);
  }
}

/** Nested deeper than the maximum. Ends the walk. */
class TooDeep extends Error {}

/**
 * Whether the engine runs the instruction as a call: `memory.grow`, and instructions of tables and
 * segments.
 */
function callsEngine(opcode: number, { bytes, at }: Cursor): boolean {
  return opcode === 0x40 || opcode === 0x25 || opcode === 0x26 || opcode === 0xd2 || (opcode === 0xfc && bytes[at] > 7);
}
