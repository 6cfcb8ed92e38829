/** One output of a program of WASI: bytes in pieces of any length become lines of the log, and what is kept between two writes is bounded. */
import type { HostContext } from "../wire/host-functions.ts";
import { joined } from "../wire/payload.ts";

export const LINE_END = 10;

/** A longer line is logged in pieces. So much of a line without an end is kept for each output of an actor. */
const MAX_LINE_BYTES = 4096;

const decoder = new TextDecoder();
const nothing = new Uint8Array(0);

/** Turns what is written into lines of the log. A line that the log refuses is dropped, as by the import `log`. */
export class WasiOutput {
  readonly #context: HostContext;
  /** The beginning of a line that has no end yet, of at most MAX_LINE_BYTES. */
  #begun: Uint8Array = nothing;
  /** It will be logged when the actor ends. */
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
    // A copy: the bytes are part of all that was written.
    this.#begun = this.#cut(rest).slice();
    if (this.#begun.length === 0 || this.#isWatched) return;
    this.#isWatched = true;
    this.#context.signal.addEventListener("abort", () => this.flush());
  }

  /** Logs the line that has no end. */
  flush(): void {
    if (this.#begun.length > 0) this.#log(this.#begun);
    this.#begun = nothing;
  }

  /** Logs the beginning of a line that is too long, piece by piece; returns the rest. */
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

/** Where the first piece of a long line ends: not inside a character of UTF-8, which has at most four bytes. */
function endOfPiece(bytes: Uint8Array): number {
  for (let end = MAX_LINE_BYTES; end > MAX_LINE_BYTES - 4; end--) if ((bytes[end] & 0xc0) !== 0x80) return end;
  return MAX_LINE_BYTES;
}
