/**
 * The switch: turns and short messages between guests without a step into JavaScript. Where the engine has WebAssembly with several memories, a guest's
 * `send` and `recv` are a port's, a small module that does the plain cases in place and leaves all others to the imports of imports.ts; and guests
 * that such messages wake get their turns from a loop that is WebAssembly, too. Elsewhere everything goes through JavaScript, with the same result:
 * the records of slots.ts are the only truth for both.
 *
 * Not for guests that wait by JSPI. Those whose reductions are counted pay for what the host does; what costs them anything is left to it.
 */
import type { Actor, Services } from "./actor.ts";
import type { Import } from "./caller.ts";
import { fault } from "./fault.ts";
import type { RingPool } from "./mailbox.ts";
import { leave, serveMailbox } from "./park.ts";
import type { Runnable } from "./scheduler.ts";
import { CALLED, QUEUE_LENGTH, SLOTS_MEMORY, TURNS_LEFT } from "./slots.ts";
import * as binary from "./switch/binary.ts";
import { LEAVE } from "./switch/bits.ts";

/** What stands between a guest and its runtime. */
export interface Port {
  readonly send: Import;
  readonly recv: Import;
  readonly recv_tag: Import;
  readonly recv_match: Import;
  /** Three entries: what a turn calls, `match` and `match_first`. */
  readonly guest: WebAssembly.Table;
  /** Whose guest it is from now on, as the byte address of the record. */
  bind(record: number): void;
  readonly turnOfHandler: () => number;
  readonly turnOfProcess: () => number;
}

/** Turns between two looks at the host's own run queue. */
const TURNS = 128;

let modules: { readonly port: WebAssembly.Module; readonly loop: WebAssembly.Module } | null | undefined;

/** The two modules, compiled once; null where the engine has not several memories for one module. */
function compiled(): typeof modules {
  if (modules !== undefined) return modules;
  const bytes = bytesOf(binary.port);
  modules = WebAssembly.validate(bytes)
    ? { port: new WebAssembly.Module(bytes), loop: new WebAssembly.Module(bytesOf(binary.loop)) }
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

export class Switch implements Runnable {
  readonly #services: Services;
  readonly #rings: WebAssembly.Memory;
  readonly #slots: WebAssembly.Memory;
  readonly #module: WebAssembly.Module;
  readonly #turns: WebAssembly.Table;
  readonly #loop: (turns: number) => number;
  /** What every port imports. */
  readonly #host: WebAssembly.ModuleImports;

  /** The memory for the records of a runtime that is going to have a switch; null where this engine can have none, or has no memory left. */
  static memory(): WebAssembly.Memory | null {
    return compiled() === null ? null : attempt(() => new WebAssembly.Memory(SLOTS_MEMORY));
  }

  /** Null where there is no such memory. */
  static for(services: Services, rings: RingPool, imports: Record<string, Import>): Switch | null {
    const found = compiled();
    const slots = services.slots.memory;
    if (found == null || slots === null) return null;
    const shared = attempt(() => rings.share());
    return shared === null ? null : new Switch(services, slots, shared, imports, found.port, found.loop);
  }

  private constructor(
    services: Services,
    records: WebAssembly.Memory,
    rings: WebAssembly.Memory,
    { send, recv, recv_tag, recv_match }: Record<string, Import>,
    port: WebAssembly.Module,
    loop: WebAssembly.Module,
  ) {
    this.#services = services;
    this.#slots = records;
    this.#rings = rings;
    this.#module = port;
    const { slots, notices } = services;
    const { exports } = new WebAssembly.Instance(loop, { switch: { slots: records } });
    this.#turns = exports.turns as WebAssembly.Table;
    this.#loop = exports.run as (turns: number) => number;
    this.#host = {
      send,
      recv,
      recv_tag,
      recv_match,
      call: () => this.#call(),
      grown: () => slots.current?.bytes.refresh(),
      tidy: () => slots.current?.mailbox.tidy(),
      doomed: () => fault(slots.current as Actor, "ended while its predicate was asked"),
      astray: () => fault(slots.current as Actor, "match_first answered where no item begins"),
      emptied: () => slots.current?.mailbox.emptied(),
    };
    // The embedder is told between two turns.
    notices.onAdded = () => {
      slots.store.words[TURNS_LEFT] = 0;
    };
  }

  /** A port for the guest that is going to be made with this memory. */
  portOf(actor: Actor, memory: WebAssembly.Memory): Port {
    const { exports } = new WebAssembly.Instance(this.#module, {
      switch: { slots: this.#slots, rings: this.#rings },
      guest: { memory },
      host: this.#host,
    });
    const port = exports as unknown as Port;
    port.bind(actor.at << 2);
    return port;
  }

  /** The turns of an actor whose instance is there may be the switch's, once it has begun. */
  begin(actor: Actor, port: Port): void {
    const { guest, way } = actor;
    const turn = way.name === "handler" ? port.turnOfHandler : port.turnOfProcess;
    const called = way.name === "handler" ? guest?.handle : guest?.resume;
    if (called == null) return;
    const slot = this.#services.slots.slotOf(actor);
    const { length } = this.#turns;
    if (slot >= length) this.#turns.grow(Math.max(length, slot + 1 - length));
    this.#turns.set(slot, turn);
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
    if (left !== 0) this.#goOn(slots.userAt(left & -128) as Actor, left & 127);
    this.#again();
    return true;
  }

  failed(error: unknown): void {
    try {
      this.#services.current?.failed(error);
    } finally {
      this.#again();
    }
  }

  /** Nothing runs any more. */
  stop(): void {
    const { words } = this.#services.slots.store;
    words[QUEUE_LENGTH] = 0;
    words[TURNS_LEFT] = 0;
  }

  /** Ends a turn that needs the host. */
  #goOn(actor: Actor, what: number): void {
    if (what === LEAVE.whole) actor.run();
    else if (what === LEAVE.mailbox) serveMailbox(actor);
    else leave(actor, what - LEAVE.returned);
  }

  #call(): void {
    this.#services.scheduler.push(this);
    this.#services.slots.store.words[CALLED] = 1;
  }

  #again(): void {
    const { words } = this.#services.slots.store;
    if (words[QUEUE_LENGTH] > 0) this.#services.scheduler.push(this);
    else words[CALLED] = 0;
  }
}
