/**
 * Whether this engine compiles WebAssembly at run time. A page with a strict content security policy does
 * not, nor do Workers runtimes. There, modules are handed over compiled.
 */

/** A module without anything: the magic number and the version. */
const EMPTY = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Why this engine compiles no module at all, in its own error; undefined: it compiles. */
export function compileRefusal(): Error | undefined {
  try {
    new WebAssembly.Module(Uint8Array.from(EMPTY));
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
