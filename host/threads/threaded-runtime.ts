/**
 * A runtime over several threads. It is thread 0 and has all of a runtime's functions, which take pids of all threads.
 * What can only be asked of another thread, and so takes a promise, is in `threads`.
 */
import type { Cbor } from "../adapters/codec.ts";
import type { DeriveOptions, ModuleDefaults, SpawnOptions } from "../life/spawn-options.ts";
import { spawnChecks } from "../life/spawn-options.ts";
import type { DerivedModule } from "../module/derived-module.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { ModuleSource } from "../module/source.ts";
import type { LoadOptions, RuntimeOptions } from "../options.ts";
import { partsOf, Runtime } from "../runtime.ts";
import { checkOptions, checkWhole, oneOf } from "../wire/checks.ts";
import type { ActorExit, DeadLetter, Denial, LogLevel } from "../wire/events.ts";
import { highWord, MOST_THREADS, type Pid, threadOf } from "../wire/pid.ts";
import { Crew } from "./crew.ts";
import { settledAll } from "./settled.ts";
import type { SharedSpace } from "./shared.ts";
import { shared } from "./shared-module.ts";
import { Thread } from "./thread.ts";
import { Threads } from "./threads.ts";
import type { Workers } from "./workers.ts";

/** How long `idle` waits between two looks at whether a guest is alive on another thread. */
const LOOK_MS = 20;

export class ThreadedRuntime extends Runtime {
  /** The threads, and what only they can be asked. */
  readonly threads: Threads;
  readonly #crew: Crew;
  readonly #workers: Workers;
  readonly #options: RuntimeOptions;
  #isStopped = false;

