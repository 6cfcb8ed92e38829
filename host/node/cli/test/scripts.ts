/**
 * Tests in JavaScript: a test is a function that a script exports. It is called by name, and passes if the
 * promise that it returns is resolved.
 */
import type { Runtime } from "../../index.ts";
import { scriptFrom } from "../run/script.ts";

/** A script cannot be loaded, and that has been printed. */
export class ScriptFailed extends Error {}

/** The names of the tests of a script. */
export function testsIn(source: string): string[] {
  return [...source.matchAll(/^export\s+(?:async\s+)?function\s+(test(?![a-z])\w*)/gm)].map(([, name]) => name);
}

/** Loads a script into a runtime and gives it a name. What is wrong with it has been printed. */
export async function defineScript(runtime: Runtime, name: string, file: string): Promise<void> {
  const load = await scriptFrom(file);
  const module = await load(runtime);
  if (module === undefined) throw new ScriptFailed();
  runtime.define(name, module);
}

/** Calls a test of a script. Rejects where it throws. */
export async function callTest(runtime: Runtime, name: string, test: string): Promise<void> {
  const answer = await runtime.call(runtime.spawn(name), request(test), { timeoutMs: Number.POSITIVE_INFINITY });
  const [isResult, error, message] = new Answer(answer).list();
  if (isResult !== true) throw new Error(`${test}: ${error}: ${message}`);
}

/** `[name]` as CBOR: the request of a call by name (docs/messages.md). */
function request(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  return Uint8Array.of(0x81, 0x79, text.length >> 8, text.length & 255, ...text);
}

/** What of CBOR the answer of a call by name begins with: a list of true, or of false and two texts. */
class Answer {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  list(): (boolean | string)[] {
    this.#at++;
    const isResult = this.#bytes[this.#at++] === 0xf5;
    return isResult ? [true] : [false, this.#text(), this.#text()];
  }

  #text(): string {
    const head = this.#bytes[this.#at++] & 31;
    let length = head;
    // The length is in so many bytes that follow.
    const more = head < 24 ? 0 : 1 << (head - 24);
    if (more > 0) length = 0;
    for (let i = 0; i < more; i++) length = length * 256 + this.#bytes[this.#at++];
    this.#at += length;
    return new TextDecoder().decode(this.#bytes.subarray(this.#at - length, this.#at));
  }
}
