/** The imports of a guest that plays a recording: the log answers them. */
import type { Actor, Services } from "../actor/actor.ts";
import { fault } from "../actor/fault.ts";
import type { GuestImports } from "../actor/taping.ts";
import { demonitor } from "../between/monitors.ts";
import { anyCallerOf, callerOf } from "../door/caller.ts";
import * as T from "../kernel/tape-words.ts";
import { SPAWN_MONITOR, WANT_ANSWER } from "../kernel/words.ts";
import type { HostImport } from "../wire/host-functions.ts";
import { GREATEST_REF } from "../wire/message.ts";
import type { LogReader } from "./bytes.ts";
import { isInner, mayAsk, numberOf } from "./imports.ts";
import type { Playback } from "./playback.ts";
import { ReplayError } from "./replay-error.ts";
import { callStep } from "./steps.ts";

/** What the player's module has in the place of functions of the port. */
const FAST = ["send", "request", "link", "unlink", "monitor"];
const REFS_MADE = ["actor.make_ref", "actor.ask", "actor.send_after"];
/** Where the result of a spawn has the ref. */
const REF_OF_SPAWN = 8;

type Answer = number | bigint | undefined;
type AnyImport = HostImport | WebAssembly.Memory;

export class Answers {
  readonly #playback: Playback;

  /** If somebody wants to hear of steps, no call is answered without the host. */
  constructor(playback: Playback) {
    this.#playback = playback;
  }

  /** What a guest imports. */
  bound(imports: GuestImports): GuestImports {
    return Object.fromEntries(
      Object.entries(imports).map(([module, functions]) => [
        module,
        Object.fromEntries(
          Object.entries(functions).map(([name, run]) => [name, this.#bound(`${module}.${name}`, run)]),
        ),
      ]),
    );
  }

  #bound(name: string, run: AnyImport): AnyImport {
    if (typeof run !== "function") return run;
    const { header } = this.#playback.file;
    if (name === "actor.self_lo") return instead(run, header.pid[0]);
    if (name === "actor.self_hi") return instead(run, header.pid[1]);
    if (isInner(name)) return run;
    const number = numberOf(name, header.functions);
    const [module, fast] = name.split(".");
    const { wasm, onStep } = this.#playback;
    const isFast = module === "actor" && FAST.includes(fast);
    if (isFast && onStep === undefined) return wasm[fast] as HostImport;
    return (...args) => {
      const words = args as number[];
      const answer = isFast ? wasm[fast](...words) : this.answer(name, number, words);
      if (!isFast) this.meanwhile();
      onStep?.(callStep(this.#playback.actor, name, args, answer));
      return answer;
    };
  }

  /** What an import answers. */
  answer(name: string, number: number, args: readonly number[]): Answer {
    const playback = this.#playback;
    const { services } = playback.actor;
    const log = playback.log();
    try {
      while (!log.isAtEnd) {
        const operation = log.byte();
        if (operation === T.CHARGE) playback.charge(log.number());
        else if (operation === T.WRITE) playback.write(log);
        else {
          mayCall(services, name);
          const answer = this.#answerOf(operation, number, log, name);
          playback.seek(log);
          this.#after(name, args, answer);
          return answer;
        }
        playback.seek(log);
      }
    } catch (error) {
      if (error instanceof ReplayError) playback.fail(error);
      throw error;
    }
    // The recorded actor has ended in this import.
    return fault(mayCall(services, name), playback.file.header.end.message);
  }

  #answerOf(operation: number, number: number, log: LogReader, name: string): Answer {
    if (number < T.SHORT_IMPORTS) {
      if (operation === (T.ANSWERS | number)) return log.signed();
      if (operation === (T.ANSWERS_ONE | number)) return 1;
    }
    const isLong = operation >= T.ANSWER_F64 && operation <= T.ANSWER;
    if (!isLong || log.number() !== number) return this.#playback.differs(`it calls ${name}`, operation);
    if (operation === T.ANSWER) return log.signed();
    if (operation === T.ANSWER_NOTHING) return undefined;
    const view = new DataView(log.take(8).slice().buffer);
    return operation === T.ANSWER_F64 ? view.getFloat64(0, true) : view.getBigInt64(0, true);
  }

  /** What an answer means for the actor's own state. */
  #after(name: string, args: readonly number[], answer: Answer): void {
    const { actor } = this.#playback;
    const { mailbox } = actor;
    const isAbi = name.startsWith("actor.") || name.startsWith("env.");
    if (REFS_MADE.includes(name) && typeof answer === "number" && answer <= GREATEST_REF) mailbox.mark(answer);
    else if (name === "actor.spawn" && answer === 1) markOfSpawn(actor, args);
    else if (name === "actor.demonitor") demonitor(actor, args[0], args[1] !== 0);
    else if (name === "actor.drop_ref" || (name === "actor.cancel_timer" && answer === 1)) mailbox.unmark(args[0]);
    else if (!isAbi && answer === -2 && actor.mayPark) waitForAnswer(actor);
  }

  /** Brings what has come while an import ran. */
  meanwhile(): void {
    const playback = this.#playback;
    const log = playback.log();
    while (!log.isAtEnd && log.byte() === T.MEANWHILE) {
      const operation = log.isAtEnd ? 0 : log.byte();
      if (operation < T.ITEM || operation >= T.ANSWERS) playback.differs("an item is to come", operation);
      playback.bring(operation, log);
      playback.seek(log);
    }
  }
}

/** The same import, with another answer. Whether its caller may call now, the import itself says. */
function instead(run: HostImport, answer: number): HostImport {
  return (...args) => {
    run(...args);
    return answer;
  };
}

/** Refuses an actor that may not call now, in the import's own words. */
function mayCall(services: Services, name: string): Actor {
  return mayAsk(name) ? anyCallerOf(services, shortened(name)) : callerOf(services, shortened(name));
}

/** The name that an import has in its own messages. */
function shortened(name: string): string {
  return /^(actor|env)\./.test(name) ? name.slice(name.indexOf(".") + 1) : name;
}

/** The ref of a spawn with a monitor, which lies in the actor's memory, has its mark. */
function markOfSpawn({ bytes, mailbox }: Actor, args: readonly number[]): void {
  const at = (args[7] >>> 0) + REF_OF_SPAWN;
  if ((args[6] & SPAWN_MONITOR) === 0 || !bytes.holds(at, 4)) return;
  mailbox.mark(new DataView(bytes.u8.buffer).getInt32(at, true));
}

/** A function of the embedder takes time. As door/host-functions.ts does it. */
function waitForAnswer(actor: Actor): void {
  actor.want = WANT_ANSWER;
  actor.held = false;
  actor.waiting = true;
  actor.deadlineMs = Number.POSITIVE_INFINITY;
  actor.answer = { settled: false, value: 0 };
}
