/**
 * The runtime: loads modules, spawns actors, and brings the host's messages to them. It wires the parts together and holds no logic of
 * theirs. Nothing an actor does makes a call of another's, or of the host's, throw.
 */
import { Actor, type Counters, DEAD, type Grants, type Services, type Way } from "./actor.ts";
import { Bytes } from "./bytes.ts";
import { callOut } from "./call-out.ts";
import { type CallOptions, Calls } from "./calls.ts";
import { type Clock, systemClock } from "./clock.ts";
import { CountedModules } from "./counted.ts";
import { ClosedError, LoadError, SpawnError } from "./errors.ts";
import { GuestModule, type ImportObject, type WayName } from "./guest.ts";
import { type Directory, HostMailbox } from "./host-mailbox.ts";
import { actorImports, admission, envImports, type ImportHooks, type LogLevel, whyRefused } from "./imports.ts";
import { JspiWay } from "./jspi.ts";
import { defaultLimits, type Limits, limitsFrom } from "./limits.ts";
import { FROM_HI, FROM_LO, KIND, LENGTH, Mailbox, NONE, RingPool, TAG } from "./mailbox.ts";
import { type ExitReason, isCounted, MESSAGE, type Received, SEND_ACCEPTED } from "./message.ts";
import { asyncifyWay, handlerWay } from "./park.ts";
import { formatPid, highWord, lowWord, type Pid, PidTable, pidFromWords } from "./pid.ts";
import { type ReductionOptions, reductionsFor } from "./preempt.ts";
import { reasonOfThrown } from "./reason.ts";
import { deliver, lastSeen } from "./receive.ts";
import { Registry } from "./registry.ts";
import { Scheduler } from "./scheduler.ts";
import { announceEnd, endFromOutside, exitSignal } from "./signals.ts";
import { Supervisor, type SupervisorOptions } from "./supervisor.ts";
import { Timers } from "./timers.ts";

/** What `load` takes. A string or URL is read by the runtime's `read`, in the core that is `fetch`. */
export type ModuleSource = string | URL | BufferSource | Response | PromiseLike<Response> | WebAssembly.Module;

export interface LoadOptions {
  /** For people. */
  readonly name?: string;
  /**
   * `count`: the host rewrites the module so that its actors can be preempted, or killed, whatever they compute; see `SpawnOptions.reductions`. What the
   * module itself says about it is not trusted. Default `none`.
   */
  readonly reductions?: "none" | "count";
}

/** An actor's end, as the host observes it. */
export interface ActorExit {
  readonly pid: Pid;
  /** The module's name, or undefined for a host mailbox. */
  readonly module: string | undefined;
  readonly reason: ExitReason;
  /** Of a crash: the item that the actor took last, as far as its window still shows it, up to 1 KiB of its payload. */
  readonly lastReceived?: Received;
}

/** A message that nobody will receive. */
export interface DeadLetter {
  /** Who sent it; 0 is the host. */
  readonly from: Pid;
  readonly to: Pid;
  readonly tag: number;
  readonly length: number;
  /** There is no such actor; a bound of its mailbox; nobody waits for this answer any more; its receiver ended before it took it. */
  readonly why: "noproc" | "mailbox full" | "too large" | "late reply" | "left behind";
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
  /** Called for every message that nobody will receive; they are counted in any case. */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
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
  /** What becomes of it when it computes for long. Only a module that counts its reductions can be stopped (`load` with `reductions`, or `isopod build --reductions`). */
  readonly reductions?: ReductionOptions;
  /** Names of the defined modules that the guest may spawn; `"any"` for all. Default: none. Its children may spawn what it may. */
  readonly maySpawn?: readonly string[] | "any";
}

/** How a defined module is spawned unless the spawn says otherwise. Guests that spawn it choose entry and arguments only. */
export type ModuleDefaults = Omit<SpawnOptions, "args" | "maySpawn">;

