/**
 * Loads a module from its bytes: confines it, counts its reductions if asked, limits its stores,
 * trims and compiles it, checks it, and keeps the way back to its source. Bytes that are no module, or break the ABI,
 * reject with a LoadError.
 */
import { LoadError } from "../wire/errors.ts";
import type { Offers } from "./check.ts";
import { confine, declaresMemory } from "./confine.ts";
import { Copies } from "./copies.ts";
import { countReductions } from "./count.ts";
import { CountedModules } from "./counted.ts";
import { CrashPlaces, type ReadSourceMap } from "./crash-places.ts";
import { Undecodable } from "./cursor.ts";
import { GuestModule } from "./guest-module.ts";
import { compileLimited, type Limited } from "./limited.ts";
import { HEADER_BYTES } from "./sections.ts";
import type { ReadModuleResult } from "./source.ts";
import { Unconfinable } from "./unconfinable.ts";
import { notAccepted } from "./validity.ts";

/** What a runtime requires of the modules that it loads. */
export interface LoadRules {
  readonly tableElements: number;
  readonly offers: Offers;
  /** Without it, crashes do not say where in the sources they were. */
  readonly readSourceMap: ReadSourceMap | undefined;
}

interface Confined {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What was copied where, if the module was changed. */
  readonly changes: readonly Copies[];
  readonly ownsMemory: boolean;
}

export class ModuleLoader {
  readonly #rules: LoadRules;
  readonly #counted = new CountedModules();

  constructor(rules: LoadRules) {
    this.#rules = rules;
  }

  /** @param counts the host counts the module's reductions */
  async load({ name, content, sourceMap }: ReadModuleResult, counts: boolean): Promise<GuestModule> {
    const { offers } = this.#rules;
    if (content instanceof WebAssembly.Module) {
      if (counts) throw new LoadError(`${name} is compiled already: only bytes can have their reductions counted`);
      // Without its bytes, only the engine checks its types, at spawn.
      return new GuestModule(name, { module: content }, offers);
    }
    const { bytes, changes, ownsMemory } = await this.#confine(name, content);
    const compiled = await this.#compile(name, bytes, counts);
    const places = this.#placesOf(compiled, sourceMap, () => [
      // Modules that were counted are kept without their copies, so the module is counted once more.
      ...(counts ? [copiesOfCounting(bytes)] : []),
      ...changes,
    ]);
    return new GuestModule(name, compiled, offers, { ownsMemory, isCountedHere: counts, places });
  }

  /**
   * What says where a crash was. Undefined where there is nothing to say.
   *
   * @param earlier what was changed before the stores were limited, the last change first
   */
  #placesOf(
    { bytes, copies, limit }: Limited,
    sourceMap: string | undefined,
    earlier: () => readonly Copies[],
  ): CrashPlaces | undefined {
    const { readSourceMap } = this.#rules;
    const read = sourceMap === undefined || readSourceMap === undefined ? undefined : () => readSourceMap(sourceMap);
    if (read === undefined && limit === undefined) return undefined;
    const changes = [copies, limit?.copies, ...(read === undefined ? [] : earlier())];
    return new CrashPlaces(
      read,
      bytes,
      changes.filter(change => change !== undefined),
      limit?.copies,
    );
  }

  /** The module with its memory imported and its tables bounded. */
  async #confine(name: string, bytes: Uint8Array): Promise<Confined> {
    const copies = new Copies();
    try {
      const confined = confine(bytes, this.#rules, copies) as Uint8Array<ArrayBuffer>;
      if (confined === bytes) return { bytes: confined, changes: [], ownsMemory: false };
      return { bytes: confined, changes: [copies], ownsMemory: declaresMemory(bytes) };
    } catch (error) {
      if (!(error instanceof Unconfinable)) throw error;
      // The engine explains best why bytes are no module at all. It gets the header only: it would
      // keep some types for ever, and nothing bounds what compiling the rest takes.
      if (error.cause instanceof Undecodable) {
        await WebAssembly.compile(new Uint8Array(bytes.subarray(0, HEADER_BYTES))).catch(worse => {
          throw notAccepted(name, worse);
        });
      }
      throw new LoadError(`${name} ${error.message}`, { cause: error });
    }
  }

  async #compile(name: string, bytes: Uint8Array<ArrayBuffer>, counts: boolean): Promise<Limited> {
    if (counts) return this.#counted.get(name, bytes);
    try {
      return await compileLimited(name, bytes);
    } catch (error) {
      if (error instanceof LoadError) throw error;
      throw notAccepted(name, error);
    }
  }
}

function copiesOfCounting(bytes: Uint8Array): Copies {
  const copies = new Copies();
  countReductions(bytes, copies);
  return copies;
}
