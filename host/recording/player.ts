/**
 * Plays one recording in a runtime of its own, which has no other actor: the items of the log are brought, its
 * turns are given, and its answers are what the imports answer. All else is the code that ran when it was recorded.
 *
 * Guarantee: no byte of a file is believed. What does not fit ends the replay with a ReplayError that names the item.
 */
import type { Actor } from "../actor/actor.ts";
import type { Port } from "../actor/body.ts";
import type { Judge, Verdict } from "../actor/reductions.ts";
import type { GuestImports } from "../actor/taping.ts";
import * as T from "../kernel/tape-words.ts";
import { ASKING, PARKED, TIMED_LENGTH, WANT_ANSWER } from "../kernel/words.ts";
import type { ExitReason } from "../wire/message.ts";
import type { Recording } from "../wire/recording.ts";
import { Answers } from "./answers.ts";
import type { LogReader } from "./bytes.ts";
import type { RecordingFile } from "./file.ts";
import { HASH_BYTES, hex } from "./hash.ts";
import { withMapUrl } from "./moved-map.ts";
import { Playback } from "./playback.ts";
import { ReplayError } from "./replay-error.ts";
import type { Inside, Recorder } from "./seam.ts";
import { imageHash, setGlobals, stateHash } from "./state.ts";
import type { ReplayStep } from "./steps.ts";
import { playerInstance } from "./tape-module.ts";

const TURNS_AT_ONCE = 1_000;

export class Player implements Recorder {
  readonly playback: Playback;
  #inside: Inside | undefined;
  /** How the actor has ended in the replay. */
  ending: { readonly reason: ExitReason; readonly hash: string } | undefined;

  /** Compiles the module with the address of its map, for a debugger. */
  readonly compile: Recorder["compile"];

  constructor(file: RecordingFile, onStep?: (step: ReplayStep) => void, mapUrl?: string) {
    this.playback = new Playback(file, onStep);
    this.compile = mapUrl === undefined ? undefined : bytes => WebAssembly.compile(withMapUrl(bytes, mapUrl));
  }

  /** What the runtime of the player has as its simulation. */
  readonly simulation = {
    transit: null,
    driver: {
      next: () => {
        throw new Error("the player gives all turns");
      },
    },
    judge: (): Verdict => this.#verdict(),
    attach() {},
  };

  attach(inside: Inside): void {
    this.#inside = inside;
  }

  get #itsInside(): Inside {
    if (this.#inside === undefined) throw new Error("the player has no runtime");
    return this.#inside;
  }

  wants(): boolean {
    return false;
  }

  refusal(): undefined {
    return undefined;
  }

  loaded(): void {}

  derived(): void {}

  wrote(): void {}

  due(): boolean {
    const { playback } = this;
    const log = playback.log();
    if (log.isAtEnd || log.byte() !== T.DUE) return false;
    playback.seek(log);
    return true;
  }

  judge(judge: Judge): Judge {
    return judge;
  }

  bind(actor: Actor, port: Port, imports: GuestImports): { imports: GuestImports; turn: Port["turn"] } {
    const { playback } = this;
    const answers = new Answers(playback);
    const wasm = playerInstance(actor.services.kernel, playback.tape, {
      "tape.answer": number => answers.answer(playback.nameOf(number), number, []),
      "tape.meanwhile": () => answers.meanwhile(),
    });
    playback.open(actor, wasm);
    return { imports: answers.bound(imports), turn: port.turn };
  }

