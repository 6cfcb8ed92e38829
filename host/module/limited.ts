/** Compiles modules, with their stores limited if they have a store limit. */
import { Copies } from "./copies.ts";
import { checkScratch, scratchOf } from "./scratch.ts";
import { limitStores, storeLimitOf } from "./store-limit.ts";
import { type Compiled, compileTrimmed } from "./trim.ts";

/** A module that the engine has compiled, its scratch memory, and its store limit, if it has one. */
export interface Limited extends Compiled {
  /** Where its scratch memory ends; 0: it has none. */
  readonly scratch: number;
  readonly limit?: {
    /** Its value in the first state. */
    readonly first: number;
    /** What was copied where before the module was trimmed. */
    readonly copies: Copies;
  };
}

/**
 * Rejects with the engine's own error where the bytes are no module, and with a LoadError where the
 * store limit or the scratch memory is not what it has to be.
 *
 * @param bytes a module that was confined
 * @param isValid the engine is known to accept the bytes
 */
export async function compileLimited(name: string, bytes: Uint8Array<ArrayBuffer>, isValid = false): Promise<Limited> {
  const limit = storeLimitOf(name, bytes);
  const scratch = scratchOf(name, bytes);
  // Limiting must not make bytes valid that were not.
  const isLimited = limit !== undefined && (isValid || WebAssembly.validate(bytes));
  const copies = new Copies(true);
  const limited = isLimited ? limitStores(bytes, limit, copies) : bytes;
  const compiled = await compileTrimmed(limited, isLimited || isValid);
  checkScratch(name, scratch, compiled.interface);
  return isLimited ? { ...compiled, scratch, limit: { first: limit.first, copies } } : { ...compiled, scratch };
}
