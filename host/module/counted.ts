/**
 * Modules whose reductions the host has counted itself, so that untrusted bytes cannot skip it. What was made of the same bytes once is not made again:
 * it is known by their SHA-256.
 */

import { LoadError } from "../wire/errors.ts";
import type { Copies } from "./copies.ts";
import { countReductions } from "./count.ts";
import { Undecodable } from "./cursor.ts";
import { type Compiled, compileTrimmed } from "./trim.ts";

/** More are not kept; the one that was asked for longest ago goes first. */
const MAX_KEPT = 128;

export class CountedModules {
  /** By hash, in the order in which they were asked for. Only those that worked stay. */
  readonly #kept = new Map<string, Promise<Compiled>>();

  /** Rejects with a LoadError where the bytes are no valid module, or use what cannot be counted. */
  async get(name: string, source: Uint8Array): Promise<Compiled> {
    // Whose bytes they are may change them while they are hashed.
    const bytes = new Uint8Array(source);
    const hash = await hashOf(bytes);
    if (hash === undefined) return count(name, bytes);
    const made = this.#kept.get(hash) ?? count(name, bytes);
    this.#kept.delete(hash);
    this.#kept.set(hash, made);
    for (const oldest of this.#kept.keys()) if (this.#kept.size > MAX_KEPT) this.#kept.delete(oldest);
    try {
      return await made;
    } catch (error) {
      // Its message names the module, which another may call otherwise.
      this.#kept.delete(hash);
      throw error;
    }
  }
}

/** Undefined where the engine hashes nothing: browsers do so only for pages that came by https. */
async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const { subtle } = globalThis.crypto ?? {};
  if (subtle === undefined) return undefined;
  return String.fromCharCode(...new Uint8Array(await subtle.digest("SHA-256", bytes)));
}

async function count(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Compiled> {
  const counted = countValid(name, bytes);
  try {
    return await compileTrimmed(counted, true);
  } catch (error) {
    throw notAccepted(name, error);
  }
}

/** `countReductions` for bytes that nobody has looked at yet. Throws a LoadError that says what is wrong with them. */
export function countValid(name: string, bytes: Uint8Array<ArrayBuffer>, copies?: Copies): Uint8Array<ArrayBuffer> {
  // First: the rewriter relies on it, and what is no module shall not become one by what is added.
  mustBeValid(name, bytes);
  try {
    return countReductions(bytes, copies);
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    throw new LoadError(`${name} cannot have its reductions counted: it ${error.message}`, { cause: error });
  }
}

/** Throws a LoadError that says why the engine refuses a module, where it does. */
export function mustBeValid(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  if (WebAssembly.validate(bytes)) return;
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    throw notAccepted(name, error);
  }
  throw notAccepted(name, "it is not valid");
}

/** The engine refuses a module. */
export function notAccepted(name: string, error: unknown): LoadError {
  const why = error instanceof Error ? error.message : String(error);
  return new LoadError(`${name} is not a WebAssembly module that this engine accepts: ${why}`, { cause: error });
}