  /** Use `createRuntime` of `isopod/threads`: it starts the workers, too. */
  constructor(options: RuntimeOptions, threads: number, space: SharedSpace | undefined, workers: Workers) {
    super(options);
    this.#options = options;
    this.#crew = new Crew(new Thread(partsOf(this), 0, space, false), threads, space);
    this.#workers = workers;
    this.threads = new Threads(this, this.#crew, workers);
    workers.onLost = (thread, why) => {
      const { notices } = this.#crew.thread.parts;
      this.#crew.lose(thread);
      notices.callOut.failed(`thread ${thread}`, new Error(`thread ${thread} is lost: ${why}`));
    };
    this.#hear();
  }

  /** The ways to the workers are open. */
  opened(ports: ReadonlyMap<number, Parameters<Crew["open"]>[1]>): void {
    for (const [thread, port] of ports) this.#crew.open(thread, port);
  }

  override async load(source: ModuleSource, options: LoadOptions = {}): Promise<GuestModule> {
    const module = await super.load(source, options);
    await this.#workers.share(shared(module), this.#crew.library.add(module));
    return module;
  }

  override define(name: string, module: GuestModule | DerivedModule, defaults: ModuleDefaults = {}): void {
    checkPlacement(defaults.placement);
    super.define(name, module, defaults);
    this.#crew.tellAll("define", [name, this.#crew.library.numberOf(module), defaults as Cbor]);
  }

  override derive(module: GuestModule | DerivedModule, image: Uint8Array, options: DeriveOptions = {}): DerivedModule {
    const derived = super.derive(module, image, options);
    const { library } = this.#crew;
    const { inSources: _, ...others } = options;
    this.#crew.tellAll("derive", [library.add(derived), library.numberOf(module), image, others as Cbor]);
    return derived;
  }

  override unload(module: GuestModule | DerivedModule): boolean {
    if (!super.unload(module)) return false;
    const number = this.#crew.library.numberOf(module);
    this.#crew.library.remove(number);
    this.#crew.tellAll("unload", number);
    return true;
  }

  override spawn(module: GuestModule | DerivedModule | string, options: SpawnOptions = {}): Pid {
    checkOptions("spawn", options, spawnChecks);
    if (options.thread !== undefined) checkWhole(options.thread, "thread", "spawn", 0, MOST_THREADS - 1);
    const { spawning } = this.#crew;
    const { modules } = this.#crew.thread.parts;
    const placement = options.thread ?? modules.find(module, "spawn").defaults.placement;
    const thread = spawning.threadFor(placement);
    if (thread === 0) return super.spawn(module, options);
    return spawning.spawn(thread, module, options, (name, pid) => this.#crew.naming.claimFor(name, pid));
  }

  override register(name: string, pid: Pid): boolean {
    if (threadOf(highWord(pid)) === 0) return super.register(name, pid);
    return this.isAlive(pid) && this.#crew.naming.give(name, pid);
  }

  override unregister(name: string): boolean {
    return super.unregister(name) || this.#crew.naming.take(name);
  }

  override join(group: string, pid: Pid): boolean {
    return this.#changeGroup(group, pid, true) ?? super.join(group, pid);
  }

  override leave(group: string, pid: Pid): boolean {
    return this.#changeGroup(group, pid, false) ?? super.leave(group, pid);
  }

  #changeGroup(group: string, pid: Pid, isMember: boolean): boolean | undefined {
    if (threadOf(highWord(pid)) === 0) return undefined;
    if (!this.isAlive(pid)) return false;
    this.#crew.naming.join(group, pid, isMember);
    return true;
  }

  override async settled(): Promise<void> {
    await settledAll(this.#crew, () => super.settled());
  }

  override async idle(): Promise<void> {
    const { clock } = this.#crew.thread.parts.services;
    await super.idle();
    while ((await settledAll(this.#crew, () => super.settled())) > 0) {
      await new Promise<void>(resolve => void clock.wake(LOOK_MS, resolve));
      await super.idle();
    }
  }

  override async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    // The supervisors of this thread first: they must not take the end of their children for a fault.
    await super.stop();
    this.#crew.thread.away.flush();
    await this.#workers.stop();
    this.#crew.thread.stop();
  }

  /** What workers tell thread 0: its callbacks are the runtime's. */
  #hear(): void {
    const { agent, parts } = this.#crew.thread;
    const { inspection, notices } = parts;
    const { onExit, onDeadLetter, onDenied } = this.#options;
    agent.on("exit", body => {
      const exit = this.#located(body as unknown as ActorExit);
      const names = exit.name === undefined ? [] : [exit.name];
      inspection.tell({ kind: "exit", names, ...exit }, "onExit", onExit && (() => onExit(exit)));
    });
    agent.on("log", body => {
      const [pid, level, text] = body as [Pid, LogLevel, string];
      inspection.tell({ kind: "log", pid, level, text }, "onLog", () => parts.callbacks.write(pid, level, text));
    });
    agent.on("letter", body => {
      const letter = body as unknown as DeadLetter;
      inspection.tell({ kind: "dead-letter", ...letter }, "onDeadLetter", onDeadLetter && (() => onDeadLetter(letter)));
    });
    agent.on("denial", body => {
      if (onDenied !== undefined)
        notices.add(() => notices.callOut.run("onDenied", () => onDenied(body as unknown as Denial)));
    });
    agent.on("failed", (body, { thread }) => {
      const [what, message] = body as [string, string];
      notices.callOut.failed(what, new Error(`thread ${thread}: ${message}`));
    });
  }

  /** A crash with its place in the source, which only this thread knows. */
  #located(exit: ActorExit): ActorExit {
    const module = this.#crew.library.named(exit.module);
    const base = module !== undefined && "base" in module ? module.base : module;
    return { ...exit, reason: base?.located(exit.reason) ?? exit.reason };
  }
}

function checkPlacement(placement: unknown): void {
  if (typeof placement === "number") checkWhole(placement, "placement", "define", 0, MOST_THREADS - 1);
  else if (placement !== undefined) oneOf("here", "spread")(placement, "placement", "define");
}
