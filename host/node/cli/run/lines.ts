/**
 * The lines of stdin, as messages to an actor or as calls of it. They come from one host mailbox.
 * What an actor sends to that mailbox, and the answers to calls, are printed on stdout.
 *
 * The next line is sent when every actor that is ready has had a turn. So a long input does not fill
 * the mailbox of an actor that takes its messages.
 */
import { createInterface, type Interface } from "node:readline";
import { cbor } from "../../../adapters/codec.ts";
import {
  CallError,
  type CallOptions,
  CallTimeoutError,
  ClosedError,
  escapeControls,
  type HostMailbox,
  type Pid,
  type Runtime,
} from "../../index.ts";
import { FormatError, hexOf, jsonOf, type PayloadFormat, payloadOf, textOf, valueIn } from "../../payload-text.ts";
import { whyNotSent } from "../../refusal.ts";
import { painted } from "../terminal.ts";
import { requestIn } from "./request-line.ts";

export interface LineOptions {
  /** What a line is. With `hex`, what is printed is hex, too. */
  readonly format: PayloadFormat;
  /** Each line is a call, and the next one waits for its answer. */
  readonly areCalls: boolean;
  /** Each line calls a function of a script, and its result is printed. */
  readonly areRequests: boolean;
  /** The tag of each message. */
  readonly tag: number;
}

export class Lines {
  readonly #runtime: Runtime;
  readonly #to: Pid | string;
  readonly #options: LineOptions;
  #reader: Interface | undefined;
  /** Undefined until the first line. */
  #mailbox: HostMailbox | undefined;
  #count = 0;
  #areRefused = false;
  #isClosed = false;

  constructor(runtime: Runtime, to: Pid | string, options: LineOptions) {
    this.#runtime = runtime;
    this.#to = to;
    this.#options = options;
  }

  /** Whether a line was refused, or a call was not answered. */
  get areRefused(): boolean {
    return this.#areRefused;
  }

  /** Resolves to the number of lines, at the end of stdin or after `close`. */
  async read(): Promise<number> {
    const { stdin } = process;
    // A terminal alone does not keep the process alive: it is not known whether lines will come.
    if (stdin.isTTY) stdin.unref?.();
    this.#reader = createInterface({ input: stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
    const reader = this.#reader;
    stdin.on("error", error => {
      this.#refuse(`stdin could not be read: ${error.message}`);
      reader.close();
    });
    for await (const line of reader) {
      // The reader still has lines after `close`. Without a guest, no one takes them.
      if (this.#isClosed || this.#runtime.size === 0) break;
      this.#count++;
      await this.#send(line);
      await this.#runtime.queueDelay();
    }
    return this.#count;
  }

  /** Reads no more. A call that waits goes on. */
  close(): void {
    this.#isClosed = true;
    this.#reader?.close();
  }

  async #send(line: string): Promise<void> {
    const { format, areCalls, areRequests, tag } = this.#options;
    try {
      const bytes = areRequests ? cbor.encode(requestIn(line)) : payloadOf(line, format);
      if (typeof this.#to === "string") await this.#untilNamed(this.#to);
      if (areCalls) await this.#call(bytes, { tag });
      else if (!this.#sender().send(this.#to, bytes, { tag }))
        this.#refuseLine(`was not sent: ${whyNotSent(this.#runtime, this.#to, bytes)}`);
    } catch (error) {
      // Ctrl-C has stopped the runtime.
      if (error instanceof ClosedError) return;
      if (!(error instanceof FormatError)) throw error;
      this.#refuseLine(`was not sent: ${error.message}`);
    }
  }

  async #call(bytes: Uint8Array, options: CallOptions): Promise<void> {
    try {
      const answer = await this.#sender().call(this.#to, bytes, options);
      if (this.#options.areRequests) this.#printResult(answer);
      else this.#print(answer);
    } catch (error) {
      if (!(error instanceof CallError || error instanceof CallTimeoutError)) throw error;
      this.#refuseLine(`has no answer: ${error.message}`);
    }
  }

  /** The first lines may come before a guest has started the actor with this name. */
  async #untilNamed(name: string): Promise<void> {
    if (this.#runtime.whereis(name) === undefined) await this.#runtime.settled();
  }

  #sender(): HostMailbox {
    this.#mailbox ??= this.#newMailbox();
    return this.#mailbox;
  }

  #newMailbox(): HostMailbox {
    const mailbox = this.#runtime.mailbox();
    // Not a receive: its promise could be late for the end of the session.
    mailbox.onArrival(() => {
      for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
        if (item.kind === "message") this.#print(item.bytes);
      }
      return false;
    });
    return mailbox;
  }

  /** The answer of a script's function: [true, result] or [false, name, message]. */
  #printResult(bytes: Uint8Array): void {
    const answer = valueIn(bytes);
    const [isResult, result, message] = Array.isArray(answer) ? answer : [];
    if (isResult === true) this.#write(jsonOf(result));
    else if (isResult === false) this.#refuseLine(`has no answer: ${result}: ${message}`);
    else this.#print(bytes);
  }

  #print(bytes: Uint8Array): void {
    const { format } = this.#options;
    const value = format === "value" ? valueIn(bytes) : undefined;
    const text = format === "hex" ? undefined : textOf(bytes);
    this.#write(value === undefined ? (text ?? hexOf(bytes)) : jsonOf(value));
  }

  #write(text: string): void {
    process.stdout.write(`${escapeControls(text, true)}\n`);
  }

  #refuseLine(why: string): void {
    this.#refuse(`line ${this.#count} ${why}`);
  }

  #refuse(why: string): void {
    this.#areRefused = true;
    // It may quote the line, and lines may come from anywhere.
    process.stderr.write(`${painted("error", "isopod:")} ${escapeControls(why)}\n`);
  }
}
