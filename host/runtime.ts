/**
 * The runtime: loads modules, spawns actors, and brings the host's messages to them. It wires the parts together and holds no logic of
 * theirs. Nothing an actor does makes a call of another's, or of the host's, throw.
 */

import { type Actor, type Services, totals } from "./actor/actor.ts";
import { setMemory } from "./actor/memory.ts";
import { delegate } from "./between/delegate.ts";
import { Registry } from "./between/names.ts";
import { post } from "./between/post.ts";
import { endFromOutside, exitSignal } from "./between/signals.ts";
import { Denials, type Denied } from "./door/denials.ts";
import { hostImports } from "./door/host-functions.ts";
import { actorImports } from "./door/imports.ts";
import { envImports } from "./door/imports-env.ts";
import type { Log } from "./door/log.ts";
import { type CallOptions, Calls, callChecks } from "./javascript/calls.ts";
import { type Directory, HostMailbox } from "./javascript/host-mailbox.ts";
import { checkSupervisor, Supervisor, type SupervisorOptions } from "./javascript/supervisor.ts";
import { Ends } from "./life/ends.ts";
import { Instances } from "./life/instances.ts";
import { type ModuleDefaults, Spawner, type SpawnOptions, tellSpawn } from "./life/spawner.ts";
import { Account } from "./mail/account.ts";
import { Bytes } from "./mail/bytes.ts";
import { RingPool } from "./mail/mailbox.ts";
import { Slots } from "./mail/slots.ts";
import type { ReadSourceMap } from "./module/crash-places.ts";
import type { GuestModule } from "./module/guest-module.ts";
import { ModuleLoader } from "./module/loader.ts";
import { type ModuleSource, type ReadModule, readModule } from "./module/source.ts";
import {
  type ActorInfo,
  Observer,
  type PeekOptions,
  peek,
  peekChecks,
  type Snapshot,
  type WaitingItem,
} from "./observe/snapshot.ts";
import { CallOut, type OnError } from "./time/call-out.ts";
import { type Clock, systemClock } from "./time/clock.ts";
import { Inspection } from "./time/inspection.ts";
import { type Flood, MAX_WAITING, Notices } from "./time/notices.ts";
import { secretRandom } from "./time/random.ts";
import { Scheduler } from "./time/scheduler.ts";
import { Timers } from "./time/timers.ts";
import { byCountAndClock, stackTooLong } from "./turns/preempt.ts";
import { Switch } from "./turns/switch.ts";
import {
  callback,
  checkOptions,
  checkPid,
  checksOf,
  having,
  milliseconds,
  oneOf,
  shown,
  tag,
  text,
} from "./wire/checks.ts";
import { ClosedError } from "./wire/errors.ts";
import { escapeControls } from "./wire/escape-controls.ts";
import type { ActorExit, Counters, DeadLetter, Denial, InspectEvent, InspectKind, LogLevel } from "./wire/events.ts";
import type { Grants } from "./wire/grants.ts";
import type { HostImports, ImportObject } from "./wire/host-functions.ts";
import { type RuntimeLimits, runtimeLimits } from "./wire/limits.ts";
import { type ExitReason, type GivenReason, MESSAGE, type Message, SEND_ACCEPTED } from "./wire/message.ts";
import { payloadFrom } from "./wire/payload.ts";
import { formatPid, highWord, lowWord, type Pid, PidTable } from "./wire/pid.ts";
import { reasonGiven, reasonOfThrown } from "./wire/reason.ts";

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
  /**
   * `off`: messages and turns go through JavaScript also where the engine has WebAssembly with several memories, at a third of the speed and with the same
   * result. Default `auto`.
   */
  readonly switch?: "auto" | "off";
  /** Milliseconds after which the event loop gets its turn. Default 4. */
  readonly sliceMs?: number;
  readonly clock?: Clock;
  /** A number in [0, 1), of which refs are made, too. Where it gives another, or throws, the default goes in its place. Default: from the system's source of secrets. */
  readonly random?: () => number;
  /**
   * Called with what a callback of yours has thrown, or its promise was rejected with, and with the name of that callback, or of your function whose
   * answer came too late. Nothing else comes of such an error. Default: `reportError` in pages, `console.error` everywhere else.
   */
  readonly onError?: OnError;
  /** Called once per actor that ended, after its mailbox is gone. */
  readonly onExit?: (exit: ActorExit) => void;
  /** Called for every message that nobody will receive; they are counted in any case. */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** Called when a guest calls what it is not granted, once for each import. */
  readonly onDenied?: (denial: Denial) => void;
  /** Lines that guests log, as they wrote them: `escapeControls` makes them safe for a terminal. One of pid 0 says what was dropped of a flood. Default: console.log, with that done. */
  readonly onLog?: (pid: Pid, level: LogLevel, text: string) => void;
  /** Reads a module from a path or URL. Default `fetch`. */
  readonly read?: ReadModule;
  /** Decodes an AssemblyScript string, for messages of `abort`; see `isopod/assemblyscript`. */
  readonly readString?: (memory: WebAssembly.Memory, pointer: number) => string;
  /** Reads the source maps of modules, for the places of crashes; see `isopod/source-map`. Without it they are not named. */
  readonly readSourceMap?: ReadSourceMap;
}

