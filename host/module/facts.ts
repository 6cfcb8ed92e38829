/**
 * What the host knows of a module that the engine has compiled: its imports and exports with their
 * types, and what its instances have. The host has read it from the module's bytes, or it is what our
 * tools have noted in the module (trusted.ts). Of a stranger's compiled module, little is known.
 */
import type { Footprint } from "./footprint.ts";
import type { ExportType, ImportType } from "./interface.ts";

/** The section in which our tools note the facts of a module. */
export const FACTS_SECTION = "isopod:facts";

export interface ModuleFacts {
  readonly module: WebAssembly.Module;
  readonly imports: readonly ImportType[];
  /** Before trimming, where that is known. */
  readonly exports: readonly ExportType[];
  readonly footprint: Footprint;
  /** Its memory was its own before it was made an import. */
  readonly ownsMemory: boolean;
  /** The first value of its store limit. Undefined where an instance may change all of its memory. */
  readonly storeLimit: number | undefined;
  /** Below this address, an instance has nothing that matters between two turns. */
  readonly scratch: number;
  /** Which of its movable globals counts the reductions that are left; -1: none does. */
  readonly leftGlobal: number;
  /** Which of them is not 0 where the stack of its entry is parked; -1: none tells. */
  readonly parkedGlobal: number;
  /**
   * How many globals make up, with the memory, the whole state of an instance. Undefined where an
   * instance has other state, or globals that cannot be put back.
   */
  readonly movableGlobals: number | undefined;
  /** SHA-256 of the bytes that the engine has compiled. Undefined where its actors keep their instances. */
  readonly hash: Uint8Array | undefined;
}
