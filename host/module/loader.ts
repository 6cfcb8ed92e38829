/**
 * Loads modules. One that comes compiled and trusted is used as it stands. For everything else, the code that
 * reads and rewrites modules (rewriter.ts) is loaded first, once: it is a quarter of isopod.
 *
 * Guarantee: a program that loads only what is compiled and trusted never asks for that code.
 */
import { LoadError } from "../wire/errors.ts";
import type { GuestModule } from "./guest-module.ts";
import type { LoadRules, LoadWay } from "./load-rules.ts";
import type { Rewriter } from "./rewriter.ts";
import type { ModuleSource, ReadModule } from "./source.ts";
import { trustedModule } from "./trusted.ts";

export class ModuleLoader {
  readonly rules: LoadRules;
  readonly #read: ReadModule;
  /** Present since it was first needed, unless its code could not be loaded. */
  #rewriter: Promise<Rewriter> | undefined;

  /** @param read reads a module from a path or URL */
  constructor(rules: LoadRules, read: ReadModule) {
    this.rules = rules;
    this.#read = read;
  }

  /** Rejects with a LoadError, or with a TypeError where the source cannot be a module. */
  async load(source: ModuleSource, way: LoadWay): Promise<GuestModule> {
    if (typeof source === "string" || source instanceof URL) {
      const [found, rewriter] = await Promise.all([readFrom(source, this.#read), this.#withRewriter()]);
      return rewriter.load(found, String(source), way);
    }
    if (way.trusted !== true) {
      const [found, rewriter] = await Promise.all([source, this.#withRewriter()]);
      return rewriter.load(found, undefined, way);
    }
    const found = await source;
    if (found instanceof WebAssembly.Module) return trustedModule(way.name ?? "guest", found, this.rules, way);
    return (await this.#withRewriter()).load(found, undefined, way);
  }

  #withRewriter(): Promise<Rewriter> {
    this.#rewriter ??= import("./rewriter.ts").then(
      ({ Rewriter }) => new Rewriter(this.rules),
      error => {
        // The next load tries again.
        this.#rewriter = undefined;
        throw new LoadError(
          `isopod could not load its code that reads modules (${messageOf(error)}): deploy all files that the bundler has made, or have it make one (docs/bundlers.md)`,
          { cause: error },
        );
      },
    );
    return this.#rewriter;
  }
}

async function readFrom(location: string | URL, read: ReadModule): Promise<unknown> {
  try {
    return await read(location);
  } catch (error) {
    throw new LoadError(`${location} could not be read: ${messageOf(error)}`, { cause: error });
  }
}

/** `fetch` says only that it failed; the cause says why. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" && error.message === "fetch failed"
    ? `${error.message}: ${cause.message}`
    : error.message;
}
