/**
 * The runtime: loads modules, spawns actors, and delivers the host's messages to them. Nothing that
 * an actor does makes a call of another actor, or of the host, throw.
 */

import { totals } from "./actor/counters.ts";
import { Caller } from "./javascript/caller.ts";
import type { SupervisorOptions } from "./javascript/child.ts";
import type { Ask } from "./javascript/client.ts";
import { type HostMailbox, type SendOptions, sendChecks } from "./javascript/host-mailbox.ts";
import type { Supervisor } from "./javascript/supervisor.ts";
import type { DeriveOptions, ModuleDefaults, SpawnOptions } from "./life/spawn-options.ts";
import type { DerivedModule } from "./module/derived-module.ts";
import type { GuestModule } from "./module/guest-module.ts";
import type { ModuleSource } from "./module/source.ts";
import type { ActorFilter } from "./observe/actor-filter.ts";
import type { ActorInfo } from "./observe/actor-info.ts";
import type { Follow, FollowOptions } from "./observe/follows.ts";
import type { Snapshot, SnapshotOptions } from "./observe/snapshot.ts";
import type { Totals } from "./observe/totals.ts";
import type { TurnTimes } from "./observe/turn-times.ts";
import { type PeekOptions, peek, type WaitingItem } from "./observe/waiting-item.ts";
import { type LoadOptions, loadChecks, type RuntimeOptions, runtimeChecks } from "./options.ts";
import { Parts } from "./parts.ts";
import { callback, checkOptions } from "./wire/checks.ts";
import { ClosedError, ImageError } from "./wire/errors.ts";
import type { Counters, InspectEvent, InspectKind } from "./wire/events.ts";
import type { RuntimeLimits } from "./wire/limits.ts";
import type { ExitReason, GivenReason } from "./wire/message.ts";
import { payloadFrom } from "./wire/payload.ts";
import type { Pid } from "./wire/pid.ts";

/** What isopod's other entry points use of a runtime. */
export let partsOf: (runtime: Runtime) => Parts;

/** Loads modules, runs their actors, and connects them with JavaScript. `stop` ends it. */
export class Runtime extends Caller implements AsyncDisposable {
  readonly #parts: Parts;
  #stopped = false;

  static {
    partsOf = runtime => runtime.#parts;
  }

  /** Throws a RangeError for a number out of its range, and a TypeError for an unknown option. */
  constructor(options: RuntimeOptions = {}) {
    super();
    checkOptions("a runtime", options, runtimeChecks);
    this.#parts = new Parts(options);
  }

  /** The limits in force: the defaults, with those of `RuntimeOptions.limits` in their place. */
  get limits(): RuntimeLimits {
    return this.#parts.limits;
  }

