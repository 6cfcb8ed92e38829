/** The kernel's module and its memory, as the engine gives them. */
import { kernel as base64 } from "../kernel/binary.ts";
import { FIRST_PAGES } from "../kernel/words.ts";
import { compileRefusal } from "../wire/compile-refusal.ts";
import { EngineError } from "../wire/errors.ts";

const MAX_PAGES = 65_534;

let compiled: WebAssembly.Module | undefined;

/** The kernel's module, compiled once. Throws an EngineError where the engine cannot run it. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= compile();
  return compiled;
}

/** The kernel's binary. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  return bytesOf(base64);
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0));
}

function compile(): WebAssembly.Module {
  try {
    return new WebAssembly.Module(kernelBytes());
  } catch (cause) {
    const refusal = compileRefusal();
    if (refusal !== undefined) {
      throw new EngineError(
        `this engine compiles no WebAssembly at run time (${refusal.message}): hand the compiled isopod/kernel.wasm over as the option kernel of the runtime, and guests as compiled modules (docs/engines.md)`,
        { cause },
      );
    }
    const needs =
      "isopod needs WebAssembly with several memories for one module (Node 22, Chrome 120, Firefox 125, Deno 1.44 or Bun 1.3, or newer; Safari 26 has none)";
    throw new EngineError(`${needs}; this engine refuses the kernel: ${(cause as Error).message}`, { cause });
  }
}

/** The memory of a new kernel. */
export function newMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MAX_PAGES });
  } catch (cause) {
    const why =
      "the engine has no memory left for another runtime (Chromium allows a page about 120 memories): stop some, and their actors";
    throw new EngineError(`${why}: ${(cause as Error).message}`, { cause });
  }
}
