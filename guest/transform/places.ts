/**
 * Keeps the places of crashes exact. Equal code of two places is not merged. When AssemblyScript's
 * library runs out of memory, the guest's function that called it is still on the stack.
 *
 * Call these functions before the module is optimized, because they use the compiler's names.
 */
import type binaryen from "binaryen";
import { callsIn, functionsOf } from "./frames.ts";

type Binaryen = typeof binaryen;

/**
 * Functions without a place of the guest: those of AssemblyScript's library, and constructors,
 * whose allocations asc gives no place.
 */
const PLACELESS = /^~lib\/(?!isopod\/)|#constructor$/;
/** The functions that take or enlarge every block of memory. */
const ALLOCATES = ["~lib/rt/tlsf/allocateBlock", "~lib/rt/tlsf/reallocateBlock"];

/**
 * Skips the passes that merge equal code, because a crash in merged code would be reported at the
 * wrong place. Costs up to 3.5 % in size. The setting holds for the whole process.
 */
export function keepPlaces(b: Binaryen, module: binaryen.Module): void {
  // asc gives the place to the conversion around an expression, so a load whose value is dropped
  // would have none.
  module.runPasses(["propagate-debug-locs"]);
  for (const pass of ["code-folding", "duplicate-function-elimination"]) {
    if (!b.hasPassToSkip(pass)) b.addPassToSkip(pass);
  }
}

/**
 * In a debug build every call keeps its frame, so that an error in the library leads to the line
 * that called it.
 */
export function keepAllFrames(b: Binaryen, module: binaryen.Module): void {
  keepFrame(b, module, "*");
}

/**
 * In a release build only functions that may allocate, and have no place of the guest, keep their
 * frames. A call costs little beside an allocation.
 */
export function keepAllocatingFrames(b: Binaryen, module: binaryen.Module): void {
  const callers = new Map<string, string[]>();
  for (const [name, body] of functionsOf(module.emitText())) {
    for (const called of callsIn(body)) {
      const known = callers.get(called);
      if (known === undefined) callers.set(called, [name]);
      else known.push(name);
    }
  }
  const found = new Set(ALLOCATES);
  for (const name of found) {
    // A function of the guest has a place of its own, so the search ends there.
    for (const caller of callers.get(name) ?? []) if (PLACELESS.test(caller)) found.add(caller);
  }
  for (const name of found) keepFrame(b, module, name);
}

function keepFrame(b: Binaryen, module: binaryen.Module, pattern: string): void {
  b.setPassArgument("no-inline", pattern);
  module.runPasses(["no-inline"]);
  b.clearPassArguments();
}
