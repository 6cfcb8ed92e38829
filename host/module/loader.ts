/**
 * Loads a module from its bytes: confines it, counts its reductions if asked, limits its stores,
 * trims and compiles it, checks it, and keeps the way back to its source. Bytes that are no module, or break the ABI,
 * reject with a LoadError.
 */
import { compileRefusal } from "../wire/compile-refusal.ts";
import { LoadError } from "../wire/errors.ts";
import type { Offers } from "./check.ts";
import { confine, declaresMemory } from "./confine.ts";
import { Copies } from "./copies.ts";
import { countReductions } from "./count.ts";
import { CountedModules } from "./counted.ts";
import { CrashPlaces, type ReadSourceMap } from "./crash-places.ts";
import { Undecodable } from "./cursor.ts";
import { factsOfStranger, RewrittenModule } from "./facts.ts";
import { factsIn } from "./facts-section.ts";
import { GuestModule } from "./guest-module.ts";
import { compileLimited, type Limited } from "./limited.ts";
import { HEADER_BYTES } from "./sections.ts";
import type { ReadModuleResult } from "./source.ts";
import { Unconfinable } from "./unconfinable.ts";
import { notAccepted } from "./validity.ts";

interface Confined {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What was copied where, if the module was changed. */
  readonly changes: readonly Copies[];
  readonly ownsMemory: boolean;
}

/** How a module is to be loaded. */
export interface LoadWay {
  /** `count`: the host counts its reductions. */
  readonly reductions?: "none" | "count";
  /** It is as our tools have made it, and is used as it stands. */
  readonly trusted?: boolean;
}

/** What a runtime requires of the modules that it loads. */
export interface LoadRules {
  readonly tableElements: number;
  readonly offers: Offers;
  /** Without it, crashes do not say where in the sources they were. */
  readonly readSourceMap: ReadSourceMap | undefined;
}

/** A module as the host has rewritten it, which is how it runs. */
export interface Rewriting {
  readonly compiled: Limited;
  readonly ownsMemory: boolean;
  /** What was copied where, the last change first, without the changes of `compiled`. */
  readonly earlier: () => readonly Copies[];
}

export class ModuleLoader {
  readonly #rules: LoadRules;
  readonly #counted = new CountedModules();

  constructor(rules: LoadRules) {
    this.#rules = rules;
  }

  async load(source: ReadModuleResult, { reductions, trusted = false }: LoadWay): Promise<GuestModule> {
    const { name, content, sourceMap } = source;
    const counts = reductions === "count";
    if (trusted) return this.#loadTrusted(source, counts);
    const { offers } = this.#rules;
    if (content instanceof WebAssembly.Module) {
      if (counts) throw new LoadError(`${name} is compiled already: only bytes can have their reductions counted`);
      return new GuestModule(name, factsOfStranger(content), offers);
    }
    const { compiled, ownsMemory, earlier } = await this.rewrite(name, content, counts);
    const places = this.#placesOf(compiled, sourceMap, earlier);
    return new GuestModule(name, new RewrittenModule(compiled, ownsMemory), offers, { isCountedHere: counts, places });
  }

  /** Confines the module, counts its reductions if asked, limits its stores, trims and compiles it. */
  async rewrite(name: string, content: Uint8Array, counts: boolean): Promise<Rewriting> {
    const refusal = compileRefusal();
    if (refusal !== undefined) throw refused(name, refusal);
    const { bytes, changes, ownsMemory } = await this.#confine(name, content);
    const compiled = await this.#compile(name, bytes, counts);
    // Modules that were counted are kept without their copies, so the module is counted once more.
    const earlier = () => [...(counts ? [copiesOfCounting(bytes)] : []), ...changes];
    return { compiled, ownsMemory, earlier };
  }

  /** A module that our tools have rewritten as `rewrite` would. The host believes what they have noted. */
  async #loadTrusted({ name, content, sourceMap }: ReadModuleResult, counts: boolean): Promise<GuestModule> {
    const { tableElements, offers, readSourceMap } = this.#rules;
    const isCompiled = content instanceof WebAssembly.Module;
    const facts = factsIn(name, isCompiled ? content : await compileAsItIs(name, content));
    if (facts.footprint.mostElements > tableElements) {
      throw new LoadError(
        `${name} has tables of ${facts.footprint.mostElements} elements; all of a module may have ${tableElements} (limit tableElements)`,
      );
    }
    const canTell = !isCompiled && sourceMap !== undefined && readSourceMap !== undefined;
    const places = canTell ? new CrashPlaces(() => readSourceMap(sourceMap), content, [], undefined) : undefined;
    const module = new GuestModule(name, facts, offers, { places });
    if (counts && !module.exportsCounter) {
      throw new LoadError(
        `${name} does not count its reductions: build it with isopod build --trusted --reductions count`,
      );
    }
    return module;
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

async function compileAsItIs(name: string, bytes: Uint8Array): Promise<WebAssembly.Module> {
  const refusal = compileRefusal();
  if (refusal !== undefined) throw refused(name, refusal);
  return WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>).catch(error => {
    throw notAccepted(name, error);
  });
}

function refused(name: string, cause: Error): LoadError {
  return new LoadError(
    `${name} cannot be compiled, because this engine compiles no WebAssembly at run time (${cause.message}): build it with isopod build --trusted, and load the WebAssembly.Module with { trusted: true } (docs/engines.md)`,
    { cause },
  );
}
