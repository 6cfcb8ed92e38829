/** The imports of `env`, which AssemblyScript's own runtime asks for. */

import type { Actor, Services } from "../actor/actor.ts";
import { fault } from "../actor/fault.ts";
import { ABORTED_FOR_MEMORY, ABORTED_FOR_STACK, type Import } from "../wire/abi.ts";
import { askedOf } from "./caller.ts";

const PAGE_BYTES = 65_536;

/** More of an abort's message than this says nothing more. */
const MAX_ABORT_CHARACTERS = 2000;

/** More frames than engines note: between the guest's code and its abort may be many of its library's. */
const FRAMES_NOTED = 40;

/** The text of an AssemblyScript string in a guest's memory. */
export type ReadString = (memory: WebAssembly.Memory, pointer: number) => string;

/** The functions of `env`, which AssemblyScript's own runtime asks for. */
export function envImports(services: Services, readString: ReadString): Record<string, Import> {
  return {
    abort(message, file, line, column) {
      const actor = services.slots.current;
      if (actor === null) throw new Error("abort was called while no actor has its turn");
      return faultInside(actor, wordsOf(actor, message, file, line, column));
    },
    seed() {
      const { allowance } = askedOf(services, "seed");
      return allowance?.granted.random === false ? 0 : services.random() * Number.MAX_SAFE_INTEGER;
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

  /** Both pointers come from the guest: a wrong one may cost the text, nothing else. */
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