  /** A turn that asks for more gets the verdict of the log. */
  #verdict(): Verdict {
    const { playback } = this;
    const log = playback.log();
    const operation = log.isAtEnd ? 0 : log.byte();
    const isVerdict = operation >= T.GOES_ON && operation <= T.BY_CLOCK;
    if (!isVerdict) return playback.differs("it asks for more reductions", operation);
    // A child's start function may have run in its turn. What was spent before is forgotten then.
    const { budget } = playback.actor.services;
    budget[playback.actor.restraint === ASKING ? "asked" : "granted"] = log.number();
    playback.seek(log);
    if (operation === T.GOES_ON) return "on";
    if (operation === T.BY_COUNT) return "count";
    // How long it had run, the message says alone.
    if (log.isAtEnd && playback.file.header.end.message.startsWith("reductions:")) {
      playback.actor.exiting = playback.recordedReason;
      playback.actor.atFault = true;
    }
    return "clock";
  }

  ended(actor: Actor, reason: ExitReason): Recording | undefined {
    if (!actor.is(this.playback.actor)) return undefined;
    this.ending ??= { reason, hash: actor.instance.bytes.memory === null ? "" : hex(stateHash(actor)) };
    return undefined;
  }

  /** There is nothing more to play. */
  get isOver(): boolean {
    return this.ending !== undefined || this.playback.isAtEnd;
  }

  /** The actor is spawned. If it goes on with a checkpoint, it gets the globals and the mailbox of that. */
  begin(): void {
    const { playback } = this;
    const { actor, file } = playback;
    if (file.image.length === 0) return;
    actor.services.bringIn(actor);
    setGlobals(actor, file.globals);
    // An actor that waits for a ref has been told that nobody will answer.
    while (actor.mailbox.count > 0) actor.mailbox.remove(actor.mailbox.first());
    actor.state = PARKED;
    const log = playback.log();
    if (log.isAtEnd || log.byte() !== T.CHECKPOINT) throw new ReplayError("the log does not begin with its checkpoint");
    log.take(HASH_BYTES);
    log.number();
    for (let operation = log.byte(); operation !== T.REST; operation = log.byte()) {
      if (operation === T.MARK) actor.mailbox.mark(log.signed());
      else if (operation >= T.ITEM && operation < T.ANSWERS) playback.bring(operation, log, false);
      else throw new ReplayError("the checkpoint has an operation that it cannot have");
    }
    playback.seek(log);
    playback.wasm.forgetItems();
    playback.forgetSenders();
    actor.state = PARKED;
    actor.mailbox.passAll();
    actor.held = false;
  }

  /** Plays until so many items were brought, counted from the actor's beginning, or to the end. */
  play(lastItem = Number.POSITIVE_INFINITY): void {
    const { playback } = this;
    const { wasm, file } = playback;
    const last = Math.min(lastItem - file.header.itemsBefore, 2 ** 31 - 1);
    while (!this.isOver) {
      const before = wasm.position();
      // Items that somebody hears of are not brought by the module.
      const stop = playback.onStep === undefined ? last : wasm.brought();
      this.#run(() => wasm.play(TURNS_AT_ONCE, stop));
      if (playback.failure !== undefined) throw playback.failure;
      if (this.isOver || wasm.position() !== before) continue;
      if (wasm.brought() >= last) return;
      this.#operation();
    }
  }

  /** The log is over, and the actor lives: the recorded one was ended from outside of its turn. */
  finish(): void {
    if (this.ending !== undefined) return;
    const { actor, recordedReason } = this.playback;
    actor.services.bringIn(actor);
    this.ending = { reason: recordedReason, hash: hex(stateHash(actor)) };
  }

  /** Gives turns, and does what is left of the last one. */
  #run(give: () => number): void {
    const { actor } = this.playback;
    const { loop, services } = this.#itsInside;
    try {
      const left = give();
      services.kernel.setWord(TIMED_LENGTH, 0);
      if (left !== 0) loop.finish(left);
    } catch (error) {
      if (error instanceof ReplayError) throw error;
      actor.failed(error);
    }
  }

  /** Plays an operation that is rare. */
  #operation(): void {
    const { playback } = this;
    const { actor } = playback;
    const log = playback.log();
    const operation = log.byte();
    if (operation >= T.ITEM && operation < T.ANSWERS) playback.bring(operation, log);
    else if (operation === T.CHARGE) playback.charge(log.number());
    else if (operation === T.WRITE) playback.write(log);
    else if (operation === T.SETTLED) settle(actor, log.signed());
    else if (operation === T.CHECKPOINT) this.#check(log);
    else throw playback.wrong(`the log has ${playback.named(operation)} between two turns`);
    playback.seek(log);
  }

  /** The recorded actor had a checkpoint here. So has this one, and they have to be the same. */
  #check(log: LogReader): void {
    const { playback } = this;
    const hash = hex(log.take(HASH_BYTES));
    log.take(log.number());
    let image: Uint8Array;
    try {
      image = this.#itsInside.images.image(playback.actor);
    } catch (error) {
      const why = (error as Error).message;
      throw playback.wrong(`there is no checkpoint where the recorded actor had one (${why})`);
    }
    playback.forgetSenders();
    if (hex(imageHash(image)) === hash) return;
    throw playback.wrong("the actor's state is another one than the recorded actor had");
  }
}

/** The embedder has answered. */
function settle(actor: Actor, value: number): void {
  if (actor.want !== WANT_ANSWER) return;
  actor.answer = { settled: true, value };
  if (actor.state === PARKED) actor.wake();
}
