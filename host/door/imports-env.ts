/** The imports of `env`: `abort` and `seed`, which AssemblyScript's runtime needs. */

import type { Actor, Services } from "../actor/actor.ts";
import { fault } from "../actor/fault.ts";
import { ABORTED_FOR_MEMORY, ABORTED_FOR_STACK, type Import, PAGE_BYTES } from "../wire/abi.ts";
import { anyCallerOf } from "./caller.ts";

/** The most of an abort's message that is kept. */
const MAX_ABORT_CHARACTERS = 2000;

/**
 * How many stack frames are kept. Many of the guest's library may lie between its own code and its
 * abort.
 */
const FRAMES_NOTED = 40;

/** Reads an AssemblyScript string from a guest's memory. */
export type ReadString = (memory: WebAssembly.Memory, pointer: number) => string;

/** The functions of `env`, by name. */
export function envImports(services: Services, readString: ReadString): Record<string, Import> {
  return {
    abort(message, file, line, column) {
      const actor = services.kernel.current;
      if (actor === null) throw new Error("abort was called while no actor has its turn");
      return faultInside(actor, wordsOf(actor, message, file, line, column));
    },
    seed() {
      const { granted } = anyCallerOf(services, "seed");
      return granted?.random === false ? 0 : services.random() * Number.MAX_SAFE_INTEGER;
    },
  };

  function wordsOf(actor: Actor, message: number, file: number, line: number, column: number): string {
    if (message === 0 && file === 0) {
      if (column === ABORTED_FOR_MEMORY) return outOfMemory(actor, line);
      if (column === ABORTED_FOR_STACK) return outOfStack(line);
    }
    const text = stringAt(actor, message) ?? "abort";
    const where = stringAt(actor, file);
    return where === undefined ? text : `${text} (${where}:${line}:${column})`;
  }

  /**
   * The string at a pointer, which comes from the guest. A wrong pointer loses the text and does no
   * other harm.
   */
  function stringAt(actor: Actor, pointer: number): string | undefined {
    if (pointer === 0 || actor.bytes.memory === null) return undefined;
    try {
      return readString(actor.bytes.memory, pointer).slice(0, MAX_ABORT_CHARACTERS);
    } catch {
      return undefined;
    }
  }
}

function faultInside(actor: Actor, message: string): never {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES_NOTED;
  try {
    return fault(actor, message);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function outOfMemory({ bytes, limits }: Actor, pages: number): string {
  bytes.refresh();
  const has = bytes.u8.length / PAGE_BYTES;
  if (has + pages > limits.memoryPages) return `memoryPages: ${limits.memoryPages} reached`;
  return `its memory of ${has} pages cannot grow by ${pages}`;
}

function outOfStack(bytes: number): string {
  return `stack overflow: the ${bytes >>> 0} bytes for references to objects are full; build it with a larger --stack`;
}
