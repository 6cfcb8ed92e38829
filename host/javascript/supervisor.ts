/**
 * A supervisor of the host: starts children in order, restarts those that end as its strategy says, gives up when that happens too often, and
 * stops them in reverse order. The semantics are those of OTP's supervisor; back-off is ours. It is an actor with a mailbox
 * and receives selectively, so no end of a child is lost while it is busy stopping others.
 *
 * A start that fails during a restart belongs to the child: what was started before it keeps running, and the child is tried again after
 * what is in the mailbox by then, as one more restart. That is void once the child was started or stopped with others, or by itself.
 */

import type { Actor } from "../actor/actor.ts";
import { type SpawnOptions, spawnChecks } from "../life/spawner.ts";
import { GuestModule } from "../module/guest-module.ts";
import {
  callback,
  checkOptions,
  checksOf,
  milliseconds,
  millisecondsOrForever,
  oneOf,
  options,
  shown,
  text,
  wholeNumberOrForever,
} from "../wire/checks.ts";
import { ClosedError, SpawnError } from "../wire/errors.ts";
import type { ChildReport } from "../wire/events.ts";
import type { Exit, ExitReason, GivenReason, Received } from "../wire/message.ts";
import { formatPid, type Pid } from "../wire/pid.ts";
import { formatReason, reasonOfThrown } from "../wire/reason.ts";
import type { HostMailbox } from "./host-mailbox.ts";

/** Whom the end of a child concerns: itself; all children; itself and those started after it. */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one";

/** `permanent`: always restarted. `transient`: unless it ended normal or shutdown. `temporary`: never, and forgotten. */
export type Restart = "permanent" | "transient" | "temporary";

export interface ChildSpec extends SpawnOptions {
  /** Unique among the supervisor's children. */
  readonly id: string;
  /**
   * A module or a defined name to spawn with the other options; or a function that starts the child and returns its pid, or a promise of it.
   * What the function throws, or its promise rejects with, is a failed start. While the promise is pending the supervisor does nothing else,
   * as OTP's supervisor waits for a child's `init`; killed, it does not wait, and kills what is started too late.
   */
  readonly start: GuestModule | string | (() => Pid | Promise<Pid>);
  /** A name to register for it after every start. */
  readonly name?: string;
  /** Default `permanent`. */
  readonly restart?: Restart;
  /** Milliseconds it gets to end by itself once it is asked to shut down; `Infinity`: for ever; `"kill"`: none. Default 5,000. */
  readonly shutdown?: number | "kill";
}

export interface Backoff {
  /** Before the first restart within the period, in ms. */
  readonly initialMs: number;
  /** Default: 30,000. */
  readonly maxMs?: number;
  /** By which each further one is longer. Default 2. */
  readonly factor?: number;
}

export interface SupervisorOptions {
  readonly strategy?: Strategy;
  readonly children?: readonly ChildSpec[];
  /**
   * So many restarts within `periodMs` are borne; one more, and the supervisor stops all and ends with shutdown. Two restarts that are exactly
   * `periodMs` apart are within it, as in OTP. Default 1 in 5,000 ms.
   */
  readonly intensity?: number;
  readonly periodMs?: number;
  /** Default: none, as in OTP. */
  readonly backoff?: Backoff;
  readonly onReport?: (report: ChildReport) => void;
}

const childChecks = checksOf<ChildSpec>({
  ...spawnChecks,
  id: text,
  start: checkStart,
  name: text,
  restart: oneOf("permanent", "transient", "temporary"),
  shutdown: (value, name, where) => value === "kill" || millisecondsOrForever(value, name, where),
});
const supervisorChecks = checksOf<SupervisorOptions>({
  strategy: oneOf("one_for_one", "one_for_all", "rest_for_one"),
  children: checkList,
  intensity: wholeNumberOrForever(0, 2 ** 31),
  periodMs: milliseconds,
  backoff: options(checksOf<Backoff>({ initialMs: milliseconds, maxMs: milliseconds, factor: checkFactor })),
  onReport: callback,
});

interface Child {
  readonly spec: ChildSpec;
  /** Undefined while it does not run: it ended and was left so, or waits for its restart. */
  pid: Pid | undefined;
  /** Why its last start failed; it waits to be tried again (OTP: `restarting`). */
  failure: ExitReason | undefined;
  /** The timer of its restart, where that is put off; else 0. */
  timer: number;
}

