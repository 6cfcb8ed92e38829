/**
 * The runtime: loads modules, spawns actors, and brings the host's messages to them. It wires the parts together and holds no logic of
 * theirs. Nothing an actor does makes a call of another's, or of the host's, throw.
 */

import { totals } from "./actor/actor.ts";
import { endFromOutside, exitSignal } from "./between/signals.ts";
import { type CallOptions, Calls, callChecks } from "./javascript/calls.ts";
import { checkSupervisor, type SupervisorOptions } from "./javascript/child.ts";
import { HostMailbox } from "./javascript/host-mailbox.ts";
import { Supervisor } from "./javascript/supervisor.ts";
import { type ModuleDefaults, type SpawnOptions, tellSpawn } from "./life/spawner.ts";
import { CountedModules } from "./module/counted.ts";
import { GuestModule } from "./module/guest-module.ts";
import { type ModuleSource, type ReadModule, readModule } from "./module/source.ts";
import {
  type ActorInfo,
  type PeekOptions,
  peek,
  peekChecks,
  type Snapshot,
  type WaitingItem,
} from "./observe/snapshot.ts";
import {
  type LoadOptions,
  loadChecks,
  type RuntimeOptions,
  runtimeChecks,
  type SendOptions,
  sendChecks,
} from "./options.ts";
import { Parts } from "./parts.ts";
import { callback, checkOptions } from "./wire/checks.ts";
import { ClosedError, LoadError } from "./wire/errors.ts";
import type { Counters, InspectEvent, InspectKind } from "./wire/events.ts";
import type { RuntimeLimits } from "./wire/limits.ts";
import type { ExitReason, GivenReason } from "./wire/message.ts";
import { payloadFrom } from "./wire/payload.ts";
import type { Pid } from "./wire/pid.ts";
import { reasonGiven, reasonOfThrown } from "./wire/reason.ts";

