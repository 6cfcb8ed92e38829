/** A script that cannot be loaded. */
import { IsopodError } from "../wire/errors.ts";

/**
 * The script is not valid, imports a module that is not there, exports nothing that can be called, threw while it
 * was evaluated, or used more than the limits of loading. The message says which, and where.
 */
export class ScriptError extends IsopodError {
  /** The frames of the script, one a line, where it threw. Else empty. */
  readonly scriptStack: string;

  constructor(message: string, scriptStack = "", options?: ErrorOptions) {
    super("ISOPOD_SCRIPT", message, options);
    this.scriptStack = scriptStack;
  }
}