/** What of a runtime a supervisor uses. */
export interface SupervisedRuntime {
  mailbox(): HostMailbox;
  spawn(module: GuestModule | string, options?: SpawnOptions): Pid;
  exited(pid: Pid): Promise<ExitReason>;
  exit(pid: Pid, reason: GivenReason): boolean;
  kill(pid: Pid): boolean;
  isAlive(pid: Pid): boolean;
  register(name: string, pid: Pid): boolean;
  whereis(name: string): Pid | undefined;
}

/** What a runtime does for its supervisors. */
export interface Upkeep {
  now(): number;
  /** Makes the supervisor the parent of a child that the host has spawned. */
  adopt(child: Pid, supervisor: Actor): void;
  /** For those who inspect the runtime. */
  told(supervisor: Pid, id: string, child: Pid, what: "started" | "stopped"): void;
  /** For `onReport`, and for those who inspect the runtime. */
  report(report: ChildReport): void;
}

/** What somebody wants of a supervisor. */
interface Request {
  readonly act: () => Promise<void> | undefined;
  /** The supervisor has ended before. */
  readonly refuse: () => void;
}

/** So many items are dealt with in one turn. */
const ITEMS_A_TURN = 64;
const DEFAULT_SHUTDOWN_MS = 5000;
const DEFAULT_MAX_BACKOFF_MS = 30_000;
const nothing = new Uint8Array(0);

export class Supervisor {
  /**
   * Resolves when all children of `SupervisorOptions.children` have started; at once where no start returns a promise. Rejects with what the
   * first one threw that could not be started: those before it are stopped then, and the supervisor has ended with shutdown.
   */
  readonly started: Promise<void>;
  readonly #runtime: SupervisedRuntime;
  readonly #options: SupervisorOptions;
  readonly #mailbox: HostMailbox;
  readonly #upkeep: Upkeep;
  /** In order of their starts. */
  #children: Child[] = [];
  /** When the restarts within the period were, oldest first. */
  #restarts: number[] = [];
  /** What is to be done, in order; each one is announced by an exit signal to itself, which gets in where the mailbox is full. */
  readonly #requests: Request[] = [];
  /** It is starting or stopping children, and everything else waits in the mailbox. */
  #busy = false;

