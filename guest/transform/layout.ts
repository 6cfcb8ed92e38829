/**
 * Where things lie in the memory of a guest built from AssemblyScript, so that one which waits has touched one page of the processor's (4 KiB) and not
 * one for each kind of thing:
 *
 *     16        a long parked stack ▶                (page 0; touched only by who needs it)
 *     4096      ◀ references to collected objects    (their stack grows down, so only its end is touched)
 *     12384     a short parked stack ▶
 *     12544     static data, the heap ▶
 *
 * The last address is asc's `--memoryBase`, and the others follow from it. What is touched begins shortly before it and goes on behind it: data, the
 * allocator's lists, the first blocks.
 */
import type binaryen from "binaryen";
import { ABORTED_FOR_STACK } from "../../host/wire/abi.ts";

type Binaryen = typeof binaryen;

/** Room for a long parked stack ends here, and so begins what else a module has that does not say more. */
export const FAR_END = 4096;

/** Bytes of AssemblyScript's stack of references to collected objects, where nobody asks for another number: four for each local in use. */
export const DEFAULT_STACK_BYTES = 8192;
/** As many as make sense; a guest with more has no page of its memory less. */
export const MAX_STACK_BYTES = 2 ** 26;
/** That stack is as long as so many pages of the processor's, so that what lies behind it begins at the same place in its page. */
const STACK_STEP_BYTES = 4096;
/** So much of it shares the page with what comes behind it. */
const REFERENCES_SHARED = 96;

/** Room for the stack of a guest that parks no deeper than a few functions. */
const NEAR_BYTES = 160;

/** asc's `--stackSize`: it would put that stack between data and heap, and the transform moves it. Not 0, which means that there is none. */
export const STACK_SIZE = 16;

/** asc's `--memoryBase`, where static data begins, of a guest whose stack of references has at least so many bytes. */
export function memoryBaseFor(stackBytes: number = DEFAULT_STACK_BYTES): number {
  const bytes = Math.ceil(stackBytes / STACK_STEP_BYTES) * STACK_STEP_BYTES;
  return FAR_END + bytes + REFERENCES_SHARED + NEAR_BYTES;
}

export interface Layout {
  /** Where the stack of references begins; it grows down to `FAR_END`. */
  readonly referencesEnd: number;
  /** Room for a short parked stack. */
  readonly near: { readonly from: number; readonly to: number };
}

/** @throws {RangeError} if there is too little room before `memoryBase` */
export function layoutBefore(memoryBase: number): Layout {
  const referencesEnd = (memoryBase - NEAR_BYTES) & -8;
  if (referencesEnd < FAR_END + REFERENCES_SHARED) {
    throw new RangeError(
      `the guest's stacks need the memory below --memoryBase, which is ${memoryBase}: use --memoryBase ${memoryBaseFor()}, or more for a deeper recursion`,
    );
  }
  return { referencesEnd, near: { from: referencesEnd, to: referencesEnd + NEAR_BYTES } };
}

const STACK_POINTER = "~lib/memory/__stack_pointer";
const STACK_LIMIT = "~lib/memory/__data_end";
const STACK_CHECK = "~stack_check";
const ABORT = "~lib/builtins/abort";
const VISIT_STACK = "~lib/rt/itcms/visitStack";
const VISIT = "~lib/rt/itcms/__visit";

/** Moves the stack of references to its place. To be called before the module is optimized, while the compiler's names are there. */
export function moveReferences(b: Binaryen, module: binaryen.Module, { referencesEnd }: Layout): void {
  if (module.getGlobal(STACK_POINTER) === 0) return;
  nameOverflow(b, module, referencesEnd - FAR_END);
  module.removeGlobal(STACK_POINTER);
  module.addGlobal(STACK_POINTER, b.i32, true, module.i32.const(referencesEnd));
  // The end of the data is asked for where that stack grows, and nowhere else.
  module.removeGlobal(STACK_LIMIT);
  module.addGlobal(STACK_LIMIT, b.i32, false, module.i32.const(FAR_END));
  if (module.getFunction(VISIT_STACK) === 0) return;
  // As asc's own, which goes on to where the heap begins.
  const [cookie, at] = [0, 1];
  const pointer = () => module.local.get(at, b.i32);
  module.removeFunction(VISIT_STACK);
  module.addFunction(
    VISIT_STACK,
    b.i32,
    b.none,
    [b.i32],
    module.block(null, [
      module.local.set(at, module.global.get(STACK_POINTER, b.i32)),
      module.loop(
        "next",
        module.if(
          module.i32.lt_u(pointer(), module.i32.const(referencesEnd)),
          module.block(null, [
            module.call(VISIT, [module.i32.load(0, 4, pointer()), module.local.get(cookie, b.i32)], b.none),
            module.local.set(at, module.i32.add(pointer(), module.i32.const(4))),
            module.br("next"),
          ]),
        ),
      ),
    ]),
  );
}

/** Has the host told that the stack of references is full, and how many bytes it has: the host makes the message (`env.abort` of docs/abi.md). */
export function nameOverflow(b: Binaryen, module: binaryen.Module, bytes: number): void {
  if (module.getFunction(STACK_CHECK) === 0 || module.getFunction(ABORT) === 0) return;
  const said = [0, 0, bytes, ABORTED_FOR_STACK].map(word => module.i32.const(word));
  module.removeFunction(STACK_CHECK);
  module.addFunction(
    STACK_CHECK,
    b.none,
    b.none,
    [],
    module.if(
      module.i32.lt_s(module.global.get(STACK_POINTER, b.i32), module.global.get(STACK_LIMIT, b.i32)),
      module.block(null, [module.call(ABORT, said, b.none), module.unreachable()]),
    ),
  );
}
