/** The kernel's module and its memory, as the engine gives them. */
import { binary } from "../kernel/binary.ts";
import { FIRST_PAGES } from "../kernel/words.ts";
import { compileRefusal } from "../wire/compile-refusal.ts";
import { EngineError } from "../wire/errors.ts";

const MAX_PAGES = 65_534;
const HEADER_BYTES = 8;
const EXPORT_SECTION = 7;

let compiled: WebAssembly.Module | undefined;

/** The kernel's module, compiled once. Throws an EngineError where the engine cannot run it. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= compile();
  return compiled;
}

/** The kernel's binary. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  return bytesOf(binary.kernel);
}

/** The bytes that a text of kernel/binary.ts means, as `textOf` of kernel/compile.ts writes it. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let base = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A closing brace or a tilde: the next character means a byte from 90 or 180 on.
    if (code > 0x7c) base = (code - 0x7c) * 90;
    else {
      bytes[length++] = base + (code === 0x21 ? 0x5c : code) - 35;
      base = 0;
    }
  }
  return bytes.slice(0, length);
}

/**
 * The kernel's binary with only those of its exports that have these names. It is valid. This function reads
 * the bytes itself, because the readers of module/ are not in the core.
 */
export function kernelWith(names: readonly string[]): Uint8Array<ArrayBuffer> {
  const bytes = kernelBytes();
  let at = HEADER_BYTES;
  const number = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  let from = at;
  while (bytes[at++] !== EXPORT_SECTION) {
    const length = number();
    at += length;
    from = at;
  }
  number();
  const kept: number[] = [];
  for (let left = number(); left > 0; left--) {
    const entry = at;
    const length = number();
    const name = String.fromCharCode(...bytes.subarray(at, at + length));
    at += length + 1;
    // The index. The kind before it is one byte.
    number();
    if (names.includes(name)) kept.push(...bytes.subarray(entry, at));
  }
  // Lengths may have more bytes than they need.
  const length = kept.length + 1;
  kept.unshift(EXPORT_SECTION, (length & 0x7f) | 0x80, length >>> 7, names.length);
  bytes.set(kept, from);
  bytes.copyWithin(from + kept.length, at);
  return bytes.subarray(0, bytes.length - (at - from - kept.length));
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
