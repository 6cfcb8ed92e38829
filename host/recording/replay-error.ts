/** Why a recording cannot be replayed. */
import { IsopodError } from "../wire/errors.ts";

/**
 * A recording cannot be replayed: the file is damaged, or of another version, or the replay has gone another way
 * than the recorded actor. The message says which, and at which item.
 */
export class ReplayError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_REPLAY", message, options);
  }
}
