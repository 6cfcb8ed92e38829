/**
 * The runtime: loads modules, spawns actors, and brings the host's messages to them. It wires the parts together and holds no logic of
 * theirs. Nothing an actor does makes a call of another's, or of the host's, throw.
 */
import { Actor, type Counters, type Services, State, type Way } from "./actor.ts";
import { Bytes } from "./bytes.ts";
import { type Clock, systemClock } from "./clock.ts";
import { ClosedError, LoadError, SpawnError } from "./errors.ts";
import { GuestModule, type ImportObject, type WayName } from "./guest.ts";
import { HostMailbox } from "./host-mailbox.ts";
import { actorImports, envImports, type LogLevel } from "./imports.ts";
import { JspiWay } from "./jspi.ts";
import { defaultLimits, type Limits, limitsFrom } from "./limits.ts";
import { Mailbox, RingPool } from "./mailbox.ts";
import { type ExitReason, ItemKind } from "./message.ts";
import { asyncifyWay, handlerWay } from "./park.ts";
import { formatPid, highWord, lowWord, type Pid, PidTable } from "./pid.ts";
import { reasonOfThrown } from "./reason.ts";
import { deliver } from "./receive.ts";
import { Scheduler } from "./scheduler.ts";
import { Timers } from "./timers.ts";

/** What `load` takes. A string or URL is read by the runtime's `read`, in the core that is `fetch`. */
export type ModuleSource = string | URL | BufferSource | Response | PromiseLike<Response> | WebAssembly.Module;

/** An actor's end, as the host observes it. */
export interface ActorExit {
  readonly pid: Pid;
  /** The module's name, or undefined for a host mailbox. */
  readonly module: string | undefined;
  readonly reason: ExitReason;
}

export interface RuntimeOptions {
  /** For every actor, unless its spawn says otherwise. */
  readonly limits?: Partial<Limits>;
  /** Live actors at most; a spawn beyond is refused, for engines abort where they run out of memories. Default 12,000. */
  readonly maxActors?: number;
  /** Live actors that wait by JSPI at most. Default 8,000. */
  readonly maxFibers?: number;
  /** Milliseconds after which the event loop gets its turn. Default 4. */
  readonly sliceMs?: number;
  readonly clock?: Clock;
  /** A number in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Called once per actor that ended, after its mailbox is gone. What it throws is reported and stops nothing. */
  readonly onExit?: (exit: ActorExit) => void;
  /** Lines that guests log. Default: console.log. */
  readonly onLog?: (pid: Pid, level: LogLevel, text: string) => void;
  /** Reads a module from a path or URL. Default `fetch`. */
  readonly read?: (location: string | URL) => PromiseLike<BufferSource | Response>;
  /** Decodes an AssemblyScript string, for messages of `abort`; see `isopod/assemblyscript`. */
  readonly readString?: (memory: WebAssembly.Memory, pointer: number) => string;
}

export interface SpawnOptions {
  /** The export to run. Default: `run` if there is one, else `handle`. */
  readonly entry?: string;
  /** What the guest's `args` gives; a string goes as UTF-8. */
  readonly args?: Uint8Array | string;
  /** How the guest waits. Default: what the module was built for. */
  readonly way?: WayName;
  readonly limits?: Partial<Limits>;
}

export interface SendOptions {
  /** A whole number from 0 up. */
  readonly tag?: number;
}

const encoder = new TextEncoder();

export class Runtime implements AsyncDisposable {
  readonly #options: RuntimeOptions;
  readonly #maxActors: number;
  readonly #actors = new PidTable<Actor>();
  readonly #rings = new RingPool();
  readonly #services: Services;
  readonly #imports: ImportObject;
  readonly #jspi: JspiWay;
  /** By actor: those who wait for its end. */
  readonly #waiting = new Map<Actor, ((reason: ExitReason) => void)[]>();
  /** Guests alive, host mailboxes left out. */
  #guests = 0;
  #onIdle: (() => void)[] = [];
  #stopped = false;

