/**
 * The errors that isopod throws to the embedder. Each has a `code` to test for, and a message that
 * says what to do.
 */

import { escapeControls } from "./escape-controls.ts";

/**
 * The base class of isopod's errors. Its message is safe to print, because `escapeControls` is
 * applied to it: it may quote a guest.
 */
export class IsopodError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(escapeControls(message, true), options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * A module cannot be a guest, because it is not WebAssembly or breaks the ABI. The message names
 * the import, the export or the limit.
 */
export class LoadError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_LOAD", message, options);
  }
}

/** This engine cannot run isopod. The message says what it needs, and which versions have it. */
export class EngineError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_ENGINE", message, options);
  }
}

/** An actor could not be started. The message says why. */
export class SpawnError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_SPAWN", message, options);
  }
}

/**
 * Bytes are no image that this host can use: they are of another module, first state or version, or are
 * damaged. The message says which.
 */
export class ImageError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_IMAGE", message, options);
  }
}

/**
 * An actor could not be started, because the runtime has as many actors, or as much memory, as it
 * may have.
 */
export class LimitError extends SpawnError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SpawnError";
  }
}

/** A host mailbox, a supervisor or a runtime was used after it had ended. */
export class ClosedError extends IsopodError {
  constructor(message: string) {
    super("ISOPOD_CLOSED", message);
  }
}
