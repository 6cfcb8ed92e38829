/** What stands between one guest's instance and its port while its actors are recorded. */
import type { Actor } from "../actor/actor.ts";
import type { Port } from "../actor/body.ts";
import type { GuestImports } from "../actor/taping.ts";
import {
  ANSWER,
  ANSWER_F64,
  ANSWER_I64,
  ANSWER_NOTHING,
  ANSWERS,
  CHARGE,
  SETTLED,
  SHORT_IMPORTS,
  WRITE,
} from "../kernel/tape-words.ts";
import { IS_HANDLER, LO, PAYS, WANT, WANT_ANSWER } from "../kernel/words.ts";
import type { HostImport } from "../wire/host-functions.ts";
import { LogBytes } from "./bytes.ts";
import { isInner, numberOf, writtenBy } from "./imports.ts";
import { chargedSince, paidBy } from "./state.ts";
import type { Tape } from "./tape.ts";
import { type PortImports, type TapeExports, tapeInstance } from "./tape-module.ts";

/** What a seat uses of its recorder. */
export interface Tapes {
  readonly memory: WebAssembly.Memory;
  /** The names of the embedder's functions, in the order of their numbers. */
  readonly functions: readonly string[];
  /** The tape of the actor that has the record. */
  of(actor: Actor): Tape;
  /** A turn is over: makes a checkpoint if it is time for one. */
  rest(actor: Actor, tape: Tape): void;
}

/** What the tape's module has in the place of functions of the port. */
const FAST = ["send", "request", "link", "unlink", "monitor", "demonitor"];

export class Seat {
  readonly #tapes: Tapes;
  readonly #wasm: TapeExports & PortImports;
  readonly #services: Actor["services"];
  readonly #port: Port;
  readonly imports: GuestImports;
  constructor(actor: Actor, tapes: Tapes, port: Port, imports: GuestImports) {
    this.#tapes = tapes;
    this.#services = actor.services;
    this.#port = port;
    const { actor: ofActor } = imports;
    this.#wasm = tapeInstance(this.#services.kernel, tapes.memory, {
      ...Object.fromEntries(FAST.map(name => [`port.${name}`, ofActor[name] as (...words: number[]) => unknown])),
      "port.turn": port.turn,
      "tape.seat": record => this.#sit(this.#actorAt(record)),
      "tape.full": () => this.#tapes.of(this.#current).flush(),
      "tape.long": item => this.#noteLong(item),
      "tape.begins": record => this.#begins(this.#actorAt(record)),
      "tape.rests": record => this.#rests(record),
      "tape.pays": () => {
        const tape = this.#tapes.of(this.#current);
        // An import may have thrown, and the guest has caught that.
        notePaid(this.#current, tape);
        tape.before = paidBy(this.#current);
      },
      "tape.paid": () => notePaid(this.#current, this.#tapes.of(this.#current)),
    });
    this.imports = Object.fromEntries(
      Object.entries(imports).map(([module, functions]) => [
        module,
        Object.fromEntries(
          Object.entries(functions).map(([name, run]) => [name, this.#wrapped(`${module}.${name}`, run)]),
        ),
      ]),
    );
    this.#sit(actor);
  }

  get turn(): Port["turn"] {
    return this.#wasm.turn;
  }

  #actorAt(record: number): Actor {
    return this.#services.kernel.userAt(record) as Actor;
  }

  /** The actor whose turn it is. */
  get #current(): Actor {
    return this.#services.kernel.current as Actor;
  }

  #sit(actor: Actor): void {
    this.#wasm.sit(actor.record, actor.word(LO), this.#tapes.of(actor).reel);
  }

  /** An item that has no room in the reel. */
  #noteLong(item: number): void {
    const actor = this.#current;
    this.#wasm.noteHead(item);
    this.#tapes.of(actor).add(actor.mailbox.payload(item) as Uint8Array<ArrayBuffer>);
  }

  /** The turn of an actor begins that pays, or waits for an answer of the embedder. */
  #begins(actor: Actor): void {
    const tape = this.#tapes.of(actor);
    if (actor.has(PAYS) && tape.paid !== null) {
      // Before, its counter is not in the instance.
      this.#port.enter?.(actor.instance.address);
      noteCharge(tape, chargedSince(actor, tape.paid));
    }
    const { answer } = actor;
    if (actor.word(WANT) === WANT_ANSWER && !actor.has(IS_HANDLER) && answer?.settled === true) {
      tape.add(new LogBytes().byte(SETTLED).signed(answer.value).bytes);
    }
  }

  #rests(record: number): void {
    const actor = this.#services.kernel.userAt(record);
    if (actor === null) return;
    const tape = this.#tapes.of(actor);
    if (actor.has(PAYS)) tape.paid = paidBy(actor);
    this.#tapes.rest(actor, tape);
  }

  /** An import whose answers are noted. */
  #wrapped(name: string, run: HostImport | WebAssembly.Memory): HostImport | WebAssembly.Memory {
    if (typeof run !== "function" || isInner(name)) return run;
    const [module, fast] = name.split(".");
    if (module === "actor" && FAST.includes(fast)) return this.#wasm[fast] as unknown as HostImport;
    const number = numberOf(name, this.#tapes.functions);
    return (...args) => {
      this.#wasm.begin();
      const answer = run(...args);
      this.#note(name, number, args as number[], answer);
      return answer;
    };
  }

  #note(name: string, number: number, args: readonly number[], answer: number | bigint | undefined): void {
    const actor = this.#current;
    const tape = this.#tapes.of(actor);
    if (actor.has(PAYS)) notePaid(actor, tape);
    const [at, length] = writtenBy(name, args, answer);
    if (length > 0) tape.add(writeOf(at, actor.bytes.u8.subarray(at, at + length)));
    tape.add(answerOf(number, answer));
    this.#wasm.noteMeanwhile();
  }
}

/** Notes what the import has charged that the actor has called, if one has. */
export function notePaid(actor: Actor, tape: Tape): void {
  const { before } = tape;
  tape.before = null;
  if (before !== null) noteCharge(tape, chargedSince(actor, before));
}

function noteCharge(tape: Tape, charged: number): void {
  if (charged > 0) tape.add(new LogBytes().byte(CHARGE).number(charged).bytes);
}

/** The operation of bytes that were written to an actor's memory. */
export function writeOf(at: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new LogBytes().byte(WRITE).number(at).number(bytes.length).bytes;
  const all = new Uint8Array(head.length + bytes.length);
  all.set(head);
  all.set(bytes, head.length);
  return all;
}

function answerOf(number: number, answer: number | bigint | undefined): Uint8Array<ArrayBuffer> {
  const written = new LogBytes();
  if (answer === undefined) return written.byte(ANSWER_NOTHING).number(number).bytes;
  if (typeof answer === "number" && Object.is(answer | 0, answer)) {
    if (number < SHORT_IMPORTS) return written.byte(ANSWERS | number).signed(answer).bytes;
    return written.byte(ANSWER).number(number).signed(answer).bytes;
  }
  const eight = new DataView(new ArrayBuffer(8));
  if (typeof answer === "bigint") eight.setBigInt64(0, answer, true);
  else eight.setFloat64(0, answer, true);
  written.byte(typeof answer === "bigint" ? ANSWER_I64 : ANSWER_F64).number(number);
  return written.all(new Uint8Array(eight.buffer)).bytes;
}
