/** The errors that isopod throws at its embedder. Each has a `code` to test for and a message that says what to do. */

import { escapeControls } from "./escape-controls.ts";

/** Base of all: `instanceof IsopodError` tells ours from others. A message may quote a guest, so it is made safe to print. */
export class IsopodError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(escapeControls(message, true), options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A module cannot be a guest: not WebAssembly, or it breaks the ABI. The message names the import or export. */
export class LoadError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_LOAD", message, options);
  }
}

/** An actor could not be started. */
export class SpawnError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_SPAWN", message, options);
  }
}

/** There are as many actors, or as much memory, as a runtime may have. */
export class LimitError extends SpawnError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SpawnError";
  }
}

/** A host mailbox or a runtime was used after it was closed. */
export class ClosedError extends IsopodError {
  constructor(message: string) {
    super("ISOPOD_CLOSED", message);
  }
}
