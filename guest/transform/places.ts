/**
 * Keeps what a crash is later said to be at: the code of a place stays that place's own, and where AssemblyScript's library fails for want of memory, the
 * function of the guest that called it is still on the stack. To be called before the module is optimized, while the compiler's names are there.
 */
import type binaryen from "binaryen";
import { callsIn, functionsOf } from "./frames.ts";

type Binaryen = typeof binaryen;

/** Functions in which a place is not the guest's: those of AssemblyScript's library, and constructors, in which asc gives none to the allocation. */
const PLACELESS = /^~lib\/(?!isopod\/)|#constructor$/;
/** Every block of memory is taken by it, or made longer. */
const ALLOCATES = ["~lib/rt/tlsf/allocateBlock", "~lib/rt/tlsf/reallocateBlock"];

/**
 * Code of two places becomes one of neither, and a crash in it would be said to be where it was not: what merges equal code, in a function or whole
 * functions, stays away. Costs up to 3.5 bytes in a hundred. It holds for the process, and so for all its builds alike.
 */
export function keepPlaces(b: Binaryen, module: binaryen.Module): void {
  // asc gives an expression its place after what it converts it with, so that a load whose value is dropped has none of its own.
  module.runPasses(["propagate-debug-locs"]);
  for (const pass of ["code-folding", "duplicate-function-elimination"]) {
    if (!b.hasPassToSkip(pass)) b.addPassToSkip(pass);
  }
}

/** In a debug build each call has a frame of its own: what the library could not do is then traced to who called it. */
export function keepAllFrames(b: Binaryen, module: binaryen.Module): void {
  keepFrame(b, module, "*");
}

/** In a release those that may allocate and have no place of the guest's: beside an allocation, a call costs little. */
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
    // Who calls a function of the guest's has that in between.
    for (const caller of callers.get(name) ?? []) if (PLACELESS.test(caller)) found.add(caller);
  }
  for (const name of found) keepFrame(b, module, name);
}

function keepFrame(b: Binaryen, module: binaryen.Module, pattern: string): void {
  b.setPassArgument("no-inline", pattern);
  module.runPasses(["no-inline"]);
  b.clearPassArguments();
}
