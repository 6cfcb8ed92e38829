/** What `walk` (instructions.ts) tells about the instructions that it reads. */

/**
 * Told about each instruction that does one of these. An index of -1 means that the instruction has
 * no such index.
 */
export interface Visitor {
  /** Names a function. Its index stands in the bytes from `from` to the cursor. */
  functionIndex(index: number, from: number): void;
  /** Calls a function by its index, or any function of a type. */
  call(functionIndex: number, typeIndex: number): void;
  globalIndex(index: number): void;
  /**
   * Takes time for each byte, or each element of a table. It begins at `from`, and their number is
   * topmost on the stack.
   */
  bulk(from: number, ofTable: boolean): void;
  /**
   * Changes state of the instance that is neither in its memory nor in globals: a table, or a
   * segment that is dropped.
   */
  changesInstance(): void;
  /** Writes memory. It begins at `from`, and the cursor stands behind its opcode. */
  writes?(from: number): void;
  /** Sets a global. It begins at `from`. */
  setsGlobal?(index: number, from: number): void;
  /**
   * Every instruction, before everything else that is told about it. The cursor stands behind the
   * opcode's first byte.
   */
  instruction?(opcode: number): void;
  /** Present where the paths through the code matter. */
  readonly flow?: Flow;
}

/**
 * How control goes through the instructions. Each method is called when the cursor is behind the
 * instruction. A depth counts labels from the innermost.
 */
export interface Flow {
  /**
   * The instructions since the last call weigh so many ticks (weights.ts). Called before each of
   * the others.
   */
  run(ticks: number): void;
  block(type: number): void;
  loop(type: number): void;
  if(type: number): void;
  /**
   * What is thrown in it continues at one of these labels, or at a `catch`. The labels are counted
   * from outside of it.
   */
  try(type: number, handlers: readonly number[]): void;
  else(): void;
  catch(): void;
  end(): void;
  /** Continues at one of these labels, which take the same values, or behind the instruction. */
  branch(depths: Iterable<number>): void;
  /** Leaves the function. */
  return(): void;
  /** Never continues behind the instruction. */
  leave(): void;
}

const nothing = () => {};

/** For code of which only the end matters, for example constant expressions. */
export const IGNORE: Visitor = {
  functionIndex: nothing,
  call: nothing,
  globalIndex: nothing,
  bulk: nothing,
  changesInstance: nothing,
};