  /** Totals since the runtime began: `sent` = `received` + `dead` + the messages in mailboxes. */
  get counters(): Readonly<Counters> {
    return totals(this.#parts.services);
  }

  /** The number of live guests. Host mailboxes do not count. */
  get size(): number {
    return this.#parts.ends.guests;
  }

  /**
   * Compiles a module and checks it against the ABI, once for all its actors. `source` is a path, a
   * URL, bytes, a compiled module, or what `build()` has made. Rejects with a LoadError that names
   * the wrong import or export, or the limit.
   */
  async load(source: ModuleSource, options: LoadOptions = {}): Promise<GuestModule> {
    checkOptions("load", options, loadChecks);
    return this.#parts.loader.load(source, options);
  }

  /**
   * Gives a module a name, by which the host and granted guests spawn it, from the next spawn on.
   * Throws a SpawnError for a policy that the module cannot have.
   */
  define(name: string, module: GuestModule | DerivedModule, defaults: ModuleDefaults = {}): void {
    this.#parts.spawner.define(name, module, defaults);
  }

  /**
   * Starts an actor of a module or of a defined name, and returns its pid (Erlang: `spawn/3`). Its
   * code runs in a later turn, so links and monitors that you make at once miss nothing. Throws a
   * SpawnError where there is no such name or entry, where the guest cannot wait as asked, at a
   * limit, and where the module traps while it starts. Throws a ClosedError after `stop`.
   */
  spawn(module: GuestModule | DerivedModule | string, options: SpawnOptions = {}): Pid {
    return this.#parts.spawner.spawn(module, options, this.#parts.imports).pid;
  }

  /**
   * Sends bytes, or a text as UTF-8, from the host (pid 0) to a pid or a name. Returns true where
   * the message was accepted, false where there is no such actor, its mailbox is full, or it is too
   * large.
   */
  send(to: Pid | string, bytes: Uint8Array | string, options?: SendOptions): boolean {
    if (options !== undefined) checkOptions("send", options, sendChecks);
    return this.#parts.directory.send(null, to, payloadFrom(bytes), options?.tag ?? 0);
  }

  protected override askerOf(to: Pid | string): Ask {
    return (bytes, options) => {
      const callee = this.#parts.directory.receiver(to);
      if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to call actors");
      return this.#parts.calls.call(callee, to, bytes, options);
    };
  }

  /** The live actor that has this name, or else a new one. Throws as `spawn` does. */
  getOrSpawn(name: string, module: GuestModule | DerivedModule | string, options: SpawnOptions = {}): Pid {
    return this.whereis(name) ?? this.spawn(module, { ...options, name });
  }

  /** The live actor that has this name; undefined where none has it (Erlang: `whereis/1`). */
  whereis(name: string): Pid | undefined {
    return this.#parts.registry.whereis(name)?.pid;
  }

  /**
   * Gives a name to a live actor (Erlang: `register/2`). Returns false where the name is taken, or
   * there is no such actor. The name is free again before any actor is told of its owner's end.
   */
  register(name: string, pid: Pid): boolean {
    const actor = this.#parts.directory.here(pid);
    return actor !== undefined && this.#parts.registry.register(name, actor);
  }

  /** Takes a name back. Returns false where no actor has it (Erlang: `unregister/1`). */
  unregister(name: string): boolean {
    return this.#parts.registry.unregister(name);
  }

  /** The live members of a group, in the order in which they joined (Erlang: `pg`). */
  members(group: string): Pid[] {
    return [...this.#parts.registry.members(group).keys()];
  }

  /** Makes an actor a member of a group, once. Returns false where there is no such actor. */
  join(group: string, pid: Pid): boolean {
    const actor = this.#parts.directory.here(pid);
    if (actor !== undefined) this.#parts.registry.join(group, actor);
    return actor !== undefined;
  }

  /** Ends an actor's membership of a group. Returns false where it is no member, or there is no such actor. */
  leave(group: string, pid: Pid): boolean {
    const actor = this.#parts.directory.here(pid);
    return actor !== undefined && this.#parts.registry.leave(group, actor);
  }

  /** Sends bytes, or a text as UTF-8, to each member of a group. Returns how many accepted it. */
  broadcast(group: string, bytes: Uint8Array | string, options: SendOptions = {}): number {
    checkOptions("broadcast", options, sendChecks);
    return this.#parts.directory.broadcast(null, group, payloadFrom(bytes), options.tag ?? 0);
  }

  /** Makes a mailbox for JavaScript, with its own pid. Throws a ClosedError after `stop`. */
  mailbox(): HostMailbox {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to receive");
    return this.#parts.newMailbox();
  }

  /**
   * Runs an async function as an actor with a mailbox. It ends with `normal` when the function
   * returns, with `crashed` when it throws. After a kill its receives reject with a ClosedError.
   */
  actor(run: (mailbox: HostMailbox) => Promise<void>): Pid {
    callback(run, "what it runs", "actor");
    return this.#parts.runActor(this.mailbox(), run);
  }

  /**
   * Starts a supervisor and its children (OTP: `supervisor:start_link`). Throws what the first
   * child that cannot be started throws. `Supervisor.started` waits for promised starts.
   */
  supervise(options: SupervisorOptions): Supervisor {
    return this.#parts.newSupervisor(this, options);
  }

  /** Whether there is a live actor with this pid (Erlang: `is_process_alive/1`). */
  isAlive(pid: Pid): boolean {
    return this.#parts.directory.find(pid) !== undefined;
  }

  /** Resolves to the exit reason, or to `noproc` where there is no such actor (Erlang: a monitor). */
  exited(pid: Pid): Promise<ExitReason> {
    return this.#parts.exited(pid);
  }

  /**
   * Ends an actor with `killed`, even if it traps exits (Erlang: `exit(Pid, kill)`). In its own
   * turn it ends at its next import. Returns false where there is no such actor.
   */
  kill(pid: Pid): boolean {
    return this.exit(pid, { kind: "killed" });
  }

  /**
   * Makes an actor leave its instance: its state becomes an image, which its next turn loads. Returns
   * false where there is no such actor, and where it is in its turn, has no instance, or keeps the one
   * that it has (`ActorInfo.pinned` says why).
   */
  hibernate(pid: Pid): boolean {
    const actor = this.#parts.directory.here(pid);
    return actor !== undefined && this.#parts.hibernation.hibernate(actor);
  }

  /**
   * The state of a parked actor as bytes, which can be stored, and spawned by any runtime that has loaded
   * the same module. It is the actor's memory and globals, and how it waits. The bytes hold all of its
   * secrets. The actor lives on. Throws an ImageError that says why there is no image: the actor is not
   * parked, it keeps its instance, it waits for an answer of the embedder, or there is no such actor.
   */
  image(pid: Pid): Uint8Array {
    const actor = this.#parts.directory.here(pid);
    if (actor === undefined) throw new ImageError("there is no image of this actor, because it is not alive");
    return this.#parts.images.image(actor);
  }

  /**
   * Spawns an actor that goes on where the actor of an image was parked, with a new pid. Its mailbox is
   * empty, and it has no names, timers, links or monitors. Its grants and limits are those of the options,
   * as for `spawn`. If it waits for the answer to a ref, it gets a Down with `noconnection`. Throws an
   * ImageError where the bytes are damaged, or are of another module, first state or version. Throws a
   * SpawnError as `spawn` does. Nothing in an image is trusted, but whoever made it decides what the actor
   * does with its grants.
   */
  spawnImage(module: GuestModule | DerivedModule | string, image: Uint8Array, options: SpawnOptions = {}): Pid {
    return this.#parts.spawner.spawnImage(module, image, options, this.#parts.imports).pid;
  }

  /**
   * A module whose actors begin where the actor of an image was parked, and run its entry; or, if `begin` says so, run
   * it anew. It shares the code and the instances of its base. An actor's own image is then the difference from this
   * one. Throws an ImageError as `spawnImage` does.
   */
  derive(module: GuestModule | DerivedModule, image: Uint8Array, options: DeriveOptions = {}): DerivedModule {
    return this.#parts.spawner.derive(module, image, options, this.#parts.imports);
  }

  /**
   * A module, and the names that it was defined by, can be spawned no more. It is freed when its last actor has
   * ended. Modules that were derived from it stay. Returns false where it was unloaded before.
   */
  unload(module: GuestModule | DerivedModule): boolean {
    return this.#parts.modules.unload(module);
  }

  /**
   * Sends an exit signal from the host (Erlang: `exit/2`). An actor that traps exits gets an item.
   * Any other actor ignores `normal`, and ends with any other reason. `killed` cannot be trapped.
   * Returns false where there is no such actor.
   */
  exit(pid: Pid, given: GivenReason): boolean {
    return this.#parts.directory.exit(null, pid, given);
  }

  /**
   * Describes live actors, as plain data: the first 1,000 in the order of their slots, or the page, the
   * order and the filter that the options name. It costs nothing unless you call it. Throws a TypeError
   * for an unknown option, and for `from` with another order than that of the slots.
   */
  snapshot(options: SnapshotOptions = {}): Snapshot {
    return this.#parts.snapshots.snapshot(options);
  }

  /**
   * Counts all live actors, or those of a filter, by kind and by state, and adds up their mailboxes. It
   * makes no list. Without a filter, it reads words only.
   */
  totals(filter: ActorFilter = {}): Totals {
    return this.#parts.snapshots.totals(filter);
  }

  /** Describes one actor, as `snapshot` does. Returns undefined where there is no such actor. */
  info(pid: Pid): ActorInfo | undefined {
    const actor = this.#parts.directory.here(pid);
    return actor && this.#parts.snapshots.infoOf(actor);
  }

  /** The first items of an actor's mailbox, which stay in it. Undefined where there is no such actor. */
  peek(pid: Pid, options: PeekOptions = {}): WaitingItem[] | undefined {
    return peek(this.#parts.directory.here(pid), options);
  }

  /**
   * Keeps the last messages that an actor sends and is sent, without signals, until `Follow.stop`. What
   * that costs, docs/observer.md says. Undefined where there is no such actor.
   */
  follow(pid: Pid, options: FollowOptions = {}): Follow | undefined {
    return this.#parts.follows.follow(this.#parts.directory.here(pid), options);
  }

  /**
   * Estimates how long the turns of each guest take, until `TurnTimes.stop`. It costs about one percent
   * of the thread (docs/observer.md).
   */
  timeTurns(): TurnTimes {
    return this.#parts.turnClock.start();
  }

  /** Whether an actor is ready or running, or an end has still to be told. */
  get isBusy(): boolean {
    return this.#parts.services.scheduler.isBusy;
  }

  /** Milliseconds that an actor which becomes ready now waits for its turn. Undefined after `stop`. */
  async queueDelay(): Promise<number | undefined> {
    return this.#stopped ? undefined : this.#parts.snapshots.queueDelay();
  }

  /**
   * Tells a listener each event from now on. Messages are only counted, see `counters`. What the
   * listener throws is reported, and has no other effect. `wants` says for each kind of event
   * whether it is wanted. Returns a function that ends the inspection.
   */
  inspect(listener: (event: InspectEvent) => void, wants?: (kind: InspectKind) => boolean): () => void {
    callback(listener, "the listener", "inspect");
    if (wants !== undefined) callback(wants, "wants", "inspect");
    return this.#parts.inspection.listen(listener, wants);
  }

  /**
   * Resolves when no actor is ready or running, and all ends are told: until a message, a timer or a promise of
   * yours makes one ready.
   */
  settled(): Promise<void> {
    return this.#parts.services.scheduler.settled();
  }

  /** Resolves when no guest is alive. Host mailboxes do not count. */
  idle(): Promise<void> {
    return this.#parts.ends.idle();
  }

  /** Ends every actor with `shutdown`, and closes every mailbox. No actor runs afterwards. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#parts.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
