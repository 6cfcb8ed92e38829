/**
 * The parts of a runtime, made and connected in one place. Their dependencies have no circle: each
 * part gets the parts below it, and functions for what is above it.
 */

import { Actor, type Services } from "./actor/actor.ts";
import { InstanceTable } from "./actor/body.ts";
import { TurnBudget } from "./actor/reductions.ts";
import { Specs } from "./actor/spec.ts";
import { Registry } from "./between/names.ts";
import { drawRefs } from "./between/refs.ts";
import { endFromOutside } from "./between/signals.ts";
import { Denials, type Denied } from "./door/denials.ts";
import { hostImports } from "./door/host-functions.ts";
import { actorImports } from "./door/imports.ts";
import { askedFunctions } from "./door/imports-ask.ts";
import { envImports } from "./door/imports-env.ts";
import type { SpawnByGuest } from "./door/imports-signals.ts";
import { type Log, mayLog } from "./door/log.ts";
import { CallActor } from "./javascript/call-actor.ts";
import type { Calls } from "./javascript/calls.ts";
import { checkSupervisor, type SupervisorOptions } from "./javascript/child.ts";
import { Directory } from "./javascript/directory.ts";
import { HostMailbox } from "./javascript/host-mailbox.ts";
import { Supervisor } from "./javascript/supervisor.ts";
import { IS_AWAY, MAX_ACTORS, TELLS_ENDS, TIE_SECRET, WATCHED } from "./kernel/words.ts";
import { Ends } from "./life/ends.ts";
import { Exits } from "./life/exits.ts";
import { Hibernation } from "./life/hibernation.ts";
import { Images } from "./life/images.ts";
import { Instances } from "./life/instances.ts";
import { Modules } from "./life/modules.ts";
import { Spawner, tellSpawn } from "./life/spawner.ts";
import { Account } from "./mail/account.ts";
import { Actors } from "./mail/actors.ts";
import { Kernel } from "./mail/kernel.ts";
import { ModuleLoader } from "./module/loader.ts";
import { Callbacks } from "./observe/callbacks.ts";
import { Follows } from "./observe/follows.ts";
import { Snapshots } from "./observe/snapshot.ts";
import { TurnClock } from "./observe/turn-times.ts";
import type { RuntimeOptions } from "./options.ts";
import { CallOut } from "./time/call-out.ts";
import { systemClock } from "./time/clock.ts";
import { Inspection } from "./time/inspection.ts";
import { Notices } from "./time/notices.ts";
import { checkedRandom, secretRandom } from "./time/random.ts";
import { Scheduler } from "./time/scheduler.ts";
import { Timers } from "./time/timers.ts";
import { JspiWay } from "./turns/jspi.ts";
import { Loop } from "./turns/loop.ts";
import { asyncifyWay, handlerWay } from "./turns/plain.ts";
import { Ports } from "./turns/ports.ts";
import { byCountAndClock } from "./turns/preempt.ts";
import { stackTooLong } from "./turns/preempted-stack.ts";
import type { ImportObject } from "./wire/host-functions.ts";
import { type RuntimeLimits, runtimeLimits } from "./wire/limits.ts";
import type { ExitReason } from "./wire/message.ts";
import type { Pid } from "./wire/pid.ts";
import { reasonOfThrown } from "./wire/reason.ts";

/** Everything that one runtime consists of. */
export class Parts {
  readonly limits: RuntimeLimits;
  readonly notices: Notices;
  readonly inspection: Inspection;
  readonly callbacks: Callbacks;
  readonly services: Services;
  readonly actors: Actors<Actor>;
  readonly registry: Registry;
  readonly directory: Directory;
  readonly imports: ImportObject;
  readonly loop: Loop;
  readonly instances: Instances;
  readonly modules: Modules;
  readonly hibernation: Hibernation;
  readonly images: Images;
  readonly ends: Ends;
  readonly spawner: Spawner;
  readonly snapshots: Snapshots;
  readonly follows: Follows;
  readonly turnClock: TurnClock;
  readonly loader: ModuleLoader;
  #calls: Calls | undefined;