  constructor(options: RuntimeOptions = {}) {
    this.#options = options;
    this.#maxActors = options.maxActors ?? 12_000;
    this.#jspi = new JspiWay(options.maxFibers ?? 8_000);
    const clock = options.clock ?? systemClock;
    this.#services = {
      clock,
      scheduler: new Scheduler(clock, options.sliceMs ?? 4),
      timers: new Timers(clock),
      limits: limitsFrom(defaultLimits, options.limits),
      counters: { sent: 0, received: 0, dead: 0, spawned: 0, ended: 0 },
      current: null,
      end: (actor, reason) => this.#end(actor, reason),
      describe: reasonOfThrown,
    };
    const hooks = {
      actors: this.#actors,
      random: options.random ?? Math.random,
      log: (actor: Actor, level: LogLevel, text: string) => this.#log(actor, level, text),
      readString: options.readString ?? (() => "abort"),
      beganMs: clock.now(),
    };
    this.#imports = { actor: actorImports(this.#services, hooks), env: envImports(this.#services, hooks) };
  }

  /** Totals since the runtime began. `sent` = `received` + `dead` + what waits in mailboxes. */
  get counters(): Readonly<Counters> {
    return { ...this.#services.counters };
  }

  /** Guests alive. */
  get size(): number {
    return this.#guests;
  }

  /**
   * Compiles a module and checks it against the ABI, once for all its actors. `name` is for people.
   * Rejects with a LoadError that names the import or export that is wrong.
   */
  async load(source: ModuleSource, options: { readonly name?: string } = {}): Promise<GuestModule> {
    let found: BufferSource | Response | WebAssembly.Module;
    let name = options.name;
    if (typeof source === "string" || source instanceof URL) {
      name ??= String(source).split(/[/\\]/).pop() || String(source);
      const read = this.#options.read ?? fetch;
      try {
        found = await read(source);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new LoadError(`${source} could not be read: ${why}`, { cause: error });
      }
    } else {
      found = await source;
    }
    name ??= "guest";
    if (found instanceof WebAssembly.Module) return GuestModule.of(name, found);
    if (typeof Response !== "undefined" && found instanceof Response) {
      if (!found.ok) throw new LoadError(`${name} could not be fetched: ${found.status} ${found.statusText}`);
      found = await found.arrayBuffer();
    }
    return GuestModule.compile(
      name,
      ArrayBuffer.isView(found) ? bytesOfView(found) : new Uint8Array(found as ArrayBuffer),
    );
  }

  /**
   * Starts an actor. Its code begins to run in a turn of its own, after this has returned.
   * Throws a SpawnError: no such entry, a way that the engine or the module does not have, a limit, a module that traps at once.
   */
  spawn(module: GuestModule, options: SpawnOptions = {}): Pid {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to spawn actors");
    const limits =
      options.limits === undefined ? this.#services.limits : limitsFrom(this.#services.limits, options.limits);
    const entry = options.entry ?? module.defaultEntry;
    const wayName = module.wayOf(entry, options.way);
    if (this.#actors.size >= this.#maxActors) {
      throw new SpawnError(`${this.#maxActors} actors are alive already: end some first, or raise maxActors`);
    }
    if (wayName === "jspi") this.#jspi.admit(module.name);
    const way: Way = wayName === "handler" ? handlerWay : wayName === "jspi" ? this.#jspi : asyncifyWay;
    const args =
      typeof options.args === "string" ? encoder.encode(options.args) : (options.args?.slice() ?? new Uint8Array(0));
    const mailbox = new Mailbox(this.#rings);
    const before = this.#services.current;
    let actor: Actor | undefined;
    try {
      actor = this.#actors.add((lo, hi) => {
        return new Actor(lo, hi, this.#services, mailbox, module, way, args, limits, Bytes.ofLength(0));
      });
      // A start function may call imports.
      this.#services.current = actor;
      module.instantiate(actor, entry, wayName === "jspi" ? this.#jspi.bind(actor, this.#imports) : this.#imports);
    } catch (error) {
      way.discard(actor as Actor);
      if (actor !== undefined) {
        actor.state = State.dead;
        this.#actors.delete(actor);
      }
      throw error;
    } finally {
      this.#services.current = before;
    }
    this.#guests++;
    this.#services.counters.spawned++;
    actor.wake();
    return actor.pid;
  }

  /** Sends bytes from the host (pid 0). True where they were accepted; false for a dead actor, a full mailbox, too long a message. */
  send(to: Pid, bytes: Uint8Array | string, { tag = 0 }: SendOptions = {}): boolean {
    return this.#send(0, 0, to, typeof bytes === "string" ? encoder.encode(bytes) : bytes, tag);
  }

  /** A mailbox for JavaScript, with a pid that guests can send to. */
  mailbox(): HostMailbox {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to receive");
    let mailbox: HostMailbox | undefined;
    this.#actors.add((lo, hi) => {
      mailbox = new HostMailbox(lo, hi, this.#services, this.#rings, (from, to, bytes, tag) =>
        this.#send(from.lo, from.hi, to, bytes, tag),
      );
      return mailbox.actor;
    });
    return mailbox as HostMailbox;
  }

  isAlive(pid: Pid): boolean {
    return this.#find(pid) !== undefined;
  }

  /** Resolves with the reason when the actor ends; with noproc where there is no such actor (Erlang: so does a monitor of the dead). */
  exited(pid: Pid): Promise<ExitReason> {
    const actor = this.#find(pid);
    if (actor === undefined) return Promise.resolve({ kind: "noproc" });
    return new Promise(resolve => {
      const waiting = this.#waiting.get(actor);
      if (waiting === undefined) this.#waiting.set(actor, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** Ends an actor now, whatever it does; false where there is no such actor. In the middle of its own turn it ends at its next import. */
  kill(pid: Pid): boolean {
    const actor = this.#find(pid);
    if (actor === undefined) return false;
    this.#kill(actor, { kind: "killed" });
    return true;
  }

  /** Resolves when no guest is alive. Host mailboxes do not count. */
  idle(): Promise<void> {
    if (this.#guests === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.#onIdle.push(resolve);
    });
  }

  /** Kills every actor and closes every mailbox. Nothing runs afterwards. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const actor of this.#actors) this.#kill(actor, { kind: "shutdown" });
    this.#services.timers.clear();
    this.#services.scheduler.stop();
    this.#jspi.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #find(pid: Pid): Actor | undefined {
    return this.#actors.get(lowWord(pid), highWord(pid));
  }

  #send(fromLo: number, fromHi: number, to: Pid, bytes: Uint8Array, tag: number): boolean {
    if (!Number.isInteger(tag) || tag < 0 || tag > 0x7fffffff) {
      throw new RangeError(`a tag is a whole number from 0 to 2147483647, not ${tag}`);
    }
    const { counters } = this.#services;
    counters.sent++;
    const actor = this.#find(to);
    if (
      actor === undefined ||
      bytes.length > actor.limits.messageBytes ||
      actor.mailbox.count >= actor.limits.mailboxMessages ||
      actor.mailbox.bytes + bytes.length > actor.limits.mailboxBytes
    ) {
      counters.dead++;
      return false;
    }
    deliver(actor, ItemKind.message, tag, fromLo, fromHi, 0, 0, Bytes.ofPayload(bytes), 0, bytes.length);
    return true;
  }

  #kill(actor: Actor, reason: ExitReason): void {
    if (actor.state === State.running && actor.module !== null) {
      // Its frames are on some stack: they unwind at the next import, or its turn ends by itself.
      actor.leaving ??= reason;
      actor.restraint = 2;
    } else {
      this.#end(actor, reason);
    }
  }

  #end(actor: Actor, reason: ExitReason): void {
    if (actor.state === State.dead) return;
    actor.state = State.dead;
    const { counters } = this.#services;
    this.#actors.delete(actor);
    actor.disarmDeadline();
    if (actor.mailbox.count > 0) counters.dead += actor.mailbox.countOf(ItemKind.message);
    actor.mailbox.clear();
    actor.way.discard(actor);
    // Whoever still holds the actor shall not hold its memory.
    actor.guest = null;
    actor.bytes = noBytes;
    counters.ended++;
    const waiting = this.#waiting.get(actor);
    this.#waiting.delete(actor);
    for (const resolve of waiting ?? []) resolve(reason);
    this.#callOut(() => this.#options.onExit?.({ pid: actor.pid, module: actor.module?.name, reason }));
    if (actor.module !== null && --this.#guests === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #log(actor: Actor, level: LogLevel, text: string): void {
    const { onLog } = this.#options;
    this.#callOut(() => {
      if (onLog !== undefined) onLog(actor.pid, level, text);
      else console.log(`${formatPid(actor.pid)} ${level}: ${text}`);
    });
  }

  /** Calls what the embedder gave us. Its errors are its own: they surface as uncaught, and no actor meets them. */
  #callOut(call: () => void): void {
    try {
      call();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

const noBytes = Bytes.ofLength(0);

function bytesOfView(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
