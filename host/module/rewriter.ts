/**
 * Makes a guest module of bytes: confines it, counts its reductions if asked, limits its stores, trims and
 * compiles it, checks it, and keeps the way back to its source. Bytes that are no module, or break the ABI,
 * reject with a LoadError.
 *
 * This file, and what only it imports, is loaded when a program first needs it (loader.ts).
 */
import { compileRefusal } from "../wire/compile-refusal.ts";
import { LoadError } from "../wire/errors.ts";
import { confine, declaresMemory } from "./confine.ts";
import { Copies } from "./copies.ts";
import { countReductions } from "./count.ts";
import { CountedModules } from "./counted.ts";
import { CrashPlaces } from "./crash-places.ts";
import { Undecodable } from "./cursor.ts";
import { GuestModule } from "./guest-module.ts";
import { compileLimited, type Limited } from "./limited.ts";
import type { LoadRules, LoadWay } from "./load-rules.ts";
import { RewrittenModule } from "./rewritten-module.ts";
import { HEADER_BYTES } from "./sections.ts";
import { type Content, contentOf } from "./source.ts";
import { factsOfStranger } from "./stranger.ts";
import { trustedModule } from "./trusted.ts";
import { Unconfinable } from "./unconfinable.ts";
import { notAccepted } from "./validity.ts";

interface Confined {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What was copied where, if the module was changed. */
  readonly changes: readonly Copies[];
  readonly ownsMemory: boolean;
}

/** A module as the host has rewritten it, which is how it runs. */
export interface Rewriting {
  readonly compiled: Limited;
  readonly ownsMemory: boolean;
  /** What was copied where, the last change first, without the changes of `compiled`. */
  readonly earlier: () => readonly Copies[];
}

export class Rewriter {
  readonly #rules: LoadRules;
  readonly #counted = new CountedModules();

  constructor(rules: LoadRules) {
    this.#rules = rules;
  }

  /**
   * Makes a module of what was found. Rejects with a LoadError, or with a TypeError where it cannot be a module.
   *
   * @param location the path or URL where it was found, if it was
   */
  async load(found: unknown, location: string | undefined, way: LoadWay): Promise<GuestModule> {
    const content = await contentOf(found, location, way.name, this.#rules.moduleBytes);
    const module = await this.#make(content, way);
    const [counts, trusted] = [way.reductions === "count", way.trusted === true];
    this.#rules.onLoaded?.(module, { content: content.content, sourceMap: content.sourceMap, counts, trusted });
    return module;
  }

  async #make({ name, content, sourceMap }: Content, way: LoadWay): Promise<GuestModule> {
    const { offers } = this.#rules;
    if (way.trusted === true) return this.#loadTrusted(name, content, sourceMap, way);
    const counts = way.reductions === "count";
    if (content instanceof WebAssembly.Module) {
      if (counts) throw new LoadError(`${name} is compiled already: only bytes can have their reductions counted`);
      return new GuestModule(name, factsOfStranger(content), offers);
    }
    const { compiled, ownsMemory, earlier } = await this.rewrite(name, content, counts);
    const places = this.#placesOf(compiled, sourceMap, earlier);
    const module = (await this.#rules.compile?.(compiled.bytes as Uint8Array<ArrayBuffer>)) ?? compiled.module;
    return new GuestModule(name, new RewrittenModule({ ...compiled, module }, ownsMemory), offers, {
      isCountedHere: counts,
      places,
    });
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

  async #loadTrusted(
    name: string,
    content: Uint8Array | WebAssembly.Module,
    sourceMap: string | undefined,
    way: LoadWay,
  ): Promise<GuestModule> {
    const { readSourceMap } = this.#rules;
    if (content instanceof WebAssembly.Module) return trustedModule(name, content, this.#rules, way);
    const compiled = await compileAsItIs(name, content);
    const canTell = sourceMap !== undefined && readSourceMap !== undefined;
    const places = canTell ? new CrashPlaces(() => readSourceMap(sourceMap), content, [], undefined) : undefined;
    return trustedModule(name, compiled, this.#rules, way, places);
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
