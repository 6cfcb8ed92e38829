/** Whether the engine accepts a module, and the LoadError that says why not. */
import { LoadError } from "../wire/errors.ts";

/** Throws a LoadError where the engine refuses the module. */
export function assertValid(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  if (WebAssembly.validate(bytes)) return;
  try {
    // It says why.
    new WebAssembly.Module(bytes);
  } catch (error) {
    throw notAccepted(name, error);
  }
  throw notAccepted(name, "it is not valid");
}

export function notAccepted(name: string, error: unknown): LoadError {
  const why = error instanceof Error ? error.message : String(error);
  return new LoadError(`${name} is not a WebAssembly module that this engine accepts: ${why}`, { cause: error });
}
