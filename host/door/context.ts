/**
 * The `HostContext` of one guest: what the embedder's functions get to know about it and may do to
 * it.
 */

import type { Actor } from "../actor/actor.ts";
import { CALL_REDUCTIONS, charge } from "../actor/budget.ts";
import { crashOf, Unwind } from "../actor/fault.ts";
import { copyOut, noteWrite, outside } from "../actor/ranges.ts";
import { moduleNameOf } from "../actor/spec.ts";
import { endFromOutside } from "../between/signals.ts";
import { COPIED_SHIFT, DEAD } from "../kernel/words.ts";
import type { LogLevel } from "../wire/events.ts";
import type { Granted } from "../wire/grants.ts";
import type { HostContext } from "../wire/host-functions.ts";
import type { ExitReason, GivenReason } from "../wire/message.ts";
import { payloadFrom } from "../wire/payload.ts";
import type { Pid } from "../wire/pid.ts";
import { reasonGiven } from "../wire/reason.ts";
import { type Log, mayLog } from "./log.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function contextOf(actor: Actor, granted: Granted, log: Log): HostContext {
  const { extra } = actor;
  extra.context ??= new Context(actor, granted, log);
  return extra.context;
}

class Context implements HostContext {
  readonly pid: Pid;
  readonly module: string;
  readonly #actor: Actor;
  readonly #granted: Granted;
  readonly #log: Log;
  #controller: AbortController | undefined;

  constructor(actor: Actor, granted: Granted, log: Log) {
    this.pid = actor.pid;
    this.module = moduleNameOf(actor.spec) ?? "";
    this.#actor = actor;
    this.#granted = granted;
    this.#log = log;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      if (this.#hasEnded) controller.abort();
      else this.#actor.extra.end = () => controller.abort();
    }
    return this.#controller.signal;
  }

  get memory(): WebAssembly.Memory {
    if (!this.#hasEnded) this.#actor.services.pin(this.#actor);
    const { memory } = this.#actor.bytes;
    if (memory === null) throw new Error("the actor has ended, and its memory with it");
    if (this.#actor.spec.isRecorded) this.#actor.services.taping?.wrote(this.#actor, 0);
    return memory;
  }

  read(pointer: number, length: number): Uint8Array {
    if (length >>> 0 === 0 || this.#hasEnded) return new Uint8Array(0);
    this.#check("what it reads", pointer, length);
    charge(this.#actor, length >>> COPIED_SHIFT);
    return copyOut(this.#actor, pointer, length);
  }

  text(pointer: number, length: number): string {
    return decoder.decode(this.read(pointer, length));
  }

  write(pointer: number, given: Uint8Array | string, capacity?: number): number {
    const bytes = payloadFrom(given);
    return this.#write(pointer, bytes, capacity ?? bytes.length);
  }

  #write(pointer: number, bytes: Uint8Array, capacity: number): number {
    const length = Math.min(bytes.length, capacity >>> 0);
    if (length === 0 || this.#hasEnded) return bytes.length;
    this.#check("what it writes", pointer, length);
    charge(this.#actor, length >>> COPIED_SHIFT);
    noteWrite(this.#actor, (pointer >>> 0) + length);
    const written = bytes.subarray(0, length);
    this.#actor.bytes.u8.set(written, pointer >>> 0);
    if (this.#actor.spec.isRecorded) this.#actor.services.taping?.wrote(this.#actor, pointer >>> 0, written);
    return bytes.length;
  }

  get #hasEnded(): boolean {
    return this.#actor.state === DEAD;
  }

  exit(reason: GivenReason): never {
    return this.#end(reasonGiven(reason, "exit"));
  }

  #check(what: string, pointer: number, length: number): void {
    const actor = this.#actor;
    actor.services.bringIn(actor);
    actor.bytes.refresh();
    if (actor.bytes.holds(pointer, length)) return;
    this.#end(crashOf(actor, outside(actor, "a function of the embedder", what, pointer, length)));
  }

  /**
   * Ends this actor, which need not have its turn: an asynchronous function may call this at any
   * time.
   */
  #end(reason: ExitReason): never {
    endFromOutside(this.#actor, reason);
    throw new Unwind(`the actor has ended: ${reason.kind}`);
  }

  may(grant: Parameters<HostContext["may"]>[0]): boolean {
    return this.#granted[grant];
  }

  log(text: string, level: LogLevel = "info"): boolean {
    if (!this.may("log")) return false;
    const bytes = encoder.encode(text).length;
    charge(this.#actor, CALL_REDUCTIONS + (bytes >>> COPIED_SHIFT));
    if (!mayLog(this.#actor, bytes)) return false;
    this.#log(this.#actor, level, text);
    return true;
  }
}
