/**
 * Requests of a host's client (`runtime.client(pid, cbor)`): the name of a function and its arguments, as
 * CBOR. The answer is the function's result, or an error.
 *
 * ```ts
 * const request = new ClientRequest();
 * while (true) {
 *   if (!request.read(receive())) continue;
 *   if (request.name == "add") {
 *     const sum = request.args.int() + request.args.int();
 *     request.result().int(sum);
 *   }
 *   request.answer();
 * }
 * ```
 */

import { CborReader } from "./cbor-reader";
import { CborWriter } from "./cbor-writer";
import { Message } from "./message";
import { Pid } from "./pid";
import { Ref } from "./ref";

/** One request at a time. Its arguments are valid until the next receive. */
export class ClientRequest {
  /** The name of the function. */
  name: string = "";

  /** How many arguments there are. */
  count: i32 = 0;

  /** Reads the arguments. */
  readonly args: CborReader = new CborReader();

  private readonly writer: CborWriter = new CborWriter();

  private from: Pid = 0;

  private ref: Ref = 0;

  private hasResult: bool = false;

  private hasError: bool = false;

  /**
   * Takes a message. False: it is no request of a client. If its sender waits for an answer, it has got an
   * error.
   */
  read(message: Message): bool {
    this.from = message.from;
    this.ref = message.ref;
    this.hasResult = false;
    this.hasError = false;
    this.args.read(message);
    this.count = this.args.array() - 1;
    this.name = this.args.text();
    if (!this.args.failed && this.ref !== 0) return true;
    this.fail("TypeError", "this is no request of a client");
    this.answer();
    return false;
  }

  /** Begins the result. Write one value to it. */
  result(): CborWriter {
    this.hasResult = true;
    return this.writer.reset().array(2).bool(true);
  }

  /** Makes the answer an error. The client's call rejects with a RemoteError. */
  fail(name: string, message: string): void {
    this.hasError = true;
    this.writer.reset().array(3).bool(false).text(name).text(message);
  }

  /**
   * Sends the answer. It is an error if the arguments were not of the types that were read, or are more, or if
   * there is neither a result nor an error.
   */
  answer(): void {
    if (this.ref === 0) return;
    if (!this.hasResult && !this.hasError) this.fail("TypeError", `there is no function ${this.name}`);
    else if (!this.hasError && !this.args.complete) {
      this.fail("TypeError", `${this.name} was called with other arguments than it takes`);
    }
    this.writer.send(this.from, this.ref);
    this.ref = 0;
  }
}
