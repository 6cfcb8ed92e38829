/**
 * The store limit of a guest: an exported global with the end of the memory that the guest may have
 * changed. The allocator raises it before it uses more memory (heap.ts). Everything else that a
 * guest writes lies below the limit's first value, which is the beginning of the heap: static data,
 * the stacks, and the parked stack.
 *
 * A guest that manages memory itself gets no limit. Such a guest grows the memory in its own code,
 * or asks where the heap begins.
 */
import type binaryen from "binaryen";
import { LIMIT_EXPORT } from "../../host/wire/abi.ts";
import { partsOf } from "./calls.ts";
import { beforeFrames } from "./overflow.ts";

type Binaryen = typeof binaryen;

/** The global that the allocators of heap.ts raise. It is absent where the guest never allocates. */
const RAISED = ["~lib/rt/tlsf/LIMIT", "~lib/rt/stub/LIMIT"];
const HEAP_BASE = "~lib/memory/__heap_base";
/** Functions and globals of AssemblyScript's allocators and collectors. */
const RUNTIME = /^(start:)?~lib\/rt\//;
const RAISE = "isopod/raiseLimit";

/** Exports the limit. Call it before the module is optimized, because it uses the compiler's names. */
export function exportLimit(b: Binaryen, module: binaryen.Module): void {
  const ref = module.getGlobal(HEAP_BASE);
  if (ref === 0 || managesMemory(b, module)) return;
  const first = constantOf(b, b.getGlobalInfo(ref).init);
  if (first === undefined) return;
  const name = RAISED.find(known => module.getGlobal(known) !== 0) ?? RAISED[0];
  // asc knows no constant for the beginning of the heap, so the source says 0.
  module.removeGlobal(name);
  module.addGlobal(name, b.i32, true, module.i32.const(first));
  module.addGlobalExport(name, LIMIT_EXPORT);
}

function managesMemory(b: Binaryen, module: binaryen.Module): boolean {
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const { name, module: from, body } = b.getFunctionInfo(module.getFunctionByIndex(i));
    if (!from && !RUNTIME.test(name) && asksForMemory(b, body)) return true;
  }
  return false;
}

function asksForMemory(b: Binaryen, expression: binaryen.ExpressionRef): boolean {
  const id = b.getExpressionId(expression);
  if (id === b.MemoryGrowId) return true;
  if (id === b.GlobalGetId) return (b.getExpressionInfo(expression) as binaryen.GlobalGetInfo).name === HEAP_BASE;
  // The start function of the guest sets the globals of the runtime, too.
  if (id === b.GlobalSetId && RUNTIME.test((b.getExpressionInfo(expression) as binaryen.GlobalSetInfo).name)) {
    return false;
  }
  return partsOf(b, expression).some(part => asksForMemory(b, part));
}

function constantOf(b: Binaryen, init: binaryen.ExpressionRef): number | undefined {
  if (init === 0 || b.getExpressionId(init) !== b.ConstId) return undefined;
  return (b.getExpressionInfo(init) as binaryen.ConstInfo).value as number;
}

/**
 * Raises the limit to the end of each frame of an unwinding that may write anywhere in memory. A
 * guest that is preempted writes its stack over its memory, and the host restores that memory.
 *
 * @param text the module as text, right after Asyncify's pass
 * @param stack the address of the header of the stack, which begins with the stack's top
 */
export function raiseByFrames(b: Binaryen, module: binaryen.Module, text: string, stack: number): void {
  const ref = module.getExport(LIMIT_EXPORT);
  if (ref === 0) return;
  const { i32 } = module;
  const limit = b.getExportInfo(ref).value;
  const end = () => module.local.get(0, b.i32);
  module.addFunction(
    RAISE,
    b.i32,
    b.none,
    [],
    module.block(null, [
      module.local.set(0, i32.add(i32.load(stack, 4, i32.const(0)), end())),
      module.if(i32.gt_u(end(), module.global.get(limit, b.i32)), module.global.set(limit, end())),
    ]),
  );
  beforeFrames(b, module, text, bytes => module.call(RAISE, [i32.const(bytes)], b.none));
}
