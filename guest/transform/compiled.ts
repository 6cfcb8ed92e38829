/**
 * Modules that are compiled already, by whatever compiler: what a transform needs to know of them, and how they are read and written.
 *
 * Guarantee: a stack is put only where the module itself says that it has no data.
 */
import type binaryen from "binaryen";
import { assertValid } from "../../host/module/validity.ts";
import { type AsyncifyOptions, asyncify, entriesOf, importsOf, MEMORY_BASE } from "./asyncify.ts";
import { INSTEAD, keeperOfReference, refuseUnsupported, Unsuitable } from "./unsupported.ts";

type Binaryen = typeof binaryen;

/** The linker's name for the address at which static data begins; lld exports it where it is told to. */
const GLOBAL_BASE = "__global_base";

/** The module of `bytes` after `change`. */
export function rewritten(
  b: Binaryen,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  debug: boolean,
  change: (module: binaryen.Module) => void,
): Uint8Array<ArrayBuffer> {
  const module = b.readBinaryWithFeatures(bytes, featuresOf(b));
  const hadDebugInfo = b.getDebugInfo();
  try {
    exportMemory(module);
    b.setDebugInfo(debug);
    change(module);
    module.optimize();
    const made = new Uint8Array(module.emitBinary());
    // The pass adds variables, of which engines take so many.
    assertValid(name, made);
    return made;
  } finally {
    b.setDebugInfo(hadDebugInfo);
    module.dispose();
  }
}

/**
 * The module, with entries that wait by Asyncify instead of JSPI.
 *
 * @throws {LoadError} where it is no module, {Unsuitable} where it has nothing that waits, or no room for its stack
 */
export function makeParking(
  b: Binaryen,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  debug: boolean,
): Uint8Array<ArrayBuffer> {
  assertValid(name, bytes);
  return rewritten(b, name, bytes, debug, module => {
    refuseParking(b, module, name);
    if (importsOf(b, module, "park").length === 0 || entriesOf(b, module).length === 0) {
      throw new Unsuitable(`${name} never waits, for it has no entry or does not import actor.park: leave out --park`);
    }
    const memoryBase = roomIn(b, module);
    if (memoryBase === undefined) {
      throw new Unsuitable(
        `${name} does not say where its stack could be put: link it with --export=${GLOBAL_BASE}, and its data from ${MEMORY_BASE} on`,
      );
    }
    teachToUnwind(b, module, name, bytes, { memoryBase });
  });
}

/**
 * `asyncify` for a module that nobody knows.
 *
 * @param bytes the module as it is
 * @throws {Unsuitable} where it has what the pass cannot do
 */
export function teachToUnwind(
  b: Binaryen,
  module: binaryen.Module,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  options: AsyncifyOptions,
): void {
  const imports = importsOf(b, module, "park");
  if (options.yields) imports.push(...importsOf(b, module, "yield"));
  refuseUnsupported(b, module, name, imports);
  try {
    asyncify(b, module, options);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const keeper = keeperOfReference(b, bytes, featuresOf(b));
    if (keeper === undefined) {
      throw new Unsuitable(
        `${name}: Asyncify failed at it (${error instanceof Error ? error.message : "it says not why"}). ${INSTEAD}`,
      );
    }
    throw new Unsuitable(
      `${name}: ${keeper} keeps a reference while it may wait, which Asyncify cannot save. ${INSTEAD}`,
    );
  }
}

/** What was taught to unwind cannot be taught again. */
export function refuseParking(b: Binaryen, module: binaryen.Module, name: string): void {
  for (let i = 0; i < module.getNumExports(); i++) {
    const { name: found } = b.getExportInfo(module.getExportByIndex(i));
    if (found.startsWith("resume:")) {
      throw new Unsuitable(`${name} waits by asyncify already: build it from what it was before`);
    }
  }
}

/** How far from 0 a parked stack may reach, as `asyncify` wants to know it; undefined where the module does not say, or has too little room. */
export function roomIn(b: Binaryen, module: binaryen.Module): number | undefined {
  const ref = module.getExport(GLOBAL_BASE);
  if (ref === 0) return undefined;
  const { kind, value } = b.getExportInfo(ref);
  if (kind !== b.ExternalGlobal) return undefined;
  const { module: from, mutable, init } = b.getGlobalInfo(module.getGlobal(value));
  if (from || mutable || init === 0) return undefined;
  const expression = b.getExpressionInfo(init);
  if (expression.id !== b.ConstId || expression.type !== b.i32) return undefined;
  const base = (expression as binaryen.ConstInfo).value as number;
  // Behind it begins what the module calls its stack, where its linker put that first.
  return base >>> 0 < MEMORY_BASE ? undefined : MEMORY_BASE;
}

/** A memory that only the stack will need, the optimizer would take for unused. */
function exportMemory(module: binaryen.Module): void {
  if (module.getExport("memory") !== 0) return;
  // Binaryen tells the internal name of a memory nowhere else.
  const name = /\(memory \$([^\s)]+)/.exec(module.emitText())?.[1];
  if (name !== undefined) module.addMemoryExport(name, "memory");
}

/** What engines accept of what Binaryen writes; of `Features.All` they refuse the imports. */
export function featuresOf({ Features }: Binaryen): number {
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