export interface SendOptions {
  /** A whole number from 0 up. */
  readonly tag?: number;
}

const loadChecks = checksOf<LoadOptions>({ name: text, reductions: oneOf("none", "count") });
const sendChecks = checksOf<SendOptions>({ tag });
const runtimeChecks = checksOf<RuntimeOptions>({
  // Each of these three says by itself what is wrong.
  limits: null,
  grants: null,
  imports: null,
  switch: oneOf("auto", "off"),
  sliceMs: milliseconds,
  clock: having("now", "wake", "defer"),
  random: callback,
  onError: callback,
  onExit: callback,
  onDeadLetter: callback,
  onDenied: callback,
  onLog: callback,
  read: callback,
  readString: callback,
  readSourceMap: callback,
});

export class Runtime implements AsyncDisposable {
  readonly #options: RuntimeOptions;
  readonly #actors: PidTable<Actor>;
  readonly #registry: Registry;
  readonly #directory: Directory;
  #calls: Calls | undefined;
  readonly #rings: RingPool;
  readonly #services: Services;
  readonly #limits: RuntimeLimits;
  readonly #notices: Notices;
  readonly #inspection: Inspection;
  readonly #instances: Instances;
  readonly #switch: Switch | null;
  readonly #imports: ImportObject;
  readonly #loader: ModuleLoader;
  readonly #spawner: Spawner;
  readonly #ends: Ends;
  readonly #observer: Observer;
  #stopped = false;

