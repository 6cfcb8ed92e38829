/** What `walk` (instructions.ts) tells of the instructions that it reads. */

/** What the walk tells of an instruction. `-1`: there is no such index in it. */
export interface Visitor {
  /** Names a function by the index that stands in the bytes from `from` to the cursor. */
  functionIndex(index: number, from: number): void;
  /** Calls a function by its index, or something of a type. */
  call(functionIndex: number, typeIndex: number): void;
  globalIndex(index: number): void;
  /** Begins, at `from`, an instruction that takes time for each byte, or element of a table, their number topmost on the stack. */
  bulk(from: number, ofTable: boolean): void;
  /** Changes what outlives the memory: a table, or a segment that is dropped. */
  changesInstance(): void;
  /** Every instruction, before all else that is told of it. The cursor stands behind the opcode's first byte. */
  instruction?(opcode: number): void;
  /** Follows the paths through the code, where somebody wants to know them. */
  readonly flow?: Flow;
}

/** How control goes through the instructions. Each is told when the cursor is behind the instruction. A depth counts labels from the innermost. */
export interface Flow {
  /** What was walked since the last time weighs so many ticks (weights.ts). Told before anything else here. */
  run(ticks: number): void;
  block(type: number): void;
  loop(type: number): void;
  if(type: number): void;
  /** What is thrown in it goes on at one of these labels, which are counted from outside of it, or at a `catch`. */
  try(type: number, handlers: readonly number[]): void;
  else(): void;
  catch(): void;
  end(): void;
  /** Goes on at one of these labels, which take the same values, or behind the instruction. */
  branch(depths: Iterable<number>): void;
  /** Leaves the function. */
  return(): void;
  /** Never goes on behind the instruction. */
  leave(): void;
}

const nothing = () => {};

/** Is told nothing. Of a constant expression, for example, often only its end matters. */
export const IGNORE: Visitor = {
  functionIndex: nothing,
  call: nothing,
  globalIndex: nothing,
  bulk: nothing,
  changesInstance: nothing,
};
