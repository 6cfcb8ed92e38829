/**
 * The scratch memory of a module: the part below an address in which it keeps nothing from one turn to the
 * next, for example the stack of a module that was compiled from C. It is in no image and no first state.
 */
import { PAGE_BYTES, SCRATCH_EXPORT } from "../wire/abi.ts";
import { LoadError } from "../wire/errors.ts";
import { constantOf, exportedGlobals } from "./constants.ts";
import type { Interface } from "./interface.ts";

const LINE_BYTES = 64;

/**
 * The end of a module's scratch memory; 0: it has none. Throws a LoadError where the export is not what it has
 * to be.
 *
 * @param bytes a module that was confined
 */
export function scratchOf(name: string, bytes: Uint8Array): number {
  const index = exportedGlobals(bytes).get(SCRATCH_EXPORT);
  if (index === undefined) return 0;
  const end = constantOf(bytes, index, false);
  if (end !== undefined && end % LINE_BYTES === 0) return end;
  throw new LoadError(
    `${name} exports ${SCRATCH_EXPORT}, but not as an immutable global of type i32 with a constant that is a multiple of ${LINE_BYTES}; the host uses this name`,
  );
}

/** Throws a LoadError where scratch memory does not lie in the memory that each instance begins with. */
export function checkScratch(name: string, end: number, known: Interface | undefined): void {
  const memory = known?.imports.find(({ kind }) => kind === "memory")?.memory;
  const bytes = PAGE_BYTES * (memory?.initialPages ?? 0);
  if (end <= bytes) return;
  throw new LoadError(`${name} exports ${SCRATCH_EXPORT} with ${end}, and its memory begins with ${bytes} bytes`);
}
