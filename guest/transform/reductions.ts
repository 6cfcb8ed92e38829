/**
 * Counts the reductions of a guest that is built, and teaches it to give way where they are spent.
 *
 * Guarantee: the counting is the one that the host does of untrusted modules, in `host/reductions.ts`; here Asyncify comes after it, so that `yield` can unwind
 * the guest's stack in every engine.
 */
import type binaryen from "binaryen";
import { countValid } from "../../host/counted.ts";
import { asyncify, entriesOf, importsOf } from "./asyncify.ts";

type Binaryen = typeof binaryen;

/** What is done about a guest's reductions: nothing; they are counted; they are counted, and the guest can be preempted in every engine. */
export type ReductionsWay = "none" | "count" | "yield";

/** The module does not have what is asked for. The message says what to do. */
export class CannotYield extends Error {}

/**
 * A module that counts its reductions, and unwinds its stack where it gives way.
 *
 * @param bytes a module that no transform of ours has been at
 * @param memoryBase where its static data begins, as it was built; undefined where nobody knows, and it must not need it
 * @throws {LoadError} where it cannot be counted, {CannotYield} where it cannot be taught
 */
export function makePreemptible(
  b: Binaryen,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  memoryBase: number | undefined,
  debug: boolean,
): Uint8Array<ArrayBuffer> {
  const module = b.readBinaryWithFeatures(countValid(name, bytes), featuresOf(b));
  const hadDebugInfo = b.getDebugInfo();
  try {
    check(b, module, name, memoryBase);
    exportMemory(module);
    b.setDebugInfo(debug);
    asyncify(b, module, { yields: true, ...(memoryBase !== undefined && { memoryBase }) });
    module.optimize();
    return new Uint8Array(module.emitBinary());
  } finally {
    b.setDebugInfo(hadDebugInfo);
    module.dispose();
  }
}

/** A memory that only the stack will need, the optimizer would take for unused. */
function exportMemory(module: binaryen.Module): void {
  if (module.getExport("memory") !== 0) return;
  // Binaryen tells the internal name of a memory nowhere else.
  const name = /\(memory \$([^\s)]+)/.exec(module.emitText())?.[1];
  if (name !== undefined) module.addMemoryExport(name, "memory");
}

function check(b: Binaryen, module: binaryen.Module, name: string, memoryBase: number | undefined): void {
  for (let i = 0; i < module.getNumExports(); i++) {
    const { name: found } = b.getExportInfo(module.getExportByIndex(i));
    if (found.startsWith("resume:")) {
      throw new CannotYield(`${name} waits by asyncify already: build its source with --reductions yield`);
    }
  }
  if (entriesOf(b, module).length === 0) {
    throw new CannotYield(`${name} has only handlers, which cannot be preempted: use --reductions count`);
  }
  if (memoryBase === undefined && importsOf(b, module, "park").length > 0) {
    throw new CannotYield(
      `${name} waits in receives, and has no room for its stack: build its source with --reductions yield, or use --park jspi`,
    );
  }
}

/** What engines accept of what Binaryen writes; of `Features.All` they refuse the imports. */
function featuresOf({ Features }: Binaryen): number {
  return (
    Features.MutableGlobals |
    Features.BulkMemory |
    Features.BulkMemoryOpt |
    Features.SignExt |
    Features.NontrappingFPToInt |
    Features.SIMD128 |
    Features.TailCall |
    Features.ReferenceTypes |
    Features.Multivalue |
    Features.ExtendedConst |
    Features.ExceptionHandling
  );
}
