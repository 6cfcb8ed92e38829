/**
 * What compile-cost.ts counts of a function, and code-bounds.ts bounds. A slot is a parameter, a
 * local, or a value on the operand stack.
 */
export interface Figures {
  /** Blocks inside of each other. */
  nesting: number;
  /** Loops inside of each other. */
  loops: number;
  /** Values on the operand stack at once. */
  operands: number;
  /**
   * Slots, summed over the blocks. `if` and `try` count twice, because they have two states; a loop
   * counts three times, because reductions may be counted there. Each block counts BLOCK slots
   * more, and each value that it takes or leaves VALUE slots.
   */
  kept: number;
  /**
   * Slots, summed over the branches, BRANCH more for each. A call inside of a `try` is a branch,
   * and so is the end of a block.
   */
  merged: number;
  /** Locals that were set since the target's block began, summed over the branches. */
  joined: number;
  /** Instructions that call a function, or code of the engine. A `try` counts TRY calls. */
  calls: number;
  /** Values that calls of functions take and leave. */
  passed: number;
}

/**
 * The engine keeps at most so many times as much for a value that a block takes or leaves as for a
 * slot.
 */
export const VALUE = 5;
/** Beside their slots, a block and a branch cost as much as so many slots. */
export const BLOCK = 16;
export const BRANCH = 32;
/** In the optimizing tier, a `try` costs as much as so many calls. */
export const TRY = 8;

export function noFigures(): Figures {
  return { nesting: 0, loops: 0, operands: 0, kept: 0, merged: 0, joined: 0, calls: 0, passed: 0 };
}