  /** Made by `runtime.supervise`. Starts the children; where one fails, those before it are stopped and its error is thrown. */
  constructor(runtime: SupervisedRuntime, options: SupervisorOptions, upkeep: Upkeep) {
    this.#runtime = runtime;
    this.#options = options;
    this.#upkeep = upkeep;
    this.#mailbox = runtime.mailbox();
    let starting: Promise<void> | undefined;
    try {
      const specs = options.children ?? [];
      checkIds(specs);
      this.#children = specs.map(childOf);
      starting = this.#startAll(this.#children, (_, error) => {
        throw error;
      });
    } catch (error) {
      this.#abandon();
      throw error;
    }
    this.started = starting === undefined ? Promise.resolve() : starting.catch(error => this.#failedToBegin(error));
    if (starting !== undefined) this.#goOn(this.started);
    this.#mailbox.onArrival(() => {
      try {
        return this.#drain();
      } catch (error) {
        this.#mailbox.end(reasonOfThrown(error));
        return false;
      }
    });
    runtime.exited(this.pid).then(() => {
      for (const { refuse } of this.#requests.splice(0)) refuse();
    });
  }

  get pid(): Pid {
    return this.#mailbox.pid;
  }

  get strategy(): Strategy {
    return this.#options.strategy ?? "one_for_one";
  }

  /** The children in order of their starts; `pid` is undefined for one that does not run. */
  get children(): readonly { readonly id: string; readonly pid: Pid | undefined }[] {
    return this.#children.map(({ spec, pid }) => ({ id: spec.id, pid }));
  }

  /** The pid of a child that runs. */
  child(id: string): Pid | undefined {
    return this.#children.find(({ spec }) => spec.id === id)?.pid;
  }

  /** Adds a child and starts it after all others. Rejects with a SpawnError where it cannot be started, or its id is taken. */
  async startChild(spec: ChildSpec): Promise<Pid> {
    checkSpec(spec);
    return this.#request(async () => {
      const present = this.#children.find(child => child.spec.id === spec.id);
      if (present !== undefined) {
        const what =
          present.pid === undefined ? "is a child already" : `is started already as ${formatPid(present.pid)}`;
        throw new SpawnError(`${spec.id} ${what}: choose another id, or stop it first`);
      }
      const pid = await this.#start(spec);
      this.#children.push({ ...childOf(spec), pid });
      return pid;
    });
  }

  /** Stops a child and forgets it. False where there is none. */
  stopChild(id: string): Promise<boolean> {
    return this.#request(async () => {
      const child = this.#children.find(({ spec }) => spec.id === id);
      if (child === undefined) return false;
      await this.#stop(child);
      this.#forget(child);
      return true;
    });
  }

  /** Stops the children in reverse order, then itself, with shutdown. */
  async stop(): Promise<void> {
    const ended = this.#runtime.exited(this.pid);
    this.#runtime.exit(this.pid, { kind: "shutdown" });
    await ended;
  }

  /**
   * Deals with what has come, one item after another. A child that can be restarted at once is, before anybody else gets a turn.
   * True where there may be more than one turn's items.
   */
  #drain(): boolean {
    for (let items = ITEMS_A_TURN; items > 0; items--) {
      if (this.#busy) return false;
      const item = this.#mailbox.poll();
      if (item === undefined) return false;
      const going = this.#handle(item);
      if (going !== undefined) this.#goOn(going);
    }
    return true;
  }

  #goOn(going: Promise<void>): void {
    this.#busy = true;
    going
      .catch(error => {
        // Closed: it was ended from outside meanwhile.
        if (!(error instanceof ClosedError)) this.#mailbox.end(reasonOfThrown(error));
      })
      .finally(() => {
        this.#busy = false;
        if (this.#drain()) this.#soon(() => undefined);
      });
  }

  /** A promise where it takes longer than this turn. */
  #handle(item: Received): Promise<void> | undefined {
    if (item.kind === "timer") return this.#onTimer(item.ref);
    if (item.kind !== "exit") return undefined;
    return item.from === this.pid ? this.#requests.shift()?.act() : this.#onExit(item);
  }

  #onExit({ from, reason }: Exit): Promise<void> | undefined {
    const child = this.#children.find(({ pid }) => pid === from);
    if (child === undefined) {
      // Not a child's: from above; or from a stranger, or from one that has been dealt with.
      return from === 0 || from === this.#mailbox.actor.parent ? this.#giveUp(reason) : undefined;
    }
    // It sent the signal itself, and lives.
    if (this.#runtime.isAlive(from)) return undefined;
    child.pid = undefined;
    const { restart = "permanent" } = child.spec;
    const orderly = reason.kind === "normal" || reason.kind === "shutdown";
    if (restart === "permanent" || (restart === "transient" && !orderly)) return this.#restart(child, from, reason);
    this.#report(child, from, reason, "leave");
    if (restart === "temporary") this.#forget(child);
    return undefined;
  }

  /** A restart that was put off is due. A timer that another actor has set bears no ref. */
  #onTimer(ref: number): Promise<void> | undefined {
    const child = this.#children.find(({ timer }) => timer !== 0 && timer === ref);
    return child && this.#startAgain(child);
  }

  /** Counts a restart. `pid`: who has ended; undefined where a start failed. */
  #restart(child: Child, pid: Pid | undefined, reason: ExitReason): Promise<void> | undefined {
    const { periodMs = 5000, intensity = 1, backoff } = this.#options;
    const now = this.#upkeep.now();
    this.#restarts = this.#restarts.filter(then => now - then <= periodMs);
    this.#restarts.push(now);
    if (this.#restarts.length > intensity) {
      this.#report(child, pid, reason, "give up");
      return this.#giveUp({ kind: "shutdown" });
    }
    this.#report(child, pid, reason, "restart");
    if (backoff === undefined) return this.#startAgain(child);
    const { initialMs, factor = 2, maxMs = DEFAULT_MAX_BACKOFF_MS } = backoff;
    const delayMs = Math.min(maxMs, initialMs * factor ** (this.#restarts.length - 1));
    this.#settle(child);
    // Whoever was told may have ended the supervisor.
    if (this.#mailbox.isOpen) child.timer = this.#mailbox.sendAfter(delayMs, nothing);
    return undefined;
  }

  /** Starts a child that has ended, and those whom the strategy counts with it: stopped in reverse order, started in order. */
  #startAgain(child: Child): Promise<void> | undefined {
    const { strategy } = this;
    const first = strategy === "one_for_all" ? 0 : this.#children.indexOf(child);
    const concerned = strategy === "one_for_one" ? [child] : this.#children.slice(first);
    if (concerned.some(({ pid }) => pid !== undefined)) {
      return this.#stopAll(concerned).then(() => this.#startStopped(concerned));
    }
    for (const other of concerned) this.#settle(other);
    return this.#startStopped(concerned);
  }

  /** Temporary children that were stopped with others are forgotten. */
  #startStopped(concerned: readonly Child[]): Promise<void> | undefined {
    const [temporary, others] = [true, false].map(is =>
      concerned.filter(({ spec }) => (spec.restart === "temporary") === is),
    );
    for (const child of temporary) this.#forget(child);
    return this.#startAll(others, (child, error) => this.#failed(child, error));
  }

  /** Starts children in order, up to the first that fails. A promise where one takes its time. */
  #startAll(
    children: readonly Child[],
    failed: (child: Child, error: unknown) => void,
    first = 0,
  ): Promise<void> | undefined {
    for (let i = first; i < children.length; i++) {
      const child = children[i];
      try {
        const pid = this.#start(child.spec);
        if (typeof pid !== "number") {
          return pid.then(
            arrived => {
              child.pid = arrived;
              return this.#startAll(children, failed, i + 1);
            },
            error => failed(child, error),
          );
        }
        child.pid = pid;
      } catch (error) {
        failed(child, error);
        return undefined;
      }
    }
    return undefined;
  }

  /** A child could not be started again. It is tried once more after what is in the mailbox already (OTP: `try_again_restart`). */
  #failed(child: Child, error: unknown): void {
    if (!this.#mailbox.isOpen) return;
    child.failure = reasonOfThrown(error);
    this.#soon(() => child.failure && this.#restart(child, undefined, child.failure));
  }

  /** A child could not be started at first, after others had taken their time. */
  async #failedToBegin(error: unknown): Promise<never> {
    try {
      await this.#giveUp({ kind: "shutdown" });
    } catch (closed) {
      // It was ended from outside meanwhile, and its children with it.
      if (!(closed instanceof ClosedError)) throw closed;
    }
    throw error;
  }

  async #giveUp(reason: ExitReason): Promise<void> {
    await this.#stopAll(this.#children);
    this.#mailbox.end(reason);
  }

  async #stopAll(children: readonly Child[]): Promise<void> {
    for (const child of [...children].reverse()) await this.#stop(child);
  }

  #start(spec: ChildSpec): Pid | Promise<Pid> {
    if (!this.#mailbox.isOpen) throw this.#ended();
    const { start } = spec;
    const pid = typeof start === "function" ? start() : this.#runtime.spawn(start, spawnOptionsOf(spec));
    return typeof pid === "object" && pid !== null
      ? Promise.resolve(pid).then(arrived => this.#take(spec, arrived))
      : this.#take(spec, pid);
  }

  /** Ties a child that was just started to the supervisor, and gives it its name. */
  #take(spec: ChildSpec, pid: Pid): Pid {
    const { id, name } = spec;
    if (!Number.isSafeInteger(pid) || pid <= 0) {
      throw new TypeError(
        `the start of child ${id} gave ${String(pid)}: return the pid of the actor that it has started`,
      );
    }
    const twin = this.#children.find(child => child.pid === pid);
    if (twin !== undefined) {
      throw new SpawnError(`the start of child ${id} gave ${formatPid(pid)}, which is child ${twin.spec.id} already`);
    }
    if (!this.#mailbox.isOpen) {
      this.#runtime.kill(pid);
      throw this.#ended();
    }
    this.#upkeep.adopt(pid, this.#mailbox.actor);
    this.#mailbox.link(pid);
    if (name !== undefined && !this.#runtime.register(name, pid)) {
      this.#mailbox.unlink(pid);
      this.#runtime.kill(pid);
      throw new SpawnError(`child ${id} cannot be called ${name}: ${this.#owner(name)}`);
    }
    this.#upkeep.told(this.pid, id, pid, "started");
    return pid;
  }

  /** The children started so far end with it; there is no time to wait for those that trap exits. */
  #abandon(): void {
    for (const { pid } of [...this.#children].reverse()) {
      if (pid === undefined) continue;
      this.#mailbox.exit(pid, { kind: "shutdown" });
      this.#mailbox.exit(pid, { kind: "killed" });
    }
    this.#mailbox.end({ kind: "shutdown" });
  }

  #owner(name: string): string {
    const owner = this.#runtime.whereis(name);
    return owner === undefined ? "it ended at once" : `${formatPid(owner)} has that name`;
  }

  /**
   * Asks a child to shut down, gives it its time, then kills it. Its Down is waited for, which comes also where it has taken back
   * its link (so does OTP); every other item stays for later.
   */
  async #stop(child: Child): Promise<void> {
    this.#settle(child);
    const { pid } = child;
    if (pid === undefined) return;
    const { shutdown = DEFAULT_SHUTDOWN_MS } = child.spec;
    const ref = this.#mailbox.monitor(pid);
    const itsDown = (item: Received) => item.kind === "down" && item.ref === ref;
    let ended: Received | undefined;
    if (shutdown !== "kill") {
      this.#mailbox.exit(pid, { kind: "shutdown" });
      const timeout = shutdown === Number.POSITIVE_INFINITY ? {} : { timeoutMs: shutdown };
      ended = await this.#mailbox.receiveMatch(itsDown, timeout);
    }
    if (ended === undefined) {
      this.#mailbox.exit(pid, { kind: "killed" });
      await this.#mailbox.receiveMatch(itsDown);
    }
    await this.#mailbox.receiveMatch(item => item.kind === "exit" && item.from === pid, { timeoutMs: 0 });
    child.pid = undefined;
    this.#upkeep.told(this.pid, child.spec.id, pid, "stopped");
  }

  /** A child does not wait for its restart any more. */
  #settle(child: Child): void {
    child.failure = undefined;
    if (child.timer !== 0) this.#mailbox.cancelTimer(child.timer);
    child.timer = 0;
  }

  #forget(child: Child): void {
    this.#children = this.#children.filter(other => other !== child);
  }

  #report(child: Child, pid: Pid | undefined, reason: ExitReason, action: ChildReport["action"]): void {
    this.#upkeep.report({ supervisor: this.pid, id: child.spec.id, pid, reason, action });
  }

  /** Does something in the supervisor's own turn, after what came before. */
  #request<T>(act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(this.#ended());
      if (this.#mailbox.isOpen) this.#soon(() => act().then(resolve, reject), refuse);
      else refuse();
    });
  }

  #soon(act: Request["act"], refuse = () => {}): void {
    this.#requests.push({ act, refuse });
    this.#mailbox.exit(this.pid, { kind: "normal" });
  }

  #ended(): ClosedError {
    return new ClosedError(`supervisor ${formatPid(this.pid)} has ended: start another`);
  }
}