/** A module that can be spawned by its name. */
interface Definition {
  readonly module: GuestModule;
  readonly defaults: ModuleDefaults;
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
  readonly #registry = new Registry();
  readonly #definitions = new Map<string, Definition>();
  readonly #directory: Directory;
  #calls: Calls | undefined;
  readonly #rings = new RingPool();
  readonly #services: Services;
  readonly #imports: ImportObject;
  readonly #jspi: JspiWay;
  readonly #counted = new CountedModules();
  /** By actor: those who wait for its end. */
  readonly #waiting = new Map<Actor, ((reason: ExitReason) => void)[]>();
  /** Actors that have ended and whose ties are still to be told. */
  readonly #ended: { readonly actor: Actor; readonly reason: ExitReason }[] = [];
  #announcing = false;
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
      random: options.random ?? Math.random,
      end: (actor, reason) => this.#end(actor, reason),
      describe: reasonOfThrown,
      deadLetter: (from, to, tag, length, why) => this.#deadLetter(from, to, tag, length, why),
    };
    this.#directory = {
      registry: this.#registry,
      find: pid => this.#find(pid),
      send: (from, to, bytes, tag) => this.#send(from, to, bytes, tag),
    };
    const hooks: ImportHooks = {
      actors: this.#actors,
      registry: this.#registry,
      spawn: (parent, name, entry, args) => this.#spawnByGuest(parent, name, entry, args),
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
  async load(source: ModuleSource, options: LoadOptions = {}): Promise<GuestModule> {
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
    const counts = options.reductions === "count";
    if (found instanceof WebAssembly.Module) {
      if (counts) throw new LoadError(`${name} is compiled already: only bytes can have their reductions counted`);
      return GuestModule.of(name, found);
    }
    if (typeof Response !== "undefined" && found instanceof Response) {
      if (!found.ok) throw new LoadError(`${name} could not be fetched: ${found.status} ${found.statusText}`);
      found = await found.arrayBuffer();
    }
    const bytes = ArrayBuffer.isView(found) ? bytesOfView(found) : new Uint8Array(found as ArrayBuffer);
    return counts ? GuestModule.counted(name, bytes, this.#counted) : GuestModule.compile(name, bytes);
  }

  /** Gives a module a name, by which the host and the guests that may can spawn it. Defining a name anew holds from the next spawn on. */
  define(name: string, module: GuestModule, defaults: ModuleDefaults = {}): void {
    // A module with neither run nor handle has no entry of its own: whoever spawns it names one.
    const entry = defaults.entry ?? module.defaultEntry;
    if (defaults.entry !== undefined || module.hasEntry(entry)) module.wayOf(entry, defaults.way);
    this.#definitions.set(name, { module, defaults });
  }

  /**
   * Starts an actor of a module, or of a defined name. Its code begins to run in a turn of its own, after this has returned: what is linked to
   * it or monitors it until then misses nothing. Throws a SpawnError: no such name or entry, a way that the engine or the
   * module does not have, a limit, a module that traps at once.
   */
  spawn(module: GuestModule | string, options: SpawnOptions = {}): Pid {
    const grants: Grants = { spawn: options.maySpawn === "any" ? "any" : new Set(options.maySpawn) };
    if (typeof module !== "string") return this.#spawn(module, options, grants).pid;
    const definition = this.#definitions.get(module);
    if (definition === undefined) {
      const known = [...this.#definitions.keys()].join(", ") || "none yet";
      throw new SpawnError(`no module is defined as ${module}; defined are: ${known}`);
    }
    return this.#spawn(definition.module, { ...definition.defaults, ...options }, grants).pid;
  }

  #spawn(module: GuestModule, options: SpawnOptions, grants: Grants): Actor {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to spawn actors");
    const limits =
      options.limits === undefined ? this.#services.limits : limitsFrom(this.#services.limits, options.limits);
    const entry = options.entry ?? module.defaultEntry;
    const wayName = module.wayOf(entry, options.way, options.reductions?.policy ?? "yield");
    const reductions = reductionsFor(module, wayName, limits.handlerReductions, options.reductions);
    if (this.#actors.size >= this.#maxActors) {
      throw new SpawnError(`${this.#maxActors} actors are alive already: end some first, or raise maxActors`);
    }
    if (wayName === "jspi") this.#jspi.admit(module.name);
    const way: Way = wayName === "handler" ? handlerWay : wayName === "jspi" ? this.#jspi : asyncifyWay;
    const args = typeof options.args === "string" ? encoder.encode(options.args) : (options.args?.slice() ?? noArgs);
    const mailbox = new Mailbox(this.#rings);
    const actor = this.#actors.add((lo, hi) => {
      return new Actor(lo, hi, this.#services, mailbox, module, way, args, limits, noBytes);
    });
    actor.grants = grants;
    actor.reductions = reductions;
    const before = this.#services.current;
    try {
      // A start function may call imports.
      this.#services.current = actor;
      module.instantiate(actor, entry, wayName === "jspi" ? this.#jspi.bind(actor, this.#imports) : this.#imports);
    } catch (error) {
      // It was never alive for anybody; what it did to others in its start function, they know by its ties.
      this.#bury(actor, reasonOfThrown(error));
      throw error;
    } finally {
      this.#services.current = before;
    }
    this.#guests++;
    this.#services.counters.spawned++;
    actor.wake();
    return actor;
  }

  #spawnByGuest(parent: Actor, name: string, entry: string, args: Uint8Array): Actor | number {
    const definition = this.#definitions.get(name);
    if (definition === undefined) return SpawnStatus.noSuchModule;
    const { spawn } = parent.grants;
    if (spawn !== "any" && !spawn.has(name)) return SpawnStatus.notGranted;
    const { module, defaults } = definition;
    const wanted = entry === "" ? (defaults.entry ?? module.defaultEntry) : entry;
    if (!module.hasEntry(wanted)) return SpawnStatus.noSuchEntry;
    if (this.#actors.size >= this.#maxActors) return SpawnStatus.limit;
    try {
      return this.#spawn(module, { ...defaults, entry: wanted, args }, parent.grants);
    } catch (error) {
      this.#log(parent, "warning", `spawn of ${name}: ${error instanceof Error ? error.message : error}`);
      return SpawnStatus.failed;
    }
  }

  /** Sends bytes from the host (pid 0) to a pid or a name. True where they were accepted; false for a dead actor, a full mailbox, too long a message. */
  send(to: Pid | string, bytes: Uint8Array | string, { tag = 0 }: SendOptions = {}): boolean {
    checkTag(tag);
    return this.#send(null, to, typeof bytes === "string" ? encoder.encode(bytes) : bytes, tag);
  }

  /**
   * Sends a request and resolves to the answer's bytes. Rejects with a CallError at once when the callee ends, or is dead, or its mailbox is full; with
   * a CallTimeoutError after `timeoutMs` (default 5,000, as Erlang's gen_server); with the signal's reason when that is aborted.
   * A late answer is dropped before any mailbox.
   */
  async call(to: Pid | string, bytes: Uint8Array | string, options: CallOptions = {}): Promise<Uint8Array> {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: nobody is left to call");
    if (options.tag !== undefined) checkTag(options.tag);
    if (this.#calls === undefined) {
      this.#actors.add((lo, hi) => {
        const calls = new Calls(lo, hi, this.#services, this.#rings);
        this.#calls = calls;
        return calls.actor;
      });
    }
    const payload = typeof bytes === "string" ? encoder.encode(bytes) : bytes;
    return (this.#calls as Calls).call(this.#receiver(to), to, payload, options);
  }

  /** The live actor that has a name. */
  whereis(name: string): Pid | undefined {
    return this.#registry.whereis(name)?.pid;
  }

  /** Gives a name to a live actor. False where the name is taken or the actor dead. It is free again before anybody is told of the actor's end. */
  register(name: string, pid: Pid): boolean {
    const actor = this.#find(pid);
    return actor !== undefined && this.#registry.register(name, actor);
  }

  unregister(name: string): boolean {
    return this.#registry.unregister(name);
  }

  /** The live members of a group, in the order in which they joined. */
  members(group: string): Pid[] {
    return [...this.#registry.members(group)].map(actor => actor.pid);
  }

  /** Makes an actor a member of a group. False where it is dead. */
  join(group: string, pid: Pid): boolean {
    const actor = this.#find(pid);
    if (actor !== undefined) this.#registry.join(group, actor);
    return actor !== undefined;
  }

  /** Sends to every member of a group; returns how many accepted. */
  broadcast(group: string, bytes: Uint8Array | string, { tag = 0 }: SendOptions = {}): number {
    return this.members(group).filter(pid => this.send(pid, bytes, { tag })).length;
  }

  /** A mailbox for JavaScript, with a pid that guests can send to. */
  mailbox(): HostMailbox {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to receive");
    let mailbox: HostMailbox | undefined;
    this.#actors.add((lo, hi) => {
      mailbox = new HostMailbox(lo, hi, this.#services, this.#rings, this.#directory);
      return mailbox.actor;
    });
    return mailbox as HostMailbox;
  }

  /**
   * Runs an async function as an actor with a mailbox of its own. It ends `normal` when the function returns; where that throws, it has
   * crashed, and whoever is linked to it or monitors it is told. Killed, its receives reject with a ClosedError.
   */
  actor(run: (mailbox: HostMailbox) => Promise<void>): Pid {
    const mailbox = this.mailbox();
    // In a microtask, so that ties made with the pid miss nothing.
    Promise.resolve(mailbox)
      .then(run)
      .then(
        () => this.#end(mailbox.actor, { kind: "normal" }),
        error => this.#end(mailbox.actor, reasonOfThrown(error)),
      );
    return mailbox.pid;
  }

  /** Starts a supervisor and its children; throws what the first child that cannot be started throws. */
  supervise(options: SupervisorOptions): Supervisor {
    return new Supervisor(this, options, () => this.#services.clock.now());
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

  /** Ends an actor now, whatever it does (Erlang: `exit(Pid, kill)`); false where there is none. In the middle of its own turn it ends at its next import. */
  kill(pid: Pid): boolean {
    return this.exit(pid, { kind: "killed" });
  }

  /** Sends an exit signal from the host. One that traps exits gets it as an item; `normal` is ignored; `killed` cannot be trapped. */
  exit(pid: Pid, reason: ExitReason): boolean {
    const actor = this.#find(pid);
    if (actor === undefined) return false;
    if (reason.kind === "killed") endFromOutside(actor, reason);
    else exitSignal(actor, 0, 0, reason);
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
    // The host's own first: a supervisor shall not take the end of its children for a fault.
    const actors = [...this.#actors].sort((a, b) => Number(a.module !== null) - Number(b.module !== null));
    for (const actor of actors) {
      actor.immune = false;
      endFromOutside(actor, { kind: "shutdown" });
    }
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

  #receiver(to: Pid | string): Actor | undefined {
    return typeof to === "string" ? this.#registry.whereis(to) : this.#find(to);
  }

  #send(from: Actor | null, to: Pid | string, bytes: Uint8Array, tag: number): boolean {
    this.#services.counters.sent++;
    const actor = this.#receiver(to);
    const status = admission(actor, tag, bytes.length);
    if (status !== SEND_ACCEPTED || actor === undefined) {
      const pid = actor?.pid ?? (typeof to === "string" ? 0 : to);
      this.#deadLetter(from?.pid ?? 0, pid, tag, bytes.length, whyRefused(actor, status));
      return false;
    }
    deliver(actor, MESSAGE, tag, from?.lo ?? 0, from?.hi ?? 0, 0, 0, Bytes.ofPayload(bytes), 0, bytes.length);
    return true;
  }

  #deadLetter(from: Pid, to: Pid, tag: number, length: number, why: DeadLetter["why"]): void {
    this.#services.counters.dead++;
    const { onDeadLetter } = this.#options;
    if (onDeadLetter !== undefined) callOut(() => onDeadLetter({ from, to, tag, length, why }));
  }

  /** The end of an actor. Ends that follow from it, along links, are done after it, one by one: a chain of any length costs no stack. */
  #end(actor: Actor, reason: ExitReason): void {
    if (actor.state === DEAD) return;
    const isGuest = actor.module !== null;
    const lastReceived = reason.kind === "crashed" && actor.atFault && isGuest ? lastSeen(actor) : undefined;
    this.#bury(actor, reason);
    this.#services.counters.ended++;
    const waiting = this.#waiting.get(actor);
    this.#waiting.delete(actor);
    for (const resolve of waiting ?? []) resolve(reason);
    callOut(() => {
      const exit = { pid: actor.pid, module: actor.module?.name, reason };
      this.#options.onExit?.(lastReceived === undefined ? exit : { ...exit, lastReceived });
    });
    if (isGuest && --this.#guests === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Takes an actor out of everything that knows it, then tells those that are tied to it. */
  #bury(actor: Actor, reason: ExitReason): void {
    actor.state = DEAD;
    this.#actors.delete(actor);
    actor.disarmDeadline();
    // Before anybody hears of it, the embedder included.
    this.#registry.release(actor);
    const left = lettersIn(actor.mailbox);
    actor.mailbox.clear();
    for (const { from, tag, length } of left) this.#deadLetter(from, actor.pid, tag, length, "left behind");
    actor.way.discard(actor);
    // Whoever still holds the actor shall not hold its memory.
    actor.guest = null;
    actor.reductions = null;
    actor.bytes = noBytes;
    this.#ended.push({ actor, reason });
    if (this.#announcing) return;
    this.#announcing = true;
    // Grows while it is walked.
    for (const { actor: dead, reason: why } of this.#ended) announceEnd(dead, why);
    this.#ended.length = 0;
    this.#announcing = false;
  }

  #log(actor: Actor, level: LogLevel, text: string): void {
    const { onLog } = this.#options;
    callOut(() => {
      if (onLog !== undefined) onLog(actor.pid, level, text);
      else console.log(`${formatPid(actor.pid)} ${level}: ${text}`);
    });
  }
}

function checkTag(tag: number): void {
  if (Number.isInteger(tag) && tag >= 0 && tag <= 0x7fffffff) return;
  throw new RangeError(`a tag is a whole number from 0 to 2147483647, not ${tag}`);
}

/** What nobody will receive of a mailbox. */
function lettersIn(mailbox: Mailbox): { from: Pid; tag: number; length: number }[] {
  const letters: { from: Pid; tag: number; length: number }[] = [];
  for (let at = mailbox.first(); at !== NONE; at = mailbox.next(at)) {
    const word = (which: number) => mailbox.word(at, which);
    if (!isCounted(word(KIND))) continue;
    letters.push({ from: pidFromWords(word(FROM_LO), word(FROM_HI)), tag: word(TAG), length: word(LENGTH) });
  }
  return letters;
}

const noBytes = Bytes.ofLength(0);
const noArgs = new Uint8Array(0);

/** What the import `spawn` answers where there is no child. */
const SpawnStatus = { noSuchModule: 0, notGranted: -1, noSuchEntry: -2, limit: -3, failed: -4 } as const;

function bytesOfView(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
