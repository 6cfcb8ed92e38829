/**
 * The layout of the memory of a guest in AssemblyScript. A small guest has touched one or two pages
 * of the processor (4 KiB), and not one page for each region:
 *
 *     16        the far room: a parked stack ▶        (only one that does not fit into the near room)
 *     4096      ◀ references to collected objects     (this stack grows down; only its end is touched)
 *     12384     the near room: a parked stack ▶
 *     12544     static data, the heap ▶
 *
 * The last address is asc's `--memoryBase`; the others follow from it. The guest touches memory
 * from shortly before that address: the data, the allocator's lists, the first blocks.
 */
import type binaryen from "binaryen";
import { ABORTED_FOR_STACK } from "../../host/wire/abi.ts";

type Binaryen = typeof binaryen;

/** The end of the far room, and the lowest address of anything else in a module. */
export const FAR_END = 4096;

/**
 * The default size of AssemblyScript's stack of references to collected objects, in bytes: four for
 * each local in use.
 */
export const DEFAULT_STACK_BYTES = 8192;
/** The largest size of that stack, in bytes. */
export const MAX_STACK_BYTES = 2 ** 26;
/**
 * That stack is a multiple of the processor's page, so that the regions behind it begin at the same
 * offset in a page.
 */
const STACK_STEP_BYTES = 4096;
/** How many of its bytes are in the same page as the regions behind it. */
const REFERENCES_SHARED = 96;

/** Bytes of the near room: the frames of a few functions. */
const NEAR_BYTES = 160;

/**
 * asc's `--stackSize`. asc puts this stack between data and heap, and the transform moves it. 0
 * would mean no stack.
 */
export const STACK_SIZE = 16;

/**
 * asc's `--memoryBase`, the address of the static data, for a stack of references with at least
 * `stackBytes` bytes.
 */
export function memoryBaseFor(stackBytes: number = DEFAULT_STACK_BYTES): number {
  const bytes = Math.ceil(stackBytes / STACK_STEP_BYTES) * STACK_STEP_BYTES;
  return FAR_END + bytes + REFERENCES_SHARED + NEAR_BYTES;
}

export interface Layout {
  /** The address at which the stack of references begins. It grows down to `FAR_END`. */
  readonly referencesEnd: number;
  /** The near room. */
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

/**
 * Moves the stack of references to its place. Call it before the module is optimized, because it
 * uses the compiler's names.
 */
export function moveReferences(b: Binaryen, module: binaryen.Module, { referencesEnd }: Layout): void {
  if (module.getGlobal(STACK_POINTER) === 0) return;
  nameOverflow(b, module, referencesEnd - FAR_END);
  module.removeGlobal(STACK_POINTER);
  module.addGlobal(STACK_POINTER, b.i32, true, module.i32.const(referencesEnd));
  // Only the check of this stack reads the end of the data.
  module.removeGlobal(STACK_LIMIT);
  module.addGlobal(STACK_LIMIT, b.i32, false, module.i32.const(FAR_END));
  if (module.getFunction(VISIT_STACK) === 0) return;
  // The same as asc's own function, which would continue to the beginning of the heap.
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

/**
 * Reports a full stack of references to the host, with its size. The host makes the message
 * (`env.abort` in docs/abi.md).
 */
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
