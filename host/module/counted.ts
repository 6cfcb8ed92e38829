/**
 * Modules whose reductions the host has counted. The host counts untrusted bytes itself, because a
 * guest could not be trusted to. Bytes that were counted before are known by their SHA-256 and are
 * neither counted nor compiled again.
 */
import { LoadError } from "../wire/errors.ts";
import type { Copies } from "./copies.ts";
import { countReductions } from "./count.ts";
import { Undecodable } from "./cursor.ts";
import { compileLimited, type Limited } from "./limited.ts";
import { assertValid, notAccepted } from "./validity.ts";

/** When there are more, the one that was asked for longest ago goes. */
const MAX_KEPT = 128;

export class CountedModules {
  /** By hash, in the order in which they were last asked for. Modules that failed are not kept. */
  readonly #kept = new Map<string, Promise<Limited>>();

  /** Rejects with a LoadError where the bytes are no valid module, or use what cannot be counted. */
  async get(name: string, source: Uint8Array): Promise<Limited> {
    // A copy, because the caller may change the bytes while they are hashed.
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
      // Its message has the module's name, which can be another next time.
      this.#kept.delete(hash);
      throw error;
    }
  }
}

/** Undefined where the engine has no SHA-256: browsers have it only in pages that came by https. */
async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const { subtle } = globalThis.crypto ?? {};
  if (subtle === undefined) return undefined;
  return String.fromCharCode(...new Uint8Array(await subtle.digest("SHA-256", bytes)));
}

async function count(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Limited> {
  const counted = validateAndCount(name, bytes);
  try {
    return await compileLimited(name, counted, true);
  } catch (error) {
    if (error instanceof LoadError) throw error;
    throw notAccepted(name, error);
  }
}

/**
 * `countReductions` for bytes that may be no valid module. Throws a LoadError that says what is
 * wrong with them.
 */
export function validateAndCount(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  copies?: Copies,
): Uint8Array<ArrayBuffer> {
  // First, because the rewriter relies on it, and because what it adds must not make bytes valid
  // that were not.
  assertValid(name, bytes);
  try {
    return countReductions(bytes, copies);
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    throw new LoadError(`${name} cannot have its reductions counted: it ${error.message}`, { cause: error });
  }
}
