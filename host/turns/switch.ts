/**
 * The switch: turns and short messages between guests without a step into JavaScript. Where the engine has WebAssembly with several memories, a guest's
 * `send` and `recv` are a port's, a small module that does the plain cases in place and leaves all others to the imports of door/imports.ts; and guests
 * that such messages wake get their turns from a loop that is WebAssembly, too. Elsewhere everything goes through JavaScript, with the same result:
 * the records of mail/slots.ts are the only truth for both.
 *
 * Not for guests that wait by JSPI. Those whose reductions are counted pay for what the host does; what costs them anything is left to it.
 */

import type { Accounting, Actor, Services, TurnServices } from "../actor/actor.ts";
import type { Port } from "../actor/body.ts";
import { fault } from "../actor/fault.ts";
import { drawSwitchRef } from "../between/refs.ts";
import type { RingPool } from "../mail/mailbox.ts";
import {
  CALLED,
  QUEUE_LENGTH,
  REFS,
  REFS_DRAWN,
  REFS_LEFT,
  SLOTS_MEMORY,
  TIMED_LENGTH,
  TIMED_LIST,
  TURNS_LEFT,
} from "../mail/slots.ts";
import { PARKED, READY } from "../mail/states.ts";
import * as binary from "../mail/switch/binary.ts";
import { LEFT_TO_HOST } from "../mail/switch/bits.ts";
import { withExports } from "../module/exports.ts";
import type { Notices } from "../time/notices.ts";
import type { Runnable } from "../time/scheduler.ts";
import type { Import } from "../wire/abi.ts";
import { RECEIVE_PARK } from "../wire/message.ts";
import { endTurn, serveMailbox } from "./plain.ts";

/** What of `actor` a port offers. */
export const PORT_IMPORTS: readonly string[] = ["send", "request", "demonitor", "recv", "recv_tag", "recv_match"];

/** A new one. What the guest imports of it nobody needs when the guest is there. */
export interface NewPort {
  readonly port: Port;
  /** Those of `PORT_IMPORTS` that the guest has asked for. */
  readonly imports: Readonly<Record<string, Import>>;
}

/** What a runtime's guests import of it, by module, without a step into JavaScript before the host's own function. */
type Gate = Readonly<Record<"actor" | "env", Readonly<Record<string, Import>>>>;

/** Turns between two looks at the host's own run queue. */
const TURNS = 128;

interface Modules {
  /** A port's bytes, with all exports. */
  readonly port: Uint8Array<ArrayBuffer>;
  readonly loop: WebAssembly.Module;
  readonly gate: WebAssembly.Module;
}

let modules: Modules | null | undefined;
/** Ports by what they export: an export costs each of them 300 bytes. */
const ports = new Map<string, WebAssembly.Module>();

/** The modules, compiled once; null where the engine has not several memories for one module. */
function compiled(): typeof modules {
  if (modules !== undefined) return modules;
  const bytes = bytesOf(binary.port);
  modules = WebAssembly.validate(bytes)
    ? {
        port: bytes,
        loop: new WebAssembly.Module(bytesOf(binary.loop)),
        gate: new WebAssembly.Module(bytesOf(binary.gate)),
      }
    : null;
  return modules;
}

/** Null where the engine refuses a memory. */
function attempt(make: () => WebAssembly.Memory): WebAssembly.Memory | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}

/** What the switch uses of its runtime. */
type SwitchServices = TurnServices & Accounting & Pick<Services, "random">;

export class Switch implements Runnable {
  readonly #services: SwitchServices;
  readonly #rings: WebAssembly.Memory;
  readonly #slots: WebAssembly.Memory;
  readonly #port: Uint8Array<ArrayBuffer>;
  readonly #turns: WebAssembly.Table;
  readonly #loop: (turns: number) => number;
  /** What every port imports. */
  readonly #gate: WebAssembly.Exports;
  readonly gate: Gate;

  /** The memory for the records of a runtime that is going to have a switch; null where this engine can have none, or has no memory left. */
  static memory(): WebAssembly.Memory | null {
    return compiled() === null ? null : attempt(() => new WebAssembly.Memory(SLOTS_MEMORY));
  }

  /** Null where there is no such memory. */
  static for(services: SwitchServices, notices: Notices, rings: RingPool, imports: Gate): Switch | null {
    const found = compiled();
    const { memory, store } = services.slots;
    if (found == null || memory === null) return null;
    services.account.tell(store);
    const shared = attempt(() => rings.share());
    return shared === null ? null : new Switch(services, notices, memory, shared, imports, found);
  }

