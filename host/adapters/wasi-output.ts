/**
 * An output stream of a WASI program. It turns writes of any length into lines of the log.
 *
 * Guarantee: it keeps at most MAX_LINE_BYTES between two writes.
 */
import type { HostContext } from "../wire/host-functions.ts";
import { joined } from "../wire/payload.ts";

export const LINE_END = 10;

/** A longer line is logged in pieces. */
const MAX_LINE_BYTES = 4096;

const decoder = new TextDecoder();
const nothing = new Uint8Array(0);

/** A line that the log refuses is dropped, as by the import `log`. */
export class WasiOutput {
  readonly #context: HostContext;
  /** The beginning of an unfinished line, at most MAX_LINE_BYTES. */
  #begun: Uint8Array = nothing;
  /** Whether an unfinished line will be logged when the actor ends. */
  #isWatched = false;

  constructor(context: HostContext) {
    this.#context = context;
  }

  write(bytes: Uint8Array): void {
    if (!this.#context.may("log")) return;
    let rest = this.#begun.length === 0 ? bytes : joined([this.#begun, bytes]);
    for (let end = rest.indexOf(LINE_END); end >= 0; end = rest.indexOf(LINE_END)) {
      this.#log(this.#cut(rest.subarray(0, end)));
      rest = rest.subarray(end + 1);
    }
    // A copy, so that it does not keep all the written bytes in memory.
    this.#begun = this.#cut(rest).slice();
    if (this.#begun.length === 0 || this.#isWatched) return;
    this.#isWatched = true;
    this.#context.signal.addEventListener("abort", () => this.flush());
  }

  /** Logs the unfinished line. */
  flush(): void {
    if (this.#begun.length > 0) this.#log(this.#begun);
    this.#begun = nothing;
  }

  /** Logs the pieces of a line that is too long, and returns the rest. */
  #cut(line: Uint8Array): Uint8Array {
    let rest = line;
    while (rest.length > MAX_LINE_BYTES) {
      const end = endOfPiece(rest);
      this.#log(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    return rest;
  }

  #log(bytes: Uint8Array): void {
    this.#context.log(decoder.decode(bytes));
  }
}

/**
 * Where the first piece of a long line ends. It does not cut a UTF-8 character, which has at most
 * four bytes.
 */
function endOfPiece(bytes: Uint8Array): number {
  for (let end = MAX_LINE_BYTES; end > MAX_LINE_BYTES - 4; end--) if ((bytes[end] & 0xc0) !== 0x80) return end;
  return MAX_LINE_BYTES;
}
