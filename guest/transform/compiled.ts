/**
 * Rewrites modules of other compilers: reads them, lets Asyncify change them, and writes them.
 *
 * Guarantee: a parked stack lies only where the module itself declares that it has no data.
 */
import type binaryen from "binaryen";
import { assertValid } from "../../host/module/validity.ts";
import { SCRATCH_EXPORT } from "../../host/wire/abi.ts";
import { type AsyncifyOptions, asyncify, MEMORY_BASE } from "./asyncify.ts";
import { entriesOf, importsOf } from "./entries.ts";
import { INSTEAD, keeperOfReference, refuseUnsupported, Unsuitable } from "./unsupported.ts";

type Binaryen = typeof binaryen;

/** The address at which static data begins, as the linker calls it. lld exports it on request. */
const GLOBAL_BASE = "__global_base";

/** Reads a module, applies `change`, optimizes it and writes it. */
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
    // The pass adds variables, and engines limit their number.
    assertValid(name, made);
    return made;
  } finally {
    b.setDebugInfo(hadDebugInfo);
    module.dispose();
  }
}

/**
 * Makes the entries of a module wait by Asyncify instead of JSPI.
 *
 * @throws {LoadError} where the bytes are not a module
 * @throws {Unsuitable} where no entry waits, or there is no room for the parked stack
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
      throw new Unsuitable(
        `${name} never waits, because it has no entry or does not import actor.park: leave out --park`,
      );
    }
    const memoryBase = roomIn(b, module);
    if (memoryBase === undefined) {
      throw new Unsuitable(
        `${name} does not declare room for its parked stack: link it with --export=${GLOBAL_BASE}, and with its data from ${MEMORY_BASE} on`,
      );
    }
    teachToUnwind(b, module, name, bytes, { memoryBase });
  });
}

/**
 * `asyncify` for a module of any compiler, with an error that says what the pass cannot do.
 *
 * @param bytes the module before the change
 * @throws {Unsuitable} where the module has code that the pass cannot handle
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
        `${name}: Asyncify failed (${error instanceof Error ? error.message : "without a message"}). ${INSTEAD}`,
      );
    }
    throw new Unsuitable(
      `${name}: ${keeper} keeps a reference while it may wait, and Asyncify cannot save references. ${INSTEAD}`,
    );
  }
}

/**
 * Throws where a module waits by Asyncify already, because it cannot be instrumented twice, and where its parked
 * stack would lie in memory that it says it keeps nothing in.
 */
export function refuseParking(b: Binaryen, module: binaryen.Module, name: string): void {
  for (let i = 0; i < module.getNumExports(); i++) {
    const { name: found } = b.getExportInfo(module.getExportByIndex(i));
    if (found === SCRATCH_EXPORT) {
      throw new Unsuitable(
        `${name} exports ${SCRATCH_EXPORT}, and its parked stack would lie there: build it without that export`,
      );
    }
    if (found.startsWith("resume:")) {
      throw new Unsuitable(`${name} waits by asyncify already: build it from the original module`);
    }
  }
}

/**
 * The `memoryBase` for `asyncify`. Undefined where the module does not declare it, or has too
 * little room.
 */
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
  // If the linker puts the module's own stack first, that stack begins behind this address.
  return base >>> 0 < MEMORY_BASE ? undefined : MEMORY_BASE;
}

/** Exports the memory. The optimizer would remove one that only the parked stack uses. */
function exportMemory(module: binaryen.Module): void {
  if (module.getExport("memory") !== 0) return;
  // Binaryen gives the internal name of a memory only in the text.
  const name = /\(memory \$([^\s)]+)/.exec(module.emitText())?.[1];
  if (name !== undefined) module.addMemoryExport(name, "memory");
}

/**
 * The features that engines accept in modules of Binaryen. With `Features.All` they refuse the
 * imports.
 */
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