/** What of a child's specification is its spawn's. */
function spawnOptionsOf(spec: ChildSpec): SpawnOptions {
  const { id: _id, start: _start, name: _name, restart: _restart, shutdown: _shutdown, ...others } = spec;
  return others;
}

function childOf(spec: ChildSpec): Child {
  return { spec, pid: undefined, failure: undefined, timer: 0 };
}

/** Throws a TypeError or a RangeError that names what is wrong. */
export function checkSupervisor(given: SupervisorOptions): void {
  checkOptions("supervise", given, supervisorChecks);
  if (given.backoff !== undefined && given.backoff.initialMs === undefined) {
    throw new TypeError("backoff of supervise: initialMs is missing");
  }
  for (const spec of given.children ?? []) checkSpec(spec);
}

function checkSpec(spec: ChildSpec): void {
  const where = `child ${shown(spec?.id)}`;
  checkOptions(where, spec, childChecks);
  for (const name of ["id", "start"] as const) {
    if (spec[name] === undefined) throw new TypeError(`${where}: ${name} is missing`);
  }
}

function checkStart(start: unknown, _: string, where: string): void {
  if (typeof start === "string" || typeof start === "function" || start instanceof GuestModule) return;
  throw new TypeError(`${where}: start is a module, a defined name, or a function that starts it, not ${shown(start)}`);
}

function checkList(list: unknown, name: string, where: string): void {
  if (!Array.isArray(list)) throw new TypeError(`${where}: ${name} is a list, not ${shown(list)}`);
}

function checkFactor(factor: unknown, name: string, where: string): void {
  if (typeof factor === "number" && factor >= 1 && factor < Number.POSITIVE_INFINITY) return;
  const text = `${where}: ${name} is a number from 1 up, not ${shown(factor)}`;
  throw typeof factor === "number" ? new RangeError(text) : new TypeError(text);
}

function checkIds(specs: readonly ChildSpec[]): void {
  const ids = specs.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new SpawnError(`two children are called ${twice}: ids are unique within a supervisor`);
}

/** One line for a log. */
export function formatReport({ id, pid, reason, action }: ChildReport): string {
  const what = pid === undefined ? "could not be started" : `${formatPid(pid)} ended`;
  return `child ${id} ${what} (${formatReason(reason)}): ${action}`;
}
