/** Where a replay is in its log, and the operations that a player and its imports have in common. */
import type { Actor } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { exit } from "../actor/fault.ts";
import { noteWrite } from "../actor/ranges.ts";
import * as T from "../kernel/tape-words.ts";
import { EXITING } from "../kernel/words.ts";
import { PAGE_BYTES } from "../wire/abi.ts";
import type { ExitReason } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { LogReader } from "./bytes.ts";
import type { RecordingFile } from "./file.ts";
import { ABI_IMPORTS } from "./imports.ts";
import { ReplayError } from "./replay-error.ts";
import { itemStep, type ReplayStep } from "./steps.ts";
import type { PlayerExports, PortImports } from "./tape-module.ts";

/** The log lies behind the senders that it knows. */
const LOG_AT = T.SENDERS_BYTES;

export class Playback {
  readonly file: RecordingFile;
  readonly tape: WebAssembly.Memory;
  #wasm: (PlayerExports & PortImports) | undefined;
  #actor: Actor | undefined;
  /** Is told of each item and each call. */
  readonly onStep: ((step: ReplayStep) => void) | undefined;
  /** Why the replay cannot go on. */
  failure: ReplayError | undefined;

  constructor(file: RecordingFile, onStep?: (step: ReplayStep) => void) {
    this.file = file;
    this.onStep = onStep;
    const pages = Math.ceil((LOG_AT + file.log.length) / PAGE_BYTES);
    this.tape = new WebAssembly.Memory({ initial: pages, maximum: pages });
    new Uint8Array(this.tape.buffer).set(file.log, LOG_AT);
  }

  /** The actor that plays, and what plays fast for its guest. */
  open(actor: Actor, wasm: PlayerExports & PortImports): void {
    const at = this.#wasm?.position() ?? LOG_AT;
    const brought = this.#wasm?.brought() ?? 0;
    this.#actor = actor;
    this.#wasm = wasm;
    wasm.open(actor.record, at, this.#end, brought);
  }

  get #end(): number {
    return LOG_AT + this.file.log.length;
  }

  get actor(): Actor {
    if (this.#actor === undefined) throw new ReplayError("the recorded actor did not begin");
    return this.#actor;
  }

  get wasm(): PlayerExports & PortImports {
    if (this.#wasm === undefined) throw new ReplayError("the recorded actor did not begin");
    return this.#wasm;
  }

  /** Items that were brought, counted from the actor's beginning. */
  get item(): number {
    return this.file.header.itemsBefore + (this.#wasm?.brought() ?? 0);
  }

  get isAtEnd(): boolean {
    return this.wasm.position() >= this.#end;
  }

  /** The rest of the log. */
  log(): LogReader {
    return new LogReader(new Uint8Array(this.tape.buffer), this.wasm.position(), this.#end);
  }

  seek(log: LogReader): void {
    this.wasm.seek(log.at);
  }

  get recordedReason(): ExitReason {
    const { message, stack } = this.file.header.end;
    return { kind: "crashed", message, stack };
  }

  /** Brings an item. `isTold`: it is a step. */
  bring(operation: number, log: LogReader, isTold = true): void {
    const { kernel } = this.actor.services;
    const [lo, hi] = this.#sender(operation, log);
    const tag = log.signed();
    const hasRef = (operation & T.HAS_REF) !== 0;
    const ref = hasRef ? log.signed() : 0;
    const reason = hasRef ? log.number() : 0;
    const payload = log.take(log.number()).slice();
    const kind = (operation & T.KIND_BITS) + 1;
    kernel.deliver(this.actor.record, kind, tag, lo, hi, ref, reason, payload);
    this.wasm.countItem();
    if (isTold) this.onStep?.(itemStep(this.item, kind, pidFromWords(lo, hi), tag, ref, reason, payload));
  }

  /** The words of a sender's pid. */
  #sender(operation: number, log: LogReader): readonly [lo: number, hi: number] {
    const senders = new Int32Array(this.tape.buffer, 0, T.SENDERS_BYTES / 4);
    const mask = T.SENDERS_BYTES / 8 - 1;
    if ((operation & T.KNOWN_SENDER) !== 0) {
      const place = 2 * (log.byte() & mask);
      return [senders[place], senders[place + 1]];
    }
    const [lo, hi] = [log.number() | 0, log.number() | 0];
    senders.set([lo, hi], 2 * (lo & mask));
    return [lo, hi];
  }

  forgetSenders(): void {
    new Uint8Array(this.tape.buffer).fill(0, 0, T.SENDERS_BYTES);
  }

  charge(amount: number): void {
    const { actor } = this;
    actor.services.bringIn(actor);
    actor.instance.port?.enter?.(actor.instance.address);
    charge(actor, amount);
  }

  /** The embedder, or an import, has written to the actor's memory. */
  write(log: LogReader): void {
    const { actor } = this;
    const at = log.number();
    const bytes = log.take(log.number());
    actor.services.bringIn(actor);
    actor.bytes.refresh();
    if (!actor.bytes.holds(at, bytes.length)) throw this.wrong("the log writes behind the actor's memory");
    noteWrite(actor, at + bytes.length);
    actor.bytes.u8.set(bytes, at);
  }

  nameOf(number: number): string {
    return ABI_IMPORTS[number] ?? this.file.header.functions[number - ABI_IMPORTS.length] ?? `import ${number}`;
  }

  /** An operation in words. */
  named(operation: number): string {
    if (operation >= T.ANSWERS) return `an answer of ${this.nameOf(operation & (T.SHORT_IMPORTS - 1))}`;
    if (operation >= T.ITEM) return "an item";
    if (operation >= T.ANSWER_F64 && operation <= T.ANSWER) return "an answer";
    return words[operation] ?? "an unknown operation";
  }

  /** An error that says where the replay is. */
  wrong(what: string): ReplayError {
    return new ReplayError(`the replay differs from the recording after item ${this.item}: ${what}`);
  }

  /** The replay goes another way than the recorded actor. Throws through the guest. */
  differs(what: string, operation?: number): never {
    const has = operation === undefined ? "the log has no such thing" : `the log has ${this.named(operation)}`;
    return this.fail(this.wrong(`${what}, and ${has}`));
  }

  /** The replay is over: the guest may catch what is thrown, but ends. */
  fail(error: ReplayError): never {
    this.failure ??= error;
    if (this.actor.restraint === EXITING) throw error;
    return exit(this.actor, { kind: "crashed", message: error.message, stack: "" });
  }
}

const words: Readonly<Record<number, string>> = {
  [T.TURN]: "the beginning of a turn",
  [T.TIMEOUT]: "the end of a timeout",
  [T.CHARGE]: "a charge",
  [T.WRITE]: "a write of the embedder",
  [T.SETTLED]: "an answer of the embedder",
  ...{ [T.GOES_ON]: "a verdict", [T.BY_COUNT]: "a verdict", [T.BY_CLOCK]: "a verdict", [T.DUE]: "a verdict" },
  [T.MEANWHILE]: "an item",
  [T.CHECKPOINT]: "a checkpoint",
};
