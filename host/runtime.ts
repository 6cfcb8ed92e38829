/**
 * The runtime: loads modules, spawns actors, and brings the host's messages to them. It wires the parts together and holds no logic of
 * theirs. Nothing an actor does makes a call of another's, or of the host's, throw.
 */
import type { Actor, Counters, Services } from "./actor.ts";
import { Bytes } from "./bytes.ts";
import { type CallOptions, Calls } from "./calls.ts";
import { type Clock, systemClock } from "./clock.ts";
import { CountedModules } from "./counted.ts";
import { type ActorExit, Ends } from "./ends.ts";
import { ClosedError, LoadError } from "./errors.ts";
import type { Grants } from "./grants.ts";
import { GuestModule, type ImportObject, type LoadRules } from "./guest.ts";
import { type HostImports, hostImports } from "./host-functions.ts";
import { type Directory, HostMailbox } from "./host-mailbox.ts";
import { actorImports, envImports, type ImportHooks, type LogLevel } from "./imports.ts";
import { type RuntimeLimits, runtimeLimits } from "./limits.ts";
import { RingPool } from "./mailbox.ts";
import { MemoryAccount } from "./memory-account.ts";
import { type ExitReason, MESSAGE, SEND_ACCEPTED } from "./message.ts";
import { Notices } from "./notices.ts";
import { infoOf, type Snapshot } from "./observer.ts";
import { formatPid, highWord, lowWord, type Pid, PidTable } from "./pid.ts";
import { type DeadLetter, post } from "./post.ts";
import { reasonOfThrown } from "./reason.ts";
import { Recycling } from "./recycling.ts";
import { Registry } from "./registry.ts";
import { Scheduler } from "./scheduler.ts";
import { secretRandom } from "./secrets.ts";
import { endFromOutside, exitSignal } from "./signals.ts";
import { type ModuleDefaults, Spawner, type SpawnOptions } from "./spawner.ts";
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

export interface RuntimeOptions {
  /** What actors may use, each of them and all together; see docs/security.md. */
  readonly limits?: Partial<RuntimeLimits>;
  /** What guests may do beyond sending and receiving, where their spawn does not say. Default: nothing. */
  readonly grants?: Grants | "all";
  /** Functions for guests to import, by module and name; calling one needs the grant `imports`. */
  readonly imports?: HostImports;
  /** Milliseconds after which the event loop gets its turn. Default 4. */
  readonly sliceMs?: number;
  readonly clock?: Clock;
  /** A number in [0, 1), of which refs are made, too. Default: from the system's source of secrets. */
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

export interface SendOptions {
  /** A whole number from 0 up. */
  readonly tag?: number;
}

const encoder = new TextEncoder();

export class Runtime implements AsyncDisposable {
  readonly #options: RuntimeOptions;
  readonly #actors = new PidTable<Actor>();
  readonly #registry = new Registry();
  readonly #directory: Directory;
  #calls: Calls | undefined;
  readonly #rings: RingPool;
  readonly #services: Services;
  readonly #imports: ImportObject;
  readonly #rules: LoadRules;
  readonly #spawner: Spawner;
  readonly #ends: Ends;
  readonly #counted = new CountedModules();
  #stopped = false;

  /** Throws a RangeError that names a wrong limit, a TypeError that names a wrong grant or import. */
  constructor(options: RuntimeOptions = {}) {
    this.#options = options;
    const clock = options.clock ?? systemClock;
    const limits = runtimeLimits(options.limits);
    const notices = new Notices();
    this.#rings = new RingPool(limits.allMailboxBytes);
    this.#ends = new Ends(this.#actors, this.#registry, options.onExit);
    this.#services = {
      clock,
      scheduler: new Scheduler(clock, options.sliceMs ?? 4, notices),
      timers: new Timers(clock),
      limits,
      counters: { sent: 0, received: 0, dead: 0, spawned: 0, ended: 0 },
      notices,
      memory: new MemoryAccount(limits.allMemoryBytes),
      recycling: new Recycling(),
      current: null,
      random: options.random ?? secretRandom,
      end: (actor, reason) => this.#ends.end(actor, reason),
      describe: reasonOfThrown,
      deadLetter: (from, to, tag, length, why) => this.#deadLetter(from, to, tag, length, why),
    };
    this.#spawner = new Spawner(this.#services, this.#actors, this.#ends, this.#rings, options.grants);
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
    const host = hostImports(this.#services, options.imports ?? {}, hooks.log);
    this.#imports = { actor: actorImports(this.#services, hooks), env: envImports(this.#services, hooks), host };
    const offers = new Map(Object.entries(host).map(([module, functions]) => [module, Object.keys(functions)]));
    this.#rules = { tableElements: limits.tableElements, offers };
  }

  /** What holds: the defaults, and what was set instead. */
  get limits(): RuntimeLimits {
    return this.#services.limits;
  }