export class Runtime implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #read: ReadModule;
  readonly #counted = new CountedModules();
  #calls: Calls | undefined;
  #stopped = false;

  /** Throws a RangeError that names a wrong number, a TypeError that names what is no option, limit, grant or import. */
  constructor(options: RuntimeOptions = {}) {
    checkOptions("a runtime", options, runtimeChecks);
    this.#parts = new Parts(options);
    this.#read = options.read ?? fetch;
  }

  /** What holds: the defaults, and what was set instead. */
  get limits(): RuntimeLimits {
    return this.#parts.limits;
  }

  /** Totals since the runtime began. `sent` = `received` + `dead` + what waits in mailboxes. */
  get counters(): Readonly<Counters> {
    return totals(this.#parts.services);
  }

  /** Guests alive. */
  get size(): number {
    return this.#parts.ends.guests;
  }

  /**
   * Compiles a module and checks it against the ABI, once for all its actors. `name` is for people.
   * Rejects with a LoadError that names the import or export that is wrong.
   */
  async load(source: ModuleSource, options: LoadOptions = {}): Promise<GuestModule> {
    checkOptions("load", options, loadChecks);
    const { moduleBytes } = this.#parts.limits;
    const { name, content, sourceMap } = await readModule(source, options.name, this.#read, moduleBytes);
    const counts = options.reductions === "count";
    if (content instanceof WebAssembly.Module) {
      if (counts) throw new LoadError(`${name} is compiled already: only bytes can have their reductions counted`);
      return GuestModule.of(name, content, this.#parts.rules);
    }
    return counts
      ? GuestModule.counted(name, content, this.#parts.rules, this.#counted, sourceMap)
      : GuestModule.compile(name, content, this.#parts.rules, sourceMap);
  }

  /** Gives a module a name, by which the host and the guests that may can spawn it. Defining a name anew holds from the next spawn on. */
  define(name: string, module: GuestModule, defaults: ModuleDefaults = {}): void {
    this.#parts.spawner.define(name, module, defaults);
  }

  /**
   * Starts an actor of a module, or of a defined name. Its code begins to run in a turn of its own, after this has returned: what is linked to
   * it or monitors it until then misses nothing. Throws a SpawnError: no such name or entry, a way that the engine or the
   * module does not have, a limit, a module that traps at once.
   */
  spawn(module: GuestModule | string, options: SpawnOptions = {}): Pid {
    return this.#parts.spawner.spawn(module, options, this.#parts.imports).pid;
  }

  /** Sends bytes from the host (pid 0) to a pid or a name. True where they were accepted; false for a dead actor, a full mailbox, too long a message. */
  send(to: Pid | string, bytes: Uint8Array | string, options?: SendOptions): boolean {
    if (options !== undefined) checkOptions("send", options, sendChecks);
    return this.#parts.directory.send(null, to, payloadFrom(bytes), options?.tag ?? 0);
  }

  /**
   * Sends a request and resolves to the answer's bytes. Rejects with a CallError at once when the callee ends, or is dead, or its mailbox is full; with
   * a CallTimeoutError after `timeoutMs` (default 5,000, as Erlang's gen_server); with the signal's reason when that is aborted.
   * A late answer is dropped before any mailbox.
   */
  async call(to: Pid | string, bytes: Uint8Array | string, options: CallOptions = {}): Promise<Uint8Array> {
    checkOptions("call", options, callChecks);
    const callee = this.#parts.directory.receiver(to);
    const payload = payloadFrom(bytes);
    if (this.#stopped) throw new ClosedError("the runtime is stopped: nobody is left to call");
    if (this.#calls === undefined) {
      this.#parts.actors.add((lo, hi) => {
        const calls = new Calls(lo, hi, this.#parts.services, this.#parts.limits, this.#parts.rings);
        this.#calls = calls;
        return calls.actor;
      });
      tellSpawn(this.#parts.inspection, (this.#calls as unknown as Calls).actor);
    }
    return (this.#calls as Calls).call(callee, to, payload, options);
  }

  /** The live actor that has a name. */
  whereis(name: string): Pid | undefined {
    return this.#parts.registry.whereis(name)?.pid;
  }

  /** Gives a name to a live actor. False where the name is taken or the actor dead. It is free again before anybody is told of the actor's end. */
  register(name: string, pid: Pid): boolean {
    const actor = this.#parts.directory.find(pid);
    return actor !== undefined && this.#parts.registry.register(name, actor);
  }

  unregister(name: string): boolean {
    return this.#parts.registry.unregister(name);
  }

  /** The live members of a group, in the order in which they joined. */
  members(group: string): Pid[] {
    return [...this.#parts.registry.members(group)].map(actor => actor.pid);
  }

  /** Makes an actor a member of a group. False where it is dead. */
  join(group: string, pid: Pid): boolean {
    const actor = this.#parts.directory.find(pid);
    if (actor !== undefined) this.#parts.registry.join(group, actor);
    return actor !== undefined;
  }

  /** Sends to every member of a group; returns how many accepted. */
  broadcast(group: string, bytes: Uint8Array | string, options: SendOptions = {}): number {
    checkOptions("broadcast", options, sendChecks);
    const payload = payloadFrom(bytes);
    return this.members(group).filter(pid => this.#parts.directory.send(null, pid, payload, options.tag ?? 0)).length;
  }

  /** A mailbox for JavaScript, with a pid that guests can send to. */
  mailbox(): HostMailbox {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to receive");
    let mailbox: HostMailbox | undefined;
    this.#parts.actors.add((lo, hi) => {
      mailbox = new HostMailbox(
        lo,
        hi,
        this.#parts.services,
        this.#parts.limits,
        this.#parts.rings,
        this.#parts.notices.callOut,
        this.#parts.directory,
      );
      return mailbox.actor;
    });
    tellSpawn(this.#parts.inspection, (mailbox as unknown as HostMailbox).actor);
    return mailbox as unknown as HostMailbox;
  }

  /**
   * Runs an async function as an actor with a mailbox of its own. It ends `normal` when the function returns; where that throws, it has
   * crashed, and whoever is linked to it or monitors it is told. Killed, its receives reject with a ClosedError.
   */
  actor(run: (mailbox: HostMailbox) => Promise<void>): Pid {
    callback(run, "what it runs", "actor");
    const mailbox = this.mailbox();
    const end = (reason: ExitReason) => this.#parts.ends.end(mailbox.actor, reason);
    // In a microtask, so that ties made with the pid miss nothing.
    const ended = Promise.resolve(mailbox)
      .then(run)
      .then(
        () => end({ kind: "normal" }),
        error => end(reasonOfThrown(error)),
      );
    this.#parts.notices.callOut.watch("telling of an end", ended);
    return mailbox.pid;
  }

  /** Starts a supervisor and its children; throws what the first child that cannot be started throws. */
  supervise(options: SupervisorOptions): Supervisor {
    checkSupervisor(options);
    const { clock } = this.#parts.services;
    const inspection = this.#parts.inspection;
    const { onReport } = options;
    const supervisor = new Supervisor(this, options, {
      now: () => clock.now(),
      adopt: (child, { lo, hi }) => {
        const actor = this.#parts.directory.find(child);
        if (actor === undefined || actor.parent !== 0) return;
        actor.parentLo = lo;
        actor.parentHi = hi;
      },
      told: (supervisor, id, pid, what) => inspection.tell({ kind: "child", supervisor, id, pid, what }),
      report: report => inspection.tell({ kind: "report", report }, "onReport", onReport && (() => onReport(report))),
    });
    this.exited(supervisor.pid).then(this.#parts.snapshots.add(supervisor));
    return supervisor;
  }

  isAlive(pid: Pid): boolean {
    return this.#parts.directory.find(pid) !== undefined;
  }

  /** Resolves with the reason when the actor ends; with noproc where there is no such actor (Erlang: so does a monitor of the dead). */
  exited(pid: Pid): Promise<ExitReason> {
    const actor = this.#parts.directory.find(pid) ?? this.#parts.ends.untold(pid);
    if (actor === undefined) return Promise.resolve({ kind: "noproc" });
    return this.#parts.ends.exited(actor);
  }

  /** Ends an actor now, whatever it does (Erlang: `exit(Pid, kill)`); false where there is none. In the middle of its own turn it ends at its next import. */
  kill(pid: Pid): boolean {
    return this.exit(pid, { kind: "killed" });
  }

  /** Sends an exit signal from the host. One that traps exits gets it as an item; `normal` is ignored; `killed` cannot be trapped. */
  exit(pid: Pid, given: GivenReason): boolean {
    const reason = reasonGiven(given, "exit");
    const actor = this.#parts.directory.find(pid);
    if (actor === undefined) return false;
    if (reason.kind === "killed") endFromOutside(actor, reason);
    else exitSignal(actor, 0, 0, reason);
    return true;
  }

  /** Plain data about every live actor, made now: it costs nothing otherwise. */
  snapshot(): Snapshot {
    return this.#parts.snapshots.snapshot();
  }

  /** The same of one actor; undefined where there is none of that pid. */
  info(pid: Pid): ActorInfo | undefined {
    const actor = this.#parts.directory.find(pid);
    return actor && this.#parts.snapshots.infoOf(actor);
  }

  /** The first items of an actor's mailbox, which stay in it; undefined where there is no such actor. */
  peek(pid: Pid, options: PeekOptions = {}): WaitingItem[] | undefined {
    checkOptions("peek", options, peekChecks);
    const actor = this.#parts.directory.find(pid);
    return actor && peek(actor, options);
  }

  /** Whether an actor is ready to run, or runs, or an end is still to be told. */
  get isBusy(): boolean {
    return this.#parts.services.scheduler.isBusy;
  }

  /** Milliseconds that an actor which becomes ready now waits for its turn: a probe is put into the run queue. Undefined where the runtime is stopped. */
  async queueDelay(): Promise<number | undefined> {
    return this.#stopped ? undefined : this.#parts.snapshots.queueDelay();
  }

  /**
   * Tells a listener what happens from now on: spawns, exits, dead letters, lines of the log, names, and what supervisors do. Messages are counted only, see
   * `counters`. What it throws is reported and stops nothing. `wants` is asked for each event whether it is worth making.
   * Returns what ends it.
   */
  inspect(listener: (event: InspectEvent) => void, wants?: (kind: InspectKind) => boolean): () => void {
    callback(listener, "the listener", "inspect");
    if (wants !== undefined) callback(wants, "wants", "inspect");
    return this.#parts.inspection.listen(listener, wants);
  }

  /** Resolves when no guest is alive. Host mailboxes do not count. */
  idle(): Promise<void> {
    return this.#parts.ends.idle();
  }

  /** Kills every actor and closes every mailbox. Nothing runs afterwards. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    // The host's own first: a supervisor shall not take the end of its children for a fault.
    const actors = [...this.#parts.actors].sort((a, b) => Number(a.module !== null) - Number(b.module !== null));
    for (const actor of actors) {
      actor.immune = false;
      endFromOutside(actor, { kind: "shutdown" });
    }
    this.#parts.services.timers.clear();
    this.#parts.services.scheduler.stop();
    this.#parts.switch?.stop();
    this.#parts.snapshots.stop();
    this.#parts.spawner.stop();
    this.#parts.instances.clear();
    // What has not been told yet, nobody would tell any more. Not here: a guest's function of the embedder may have called this.
    queueMicrotask(() => {
      this.#parts.ends.finish();
      this.#parts.notices.flush();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