  constructor(options: RuntimeOptions) {
    const { record } = options;
    const judge = options.simulation?.judge ?? byCountAndClock;
    const clock = options.clock ?? systemClock;
    const limits = runtimeLimits(options.limits);
    const notices = new Notices(new CallOut(options.onError));
    const inspection = new Inspection(notices, clock);
    const scheduler = new Scheduler(clock, options.sliceMs ?? 4, notices);
    const random = options.random === undefined ? secretRandom : checkedRandom(options.random, notices);
    // The pids of a simulation are always the same.
    const generations = options.simulation === undefined ? random : () => 0;
    const kernel = new Kernel<Actor>(options.kernel, limits.allMailboxBytes, generations);
    for (const word of [TIE_SECRET, TIE_SECRET + 4]) kernel.setWord(word, (secretRandom() * 2 ** 32) | 1);
    const account = new Account(limits.allMemoryBytes, kernel);
    const actors = new Actors(kernel);
    const follows = new Follows(clock, actors);
    const counters = {
      sent: 0,
      received: 0,
      dead: 0,
      denied: 0,
      untold: 0,
      spawned: 0,
      ended: 0,
      hibernated: 0,
      loaded: 0,
      turnsCut: 0,
    };
    const jspi = new JspiWay(limits.fibers, account);
    const callbacks = new Callbacks(options, inspection, counters);
    this.callbacks = callbacks;
    const services: Services = {
      clock,
      scheduler,
      timers: new Timers(clock, scheduler, error => notices.callOut.failed("a timer", error)),
      kernel,
      ways: { handler: handlerWay, asyncify: asyncifyWay, jspi },
      specs: new Specs(kernel),
      instances: new InstanceTable(),
      extras: new Map(),
      judge: record === undefined ? judge : record.judge(judge),
      budget: new TurnBudget(),
      resumed: actor => this.loop.resumed(actor),
      counters,
      account,
      random,
      follows,
      transit: options.simulation?.transit ?? null,
      taping: record ?? null,
      end: (actor, reason) => this.ends.end(actor, reason),
      bringIn: actor => this.instances.bringIn(actor),
      pin: actor => this.instances.pin(actor),
      describe: (actor, error) => stackTooLong(actor) ?? reasonOfThrown(error),
      deadLetter: (from, to, tag, length, why) => callbacks.deadLetter(from, to, tag, length, why),
    };
    kernel.setWord(MAX_ACTORS, limits.actors);
    const exits = new Exits(services, inspection, options.onExit);
    /** Looks at who wants to hear of spawns and ends. */
    const look = () => {
      kernel.setWord(WATCHED, inspection.wants("spawn") ? 1 : 0);
      kernel.setWord(TELLS_ENDS, exits.areWanted ? 1 : 0);
    };
    inspection.onListener = look;
    kernel.view = (lo, hi, record) => new Actor(lo, hi, record, services);
    notices.onAdding = () => exits.tellOfKernel();
    notices.onDropped = (what, count) => callbacks.dropped(what, count);
    this.limits = limits;
    this.notices = notices;
    this.inspection = inspection;
    this.services = services;
    this.actors = actors;
    this.follows = follows;
    this.turnClock = new TurnClock(kernel, clock);
    this.registry = new Registry(inspection);
    this.directory = new Directory(services, this.actors, this.registry);
    this.snapshots = new Snapshots(services, this.actors);

    const denials = new Denials(notices, options.onDenied);
    const denied: Denied = (actor, call) => denials.tell(actor, call);
    const log: Log = (actor, level, text) => callbacks.log(actor, level, text);
    const { registry } = this;
    const spawn: SpawnByGuest = (parent, name, entry, args) => {
      // Warnings count against the log, so failing spawns cannot flood it.
      const warn = (text: string, bytes: number) => {
        if (mayLog(parent, bytes)) callbacks.log(parent, "warning", text);
      };
      return this.spawner.spawnByGuest(parent, name, entry, args, this.imports, warn);
    };
    const ms = clock.now();
    const began = { ms, date: clock.date?.() ?? ms };
    const { callOut } = notices;
    const given = options.imports ?? {};
    const host = hostImports(services, callOut, given, log, denied);
    const asked = askedFunctions(given);
    const parts = { services, actors, registry, spawn, asked, callOut, log, denied, began };
    const actor = actorImports(parts);
    this.imports = { actor, env: envImports(services, options.readString ?? (() => "abort")), host };
    this.hibernation = new Hibernation(services, options.hibernateAfterMs ?? Number.POSITIVE_INFINITY);
    this.images = new Images(services, this.hibernation);
    const lives = {
      begin: look,
      tellEnds: () => exits.tellOfKernel(),
      provide: (actor: Actor) => this.instances.provide(actor),
      ran: () => this.hibernation.ran(),
    };
    this.loop = new Loop(services, notices, this.turnClock, lives, options.simulation?.driver ?? null);
    const ports = new Ports(kernel, this.imports, () => drawRefs(services), options.kernel === undefined);
    this.instances = new Instances(services, ports, this.imports, limits);
    this.modules = new Modules(services, this.instances);
    this.ends = new Ends(services, notices, registry, this.instances, exits);
    this.spawner = new Spawner(
      services,
      limits,
      notices,
      inspection,
      actors,
      registry,
      this.instances,
      this.modules,
      this.images,
      this.ends,
      jspi,
      options.grants,
    );
    const imported = new Map(Object.entries(host).map(([module, functions]) => [module, Object.keys(functions)]));
    const offers = { imported, asked: new Set(asked.keys()) };
    const { moduleBytes, tableElements } = limits;
    const { read = fetch, readSourceMap } = options;
    const taped = { onLoaded: record?.loaded.bind(record), compile: record?.compile };
    this.loader = new ModuleLoader({ moduleBytes, tableElements, offers, readSourceMap, ...taped }, read);
    options.simulation?.attach(this);
    record?.attach(this);
  }