  private constructor(
    services: SwitchServices,
    notices: Notices,
    records: WebAssembly.Memory,
    rings: WebAssembly.Memory,
    { actor, env }: Gate,
    { port, loop, gate }: Modules,
  ) {
    this.#services = services;
    this.#slots = records;
    this.#rings = rings;
    this.#port = port;
    const { slots } = services;
    const { exports } = new WebAssembly.Instance(loop, { switch: { slots: records } });
    this.#turns = exports.turns as WebAssembly.Table;
    this.#loop = exports.run as (turns: number) => number;
    const host = {
      call: () => this.#call(),
      grown: () => slots.current?.bytes.refresh(),
      tidy: () => slots.current?.mailbox.tidy(),
      doomed: () => fault(slots.current as Actor, "ended while its predicate was asked"),
      astray: () => fault(slots.current as Actor, "match_first answered where no item begins"),
      emptied: () => slots.current?.mailbox.emptied(),
    };
    const request: Import = (lo, hi, tag, pointer, length) => {
      const ref = actor.request(lo, hi, tag, pointer, length);
      // There was stack enough for more than this.
      this.#drawRefs();
      return ref;
    };
    this.#gate = new WebAssembly.Instance(gate, {
      actor: { ...actor, request },
      env,
      host,
    } as WebAssembly.Imports).exports;
    const functionsOf = (module: string, names: object) =>
      Object.fromEntries(Object.keys(names).map(name => [name, this.#gate[`${module}.${name}`] as Import]));
    this.gate = { actor: functionsOf("actor", actor), env: functionsOf("env", env) };
    // The embedder is told between two turns.
    notices.onAdded = () => {
      slots.store.words[TURNS_LEFT] = 0;
    };
  }

  /** A port for the guest that is going to be made with this memory, and imports these. */
  portOf(actor: Actor, memory: WebAssembly.Memory, names: readonly string[]): NewPort {
    const turn = actor.way.name === "handler" ? "turnOfHandler" : "turnOfProcess";
    const { exports } = new WebAssembly.Instance(this.#moduleFor([turn, ...names]), {
      switch: { slots: this.#slots, rings: this.#rings },
      guest: { memory },
      gate: this.#gate,
    } as WebAssembly.Imports);
    const imports: Record<string, Import> = {};
    for (const name of names) imports[name] = exports[name] as Import;
    const me = exports.me as unknown as Port["me"];
    me.value = actor.at << 2;
    const port = { guest: exports.guest as WebAssembly.Table, me, turn: exports[turn] as Port["turn"] };
    return { port, imports };
  }

  #moduleFor(names: readonly string[]): WebAssembly.Module {
    const key = names.join();
    let module = ports.get(key);
    if (module === undefined) {
      module = new WebAssembly.Module(withExports(this.#port, ["me", "guest", ...names]));
      ports.set(key, module);
    }
    return module;
  }

  /** The turns of an actor whose instance is there may be the switch's, once it has begun. */
  begin(actor: Actor, port: Port): void {
    const { guest, way } = actor;
    const called = way.name === "handler" ? guest?.handle : guest?.resume;
    if (called == null) return;
    const slot = this.#services.slots.slotOf(actor);
    const { length } = this.#turns;
    if (slot >= length) this.#turns.grow(Math.max(length, slot + 1 - length));
    this.#turns.set(slot, port.turn);
    port.guest.set(0, called);
    port.guest.set(1, guest?.match ?? null);
    port.guest.set(2, guest?.matchFirst ?? null);
    actor.switchable = true;
  }

  /** An actor has ended: nothing of its guest is kept. */
  end(actor: Actor): void {
    if (actor.switchable) this.#turns.set(this.#services.slots.slotOf(actor), null);
  }

  run(): boolean {
    const { slots, scheduler } = this.#services;
    const { words } = slots.store;
    // A round, where others wait for their turns.
    const turns = scheduler.length > 0 ? Math.min(TURNS, words[QUEUE_LENGTH]) : TURNS;
    const left = this.#loop(turns);
    scheduler.tookTurns(TURNS);
    if (left !== 0) this.#finishTurn(slots.userAt(left & -128) as Actor, left & 127);
    this.#again();
    return true;
  }

  failed(error: unknown): void {
    try {
      this.#services.slots.current?.failed(error);
    } finally {
      this.#again();
    }
  }

  /** Deadlines of those who have parked since the host was here last, and still wait. */
  #armDeadlines(): void {
    const { slots } = this.#services;
    const { words } = slots.store;
    const length = words[TIMED_LENGTH];
    words[TIMED_LENGTH] = 0;
    for (let i = 0; i < length; i++) {
      const actor = slots.userAt(words[TIMED_LIST + i]);
      if (actor?.state === PARKED) actor.armDeadline();
      // Woken by an item that it may not want: its time goes on, and the host looks after its next turn.
      else if (actor?.state === READY && actor.result === RECEIVE_PARK) actor.startTimeout();
    }
  }

  /** Refs for the requests to come. */
  #drawRefs(): void {
    const { words } = this.#services.slots.store;
    if (words[REFS_LEFT] > 0) return;
    for (let i = 0; i < REFS_DRAWN; i++) words[REFS + i] = drawSwitchRef(this.#services);
    words[REFS_LEFT] = REFS_DRAWN;
  }

  /** Nothing runs any more. */
  stop(): void {
    const { words } = this.#services.slots.store;
    words[QUEUE_LENGTH] = 0;
    words[TURNS_LEFT] = 0;
  }

  /** Ends a turn that needs the host. */
  #finishTurn(actor: Actor, what: number): void {
    if (what === LEFT_TO_HOST.whole) actor.run();
    else if (what === LEFT_TO_HOST.mailbox) serveMailbox(actor);
    else endTurn(actor, what - LEFT_TO_HOST.returned);
  }

  #call(): void {
    this.#services.scheduler.push(this);
    this.#services.slots.store.words[CALLED] = 1;
  }

  #again(): void {
    const { words } = this.#services.slots.store;
    if (words[TIMED_LENGTH] > 0) this.#armDeadlines();
    if (words[QUEUE_LENGTH] > 0) this.#services.scheduler.push(this);
    else words[CALLED] = 0;
  }
}