  /** Totals since the runtime began. `sent` = `received` + `dead` + what waits in mailboxes. */
  get counters(): Readonly<Counters> {
    return { ...this.#services.counters };
  }

  /** Guests alive. */
  get size(): number {
    return this.#ends.guests;
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
      return GuestModule.of(name, found, this.#rules);
    }
    if (typeof Response !== "undefined" && found instanceof Response) {
      if (!found.ok) throw new LoadError(`${name} could not be fetched: ${found.status} ${found.statusText}`);
      found = await bodyOf(found, name, this.#services.limits.moduleBytes);
    }
    const bytes = ArrayBuffer.isView(found) ? bytesOfView(found) : new Uint8Array(found as ArrayBuffer);
    const { moduleBytes } = this.#services.limits;
    if (bytes.length > moduleBytes) throw tooLarge(name, moduleBytes);
    return counts
      ? GuestModule.counted(name, bytes, this.#rules, this.#counted)
      : GuestModule.compile(name, bytes, this.#rules);
  }

  /** Gives a module a name, by which the host and the guests that may can spawn it. Defining a name anew holds from the next spawn on. */
  define(name: string, module: GuestModule, defaults: ModuleDefaults = {}): void {
    this.#spawner.define(name, module, defaults);
  }

  /**
   * Starts an actor of a module, or of a defined name. Its code begins to run in a turn of its own, after this has returned: what is linked to
   * it or monitors it until then misses nothing. Throws a SpawnError: no such name or entry, a way that the engine or the
   * module does not have, a limit, a module that traps at once.
   */
  spawn(module: GuestModule | string, options: SpawnOptions = {}): Pid {
    return this.#spawner.spawn(module, options, this.#imports).pid;
  }

  #spawnByGuest(parent: Actor, name: string, entry: string, args: Uint8Array): Actor | number {
    const { allowance } = parent;
    if (allowance === null) throw new Error("only guests call the import spawn");
    const warn = (text: string) => this.#log(parent, "warning", text);
    return this.#spawner.spawnByGuest(parent, allowance, name, entry, args, this.#imports, warn);
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
        () => this.#ends.end(mailbox.actor, { kind: "normal" }),
        error => this.#ends.end(mailbox.actor, reasonOfThrown(error)),
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
    return this.#ends.exited(actor);
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

  /** Plain data about every live actor, made now: it costs nothing otherwise. */
  snapshot(): Snapshot {
    return { actors: Array.from(this.#actors, infoOf) };
  }

  /** Resolves when no guest is alive. Host mailboxes do not count. */
  idle(): Promise<void> {
    return this.#ends.idle();
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
    this.#spawner.stop();
    this.#services.recycling.clear();
    // What has not been told yet, nobody would tell any more.
    queueMicrotask(() => this.#services.notices.flush());
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
    const actor = this.#receiver(to);
    const pid = actor?.pid ?? (typeof to === "string" ? 0 : to);
    const [lo, hi] = [lowWord(pid), highWord(pid)];
    const { length } = bytes;
    const source = Bytes.ofPayload(bytes);
    const status = post(
      this.#services,
      from?.lo ?? 0,
      from?.hi ?? 0,
      actor,
      lo,
      hi,
      MESSAGE,
      tag,
      0,
      source,
      0,
      length,
    );
    return status === SEND_ACCEPTED;
  }

  #deadLetter(from: Pid, to: Pid, tag: number, length: number, why: DeadLetter["why"]): void {
    const { onDeadLetter } = this.#options;
    if (onDeadLetter !== undefined) this.#services.notices.add(() => onDeadLetter({ from, to, tag, length, why }));
    // Last, after what may end a guest's stack.
    this.#services.counters.dead++;
  }

  #log(actor: Actor, level: LogLevel, text: string): void {
    const { onLog } = this.#options;
    const { pid } = actor;
    this.#services.notices.add(() => {
      if (onLog !== undefined) onLog(pid, level, text);
      else console.log(`${formatPid(pid)} ${level}: ${text}`);
    });
  }
}

function checkTag(tag: number): void {
  if (Number.isInteger(tag) && tag >= 0 && tag <= 0x7fffffff) return;
  throw new RangeError(`a tag is a whole number from 0 to 2147483647, not ${tag}`);
}

function tooLarge(name: string, moduleBytes: number): LoadError {
  return new LoadError(`${name} has more than the ${moduleBytes} bytes that a module may have (limit moduleBytes)`);
}

/** What comes over a network may be without end. */
async function bodyOf({ body }: Response, name: string, moduleBytes: number): Promise<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = body?.getReader();
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    length += next.value.length;
    if (length > moduleBytes) {
      await reader?.cancel();
      throw tooLarge(name, moduleBytes);
    }
    chunks.push(next.value);
  }
  return new Blob(chunks).arrayBuffer();
}

function bytesOfView(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