  /** Ends all actors, and tells their ends. Nothing runs afterwards. */
  stop(): void {
    // The host's own actors first: a supervisor must not take the end of its children for a fault.
    const actors = [...this.actors].sort((a, b) => Number(a.module !== null) - Number(b.module !== null));
    for (const actor of actors) {
      actor.immune = false;
      endFromOutside(actor, { kind: "shutdown" });
    }
    this.services.timers.clear();
    this.services.scheduler.stop();
    this.loop.stop();
    this.snapshots.stop();
    this.spawner.stop();
    this.instances.drop();
    // Tells what no later turn would. In a microtask: a guest's call may have led to `stop`.
    queueMicrotask(() => {
      this.ends.finish();
      this.notices.flush();
    });
  }

  /** The calls of the host. Their actor is made for the first one. */
  get calls(): Calls {
    this.#calls ??= this.#newHostActor(record => new CallActor(record, this.services, this.limits)).calls;
    return this.#calls;
  }

  /** Resolves to the exit reason of an actor, here or elsewhere. */
  exited(pid: Pid): Promise<ExitReason> {
    const actor = this.directory.find(pid);
    if (actor?.has(IS_AWAY)) return this.calls.exited(actor);
    return this.ends.exited(actor, pid) ?? Promise.resolve({ kind: "noproc" });
  }

  newMailbox(): HostMailbox {
    const { services, limits, notices, directory } = this;
    return this.#newHostActor(record => new HostMailbox(record, services, limits, notices.callOut, directory));
  }

  /** Runs an async function as the actor of a mailbox. */
  runActor(mailbox: HostMailbox, run: (mailbox: HostMailbox) => Promise<void>): Pid {
    const end = (reason: ExitReason) => this.ends.end(mailbox.actor, reason);
    // In a microtask, so that links and monitors made with the pid miss nothing.
    const ended = Promise.resolve(mailbox)
      .then(run)
      .then(
        () => end({ kind: "normal" }),
        error => end(reasonOfThrown(error)),
      );
    this.notices.callOut.watch("telling of an end", ended);
    return mailbox.pid;
  }

  /** Makes something of the host that acts as an actor without a guest. */
  #newHostActor<T extends { readonly actor: Actor }>(make: (record: number) => T): T {
    const made: T[] = [];
    const actor = this.actors.add(record => {
      made.push(make(record));
      return made[0].actor;
    });
    tellSpawn(this.inspection, actor);
    return made[0];
  }

  /** `runtime` is what the supervisor starts its children with. */
  newSupervisor(runtime: ConstructorParameters<typeof Supervisor>[0], options: SupervisorOptions): Supervisor {
    checkSupervisor(options);
    const { directory, ends, inspection, services, snapshots } = this;
    const { onReport } = options;
    const supervisor = new Supervisor(runtime, options, {
      now: () => services.clock.now(),
      adopt: (child, { lo, hi }) => {
        const actor = directory.find(child);
        if (actor === undefined || actor.parent !== 0) return;
        actor.setParent(lo, hi);
      },
      told: (supervisor, id, pid, what) => inspection.tell({ kind: "child", supervisor, id, pid, what }),
      report: report => inspection.tell({ kind: "report", report }, "onReport", onReport && (() => onReport(report))),
    });
    const { pid } = supervisor;
    ends.exited(directory.find(pid), pid)?.then(snapshots.supervision.add(supervisor));
    return supervisor;
  }
}
