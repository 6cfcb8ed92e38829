/**
 * Bounds on the code of a module. Without them, a module of 50 KB can take gigabytes at its first
 * call. docs/security.md lists the bounds and what was measured.
 *
 * Guarantee: to compile a function, the engine needs a bounded amount of memory, and of time on the
 * runtime's thread.
 */
import type { Arity } from "./block-type.ts";
import { CompileCost, type Declared } from "./compile-cost.ts";
import { type Cursor, Undecodable } from "./cursor.ts";
import type { Figures } from "./figures.ts";
import { eachBody } from "./sections.ts";
import { Unconfinable } from "./unconfinable.ts";

/**
 * How much of each figure a function may have. Each bound is more than ten times what optimized
 * modules of up to 8 MiB have, and more than any of the 97 modules that were measured has. What
 * they cost (V8 14.6, x64): `kept` 12 bytes each in the first tier, 156 MB at the bound; `merged`
 * 1.4 ns each, 28 ms; `joined` up to 240 bytes each in the optimizing tier, 0.7 GB; `calls` 270
 * bytes each in the first tier, and 1.8 KB in the other.
 */
export const BOUNDS: Readonly<Record<keyof Figures, readonly [max: number, what: string]>> = {
  nesting: [40_000, "blocks inside of each other"],
  loops: [1_000, "loops inside of each other"],
  operands: [3_000, "values on the operand stack"],
  kept: [13_000_000, "slots in all its blocks"],
  merged: [20_000_000, "slots at all its branches"],
  joined: [3_000_000, "locals to join at all its branches"],
  calls: [300_000, "calls"],
  passed: [10_000_000, "values that its calls take and leave"],
};
const KEYS = Object.keys(BOUNDS) as (keyof Figures)[];
/** The bound for `merged` and `passed` of all functions of a module together. */
export const MAX_IN_MODULE = 200_000_000;

/** Checks the code of a module. The declarations that code refers to must be filled in before. */
export class CodeBounds implements Declared {
  readonly types: Arity[] = [];
  readonly functions: number[] = [];
  readonly tags: number[] = [];
  isLimited = false;
  #imported = 0;

  /** Adds an imported function. They come before the module's own. */
  imports(type: number): void {
    this.functions.push(type);
    this.#imported++;
  }

  /**
   * Throws an Unconfinable that names the function that is beyond a bound. `nameOf` answers what to
   * add to the index.
   */
  check(code: Cursor, nameOf: (index: number) => string): void {
    let index = this.#imported;
    let inModule = 0;
    const cost = new CompileCost(this, BOUNDS.nesting[0]);
    eachBody(code, body => {
      try {
        const figures = cost.measure(body, index);
        for (const key of KEYS) within(figures, key);
        inModule += figures.merged + figures.passed;
      } catch (error) {
        // The engine may know what isopod does not know, so it must not get to compile it.
        if (!(error instanceof Undecodable || error instanceof Unconfinable)) throw error;
        throw new Unconfinable(`has a function ${index}${nameOf(index)} that ${error.message}`);
      }
      index++;
    });
    if (inModule > MAX_IN_MODULE) {
      throw new Unconfinable(
        `has ${inModule} slots at the branches of its functions, and values that their calls take and leave, together; a module may have ${MAX_IN_MODULE}`,
      );
    }
  }
}

function within(figures: Figures, key: keyof Figures): void {
  const [max, what] = BOUNDS[key];
  const has = figures[key];
  if (has <= max) return;
  // Counting stopped there.
  const atLeast = key === "nesting" ? "at least " : "";
  throw new Unconfinable(`has ${atLeast}${has} ${what}; a function may have ${max}`);
}