  /** Throws a RangeError that names a wrong number, a TypeError that names what is no option, limit, grant or import. */
  constructor(options: RuntimeOptions = {}) {
    checkOptions("a runtime", options, runtimeChecks);
    this.#options = options;
    const clock = options.clock ?? systemClock;
    const limits = runtimeLimits(options.limits);
    const notices = new Notices(new CallOut(options.onError));
    const slots = new Slots<Actor>(options.switch === "off" ? null : Switch.memory());
    const account = new Account(limits.allMemoryBytes, limits.allMailboxBytes);
    this.#rings = new RingPool(account);
    const random = options.random === undefined ? secretRandom : checkedRandom(options.random, notices);
    this.#actors = new PidTable(random);
    this.#limits = limits;
    this.#notices = notices;
    this.#inspection = new Inspection(notices, clock);
    this.#registry = new Registry(this.#inspection);
    const scheduler = new Scheduler(clock, options.sliceMs ?? 4, notices);
    this.#services = {
      clock,
      scheduler,
      timers: new Timers(clock, scheduler, error => notices.callOut.failed("a timer", error)),
      counters: { sent: 0, received: 0, dead: 0, denied: 0, untold: 0, spawned: 0, ended: 0, turnsCut: 0 },
      account,
      slots,
      judge: byCountAndClock,
      random,
      end: (actor, reason) => this.#ends.end(actor, reason),
      describe: (actor, error) => stackTooLong(actor) ?? reasonOfThrown(error),
      memoryGrown: setMemory,
      deadLetter: (from, to, tag, length, why) => this.#deadLetter(from, to, tag, length, why),
    };
    this.#observer = new Observer(this.#services, this.#actors);
    this.#directory = {
      registry: this.#registry,
      find: pid => this.#find(pid),
      send: (from, to, bytes, tag) => this.#send(from, to, bytes, tag),
      delegate: (from, request, to, bytes) => this.#delegate(from, request, to, bytes),
    };
    notices.onDropped = (what, count) => this.#tellDropped(what, count);
    const denials = new Denials(notices, options.onDenied);
    const log: Log = (actor, level, text) => this.#log(actor, level, text);
    const denied: Denied = (actor, call) => denials.tell(actor, call);
    const host = hostImports(this.#services, notices.callOut, options.imports ?? {}, log, denied);
    const actor = actorImports({
      services: this.#services,
      actors: this.#actors,
      registry: this.#registry,
      spawn: (parent, name, entry, args) => this.#spawnByGuest(parent, name, entry, args),
      log,
      denied,
      beganMs: clock.now(),
    });
    this.#imports = { actor, env: envImports(this.#services, options.readString ?? (() => "abort")), host };
    this.#switch = Switch.for(this.#services, notices, this.#rings, this.#imports);
    this.#instances = new Instances(account, this.#switch);
    this.#ends = new Ends(
      this.#services,
      notices,
      this.#inspection,
      this.#actors,
      this.#registry,
      this.#instances,
      options.onExit,
    );
    this.#spawner = new Spawner(
      this.#services,
      limits,
      notices,
      this.#inspection,
      this.#actors,
      this.#instances,
      this.#ends,
      this.#rings,
      options.grants,
    );
    const offers = new Map(Object.entries(host).map(([module, functions]) => [module, Object.keys(functions)]));
    const { tableElements } = limits;
    this.#loader = new ModuleLoader({ tableElements, offers, readSourceMap: options.readSourceMap });
  }

  /** What holds: the defaults, and what was set instead. */
  get limits(): RuntimeLimits {
    return this.#limits;
  }

  /** Totals since the runtime began. `sent` = `received` + `dead` + what waits in mailboxes. */
  get counters(): Readonly<Counters> {
    return totals(this.#services);
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
    checkOptions("load", options, loadChecks);
    const { moduleBytes } = this.#limits;
    const found = await readModule(source, options.name, this.#options.read ?? fetch, moduleBytes);
    return this.#loader.load(found, options.reductions === "count");
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
  send(to: Pid | string, bytes: Uint8Array | string, options?: SendOptions): boolean {
    if (options !== undefined) checkOptions("send", options, sendChecks);
    return this.#send(null, to, payloadFrom(bytes), options?.tag ?? 0);
  }

  /**
   * Sends a request and resolves to the answer's bytes. Rejects with a CallError at once when the callee ends, or is dead, or its mailbox is full; with
   * a CallTimeoutError after `timeoutMs` (default 5,000, as Erlang's gen_server); with the signal's reason when that is aborted.
   * A late answer is dropped before any mailbox.
   */
  async call(to: Pid | string, bytes: Uint8Array | string, options: CallOptions = {}): Promise<Uint8Array> {
    checkOptions("call", options, callChecks);
    const callee = this.#receiver(to);
    const payload = payloadFrom(bytes);
    if (this.#stopped) throw new ClosedError("the runtime is stopped: nobody is left to call");
    if (this.#calls === undefined) {
      this.#actors.add((lo, hi) => {
        const calls = new Calls(lo, hi, this.#services, this.#limits, this.#rings);
        this.#calls = calls;
        return calls.actor;
      });
      tellSpawn(this.#inspection, (this.#calls as unknown as Calls).actor);
    }
    return (this.#calls as Calls).call(callee, to, payload, options);
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
  broadcast(group: string, bytes: Uint8Array | string, options: SendOptions = {}): number {
    checkOptions("broadcast", options, sendChecks);
    const payload = payloadFrom(bytes);
    return this.members(group).filter(pid => this.#send(null, pid, payload, options.tag ?? 0)).length;
  }

  /** A mailbox for JavaScript, with a pid that guests can send to. */
  mailbox(): HostMailbox {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to receive");
    let mailbox: HostMailbox | undefined;
    this.#actors.add((lo, hi) => {
      mailbox = new HostMailbox(
        lo,
        hi,
        this.#services,
        this.#limits,
        this.#rings,
        this.#notices.callOut,
        this.#directory,
      );
      return mailbox.actor;
    });
    tellSpawn(this.#inspection, (mailbox as unknown as HostMailbox).actor);
    return mailbox as unknown as HostMailbox;
  }

  /**
   * Runs an async function as an actor with a mailbox of its own. It ends `normal` when the function returns; where that throws, it has
   * crashed, and whoever is linked to it or monitors it is told. Killed, its receives reject with a ClosedError.
   */
  actor(run: (mailbox: HostMailbox) => Promise<void>): Pid {
    callback(run, "what it runs", "actor");
    const mailbox = this.mailbox();
    const end = (reason: ExitReason) => this.#ends.end(mailbox.actor, reason);
    // In a microtask, so that ties made with the pid miss nothing.
    const ended = Promise.resolve(mailbox)
      .then(run)
      .then(
        () => end({ kind: "normal" }),
        error => end(reasonOfThrown(error)),
      );
    this.#notices.callOut.watch("telling of an end", ended);
    return mailbox.pid;
  }

  /** Starts a supervisor and its children; throws what the first child that cannot be started throws. */
  supervise(options: SupervisorOptions): Supervisor {
    checkSupervisor(options);
    const { clock } = this.#services;
    const inspection = this.#inspection;
    const { onReport } = options;
    const supervisor = new Supervisor(this, options, {
      now: () => clock.now(),
      adopt: (child, { lo, hi }) => {
        const actor = this.#find(child);
        if (actor === undefined || actor.parent !== 0) return;
        actor.parentLo = lo;
        actor.parentHi = hi;
      },
      told: (supervisor, id, pid, what) => inspection.tell({ kind: "child", supervisor, id, pid, what }),
      report: report => inspection.tell({ kind: "report", report }, "onReport", onReport && (() => onReport(report))),
    });
    this.exited(supervisor.pid).then(this.#observer.add(supervisor));
    return supervisor;
  }

  isAlive(pid: Pid): boolean {
    return this.#find(pid) !== undefined;
  }

  /** Resolves with the reason when the actor ends; with noproc where there is no such actor (Erlang: so does a monitor of the dead). */
  exited(pid: Pid): Promise<ExitReason> {
    const actor = this.#find(pid) ?? this.#ends.untold(pid);
    if (actor === undefined) return Promise.resolve({ kind: "noproc" });
    return this.#ends.exited(actor);
  }

  /** Ends an actor now, whatever it does (Erlang: `exit(Pid, kill)`); false where there is none. In the middle of its own turn it ends at its next import. */
  kill(pid: Pid): boolean {
    return this.exit(pid, { kind: "killed" });
  }

  /** Sends an exit signal from the host. One that traps exits gets it as an item; `normal` is ignored; `killed` cannot be trapped. */
  exit(pid: Pid, given: GivenReason): boolean {
    const reason = reasonGiven(given, "exit");
    const actor = this.#find(pid);
    if (actor === undefined) return false;
    if (reason.kind === "killed") endFromOutside(actor, reason);
    else exitSignal(actor, 0, 0, reason);
    return true;
  }

  /** Plain data about every live actor, made now: it costs nothing otherwise. */
  snapshot(): Snapshot {
    return this.#observer.snapshot();
  }

  /** The same of one actor; undefined where there is none of that pid. */
  info(pid: Pid): ActorInfo | undefined {
    const actor = this.#find(pid);
    return actor && this.#observer.infoOf(actor);
  }

  /** The first items of an actor's mailbox, which stay in it; undefined where there is no such actor. */
  peek(pid: Pid, options: PeekOptions = {}): WaitingItem[] | undefined {
    checkOptions("peek", options, peekChecks);
    const actor = this.#find(pid);
    return actor && peek(actor, options);
  }

  /** Whether an actor is ready to run, or runs, or an end is still to be told. */
  get isBusy(): boolean {
    return this.#services.scheduler.isBusy;
  }

  /** Milliseconds that an actor which becomes ready now waits for its turn: a probe is put into the run queue. Undefined where the runtime is stopped. */
  async queueDelay(): Promise<number | undefined> {
    return this.#stopped ? undefined : this.#observer.queueDelay();
  }

  /**
   * Tells a listener what happens from now on: spawns, exits, dead letters, lines of the log, names, and what supervisors do. Messages are counted only, see
   * `counters`. What it throws is reported and stops nothing. `wants` is asked for each event whether it is worth making.
   * Returns what ends it.
   */
  inspect(listener: (event: InspectEvent) => void, wants?: (kind: InspectKind) => boolean): () => void {
    callback(listener, "the listener", "inspect");
    if (wants !== undefined) callback(wants, "wants", "inspect");
    return this.#inspection.listen(listener, wants);
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
    this.#switch?.stop();
    this.#observer.stop();
    this.#spawner.stop();
    this.#instances.clear();
    // What has not been told yet, nobody would tell any more. Not here: a guest's function of the embedder may have called this.
    queueMicrotask(() => {
      this.#ends.finish();
      this.#notices.flush();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #find(pid: Pid): Actor | undefined {
    checkPid(pid);
    return this.#actors.get(lowWord(pid), highWord(pid));
  }

  #receiver(to: Pid | string): Actor | undefined {
    if (typeof to === "string") return this.#registry.whereis(to);
    if (typeof to !== "number") throw new TypeError(`the receiver is a pid or a name, not ${shown(to)}`);
    return this.#find(to);
  }

  #send(from: Actor | null, to: Pid | string, bytes: Uint8Array, tag: number): boolean {
    const actor = this.#receiver(to);
    const pid = actor?.pid ?? (typeof to === "string" ? 0 : to);
    const [lo, hi] = [lowWord(pid), highWord(pid)];
    const { length } = bytes;
    const source = Bytes.ofPayload(bytes);
    const status = post(
      this.#services,
      from,
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

  #delegate(by: Actor, { from, ref }: Message, to: Pid, bytes: Uint8Array): boolean {
    const asker = this.#find(from);
    const source = Bytes.ofPayload(bytes);
    const [lo, hi] = [lowWord(from), highWord(from)];
    const status = delegate(this.#services, by, asker, lo, hi, ref, this.#find(to), 0, source, 0, bytes.length);
    return status === SEND_ACCEPTED;
  }

  #deadLetter(from: Pid, to: Pid, tag: number, length: number, why: DeadLetter["why"]): void {
    const { onDeadLetter } = this.#options;
    const inspection = this.#inspection;
    if (onDeadLetter !== undefined || inspection.wants("dead-letter")) {
      const letter = { from, to, tag, length, why };
      const callback = onDeadLetter && (() => onDeadLetter(letter));
      inspection.tell({ kind: "dead-letter", ...letter }, "onDeadLetter", callback);
    }
    // Last, after what may end a guest's stack.
    this.#services.counters.dead++;
  }

  #log({ pid }: Actor, level: LogLevel, text: string): void {
    this.#inspection.tell({ kind: "log", pid, level, text }, "onLog", () => this.#write(pid, level, text));
  }

  #write(pid: Pid, level: LogLevel, text: string): unknown {
    const { onLog } = this.#options;
    if (onLog !== undefined) return onLog(pid, level, text);
    console.log(`${pid === 0 ? "isopod" : formatPid(pid)} ${level}: ${escapeControls(text)}`);
  }

  #tellDropped(what: Flood, count: number): void {
    this.#services.counters.untold += count;
    const text = `${count} ${dropped[what]} of one turn are not told: a turn may cause ${MAX_WAITING}`;
    const callback = () => this.#write(0, "warning", text);
    this.#inspection.tell({ kind: "dropped", what, count }, "onLog", callback);
  }
}

const dropped: Readonly<Record<Flood, string>> = {
  log: "log lines",
  "dead-letter": "dead letters",
  name: "changes of names",
};

/** Where it throws, or gives what is no such number, that is reported once, and the system's own goes in its place: guests are on the stack. */
function checkedRandom(random: () => number, notices: Notices): () => number {
  let isReported = false;
  return () => {
    try {
      const number = random();
      if (number >= 0 && number < 1) return number;
      throw new RangeError(`random gives numbers from 0 up to, but not including, 1, not ${shown(number)}`);
    } catch (error) {
      if (!isReported) notices.add(() => notices.callOut.failed("random", error));
      isReported = true;
      return secretRandom();
    }
  };
}
