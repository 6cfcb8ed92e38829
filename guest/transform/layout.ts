/**
 * Where things lie in the memory of a guest built from AssemblyScript, so that one which waits has touched one page of the processor's (4 KiB) and not
 * one for each kind of thing:
 *
 *     16        a long parked stack ▶                (page 0; touched only by who needs it)
 *     4096      ◀ references to collected objects    (their stack grows down, so only its end is touched)
 *     12384     a short parked stack ▶
 *     12544     static data, the heap ▶
 *
 * What is touched begins shortly before `STATIC` and goes on behind it: data, the allocator's lists, the first blocks.
 */
import type binaryen from "binaryen";

type Binaryen = typeof binaryen;

/** Room for a long parked stack ends here, and so begins what else a module has that does not say more. */
export const FAR_END = 4096;

/**
 * Bytes of AssemblyScript's stack of references to collected objects, four for each local in use. The frames of a recursion that waits must
 * fit into `FAR_END`, so more than 8 KiB here is seldom of use.
 */
const REFERENCES_BYTES = 8192;
/** So much of it shares the page with what comes behind it. */
const REFERENCES_SHARED = 96;
const REFERENCES_END = FAR_END + REFERENCES_BYTES + REFERENCES_SHARED;

/** Room for the stack of a guest that parks no deeper than a few functions. */
const NEAR_BYTES = 160;
export const NEAR = { from: REFERENCES_END, to: REFERENCES_END + NEAR_BYTES } as const;

/** Where AssemblyScript's static data begins: asc's `--memoryBase`. */
export const STATIC = NEAR.to;
/** asc's `--stackSize`: it would put that stack between data and heap. Not 0, which means that there is none. */
export const STACK_SIZE = 16;

const STACK_POINTER = "~lib/memory/__stack_pointer";
const STACK_LIMIT = "~lib/memory/__data_end";
const VISIT_STACK = "~lib/rt/itcms/visitStack";
const VISIT = "~lib/rt/itcms/__visit";

/** Moves the stack of references to its place. To be called before the module is optimized, while the compiler's names are there. */
export function moveReferences(b: Binaryen, module: binaryen.Module): void {
  if (module.getGlobal(STACK_POINTER) === 0) return;
  module.removeGlobal(STACK_POINTER);
  module.addGlobal(STACK_POINTER, b.i32, true, module.i32.const(REFERENCES_END));
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
          module.i32.lt_u(pointer(), module.i32.const(REFERENCES_END)),
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
