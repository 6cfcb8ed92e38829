/**
 * A supervisor of the host. It starts children in order, restarts those that end as its strategy
 * says, gives up when that happens too often, and stops them in reverse order. Its semantics are
 * those of OTP's supervisor; only the back-off is isopod's own. It is an actor with a mailbox. It
 * receives selectively, so it misses no end of a child while it stops others.
 *
 * A start that fails during a restart belongs to its child. The children started before it keep
 * running. The child is tried again after the items that are in the mailbox by then, and that
 * counts as one more restart. It is not tried again where the child was started or stopped
 * meanwhile, by itself or with others.
 */

import { ClosedError, SpawnError } from "../wire/errors.ts";
import type { ChildReport } from "../wire/events.ts";
import type { Exit, ExitReason, Received } from "../wire/message.ts";
import { formatPid, type Pid } from "../wire/pid.ts";
import { reasonOfThrown } from "../wire/reason.ts";
import { type ChildSpec, checkIds, checkSpec, type Strategy, type SupervisorOptions } from "./child.ts";
import { type Child, Children, type SupervisedRuntime, type Upkeep } from "./children.ts";
import type { HostMailbox } from "./host-mailbox.ts";
import { Restarts } from "./restarts.ts";

/** Work that a supervisor was asked for. */
interface Request {
  readonly act: () => Promise<void> | undefined;
  /** Called where the supervisor has ended before. */
  readonly refuse: () => void;
}

/** How many items the supervisor handles in one turn. */
const ITEMS_A_TURN = 64;
const nothing = new Uint8Array(0);

/** A supervisor of the host, made by `runtime.supervise`. It does what OTP's supervisor does. */
export class Supervisor {
  /**
   * Resolves when all children of `SupervisorOptions.children` have started: at once where no start
   * returns a promise. Rejects with the error of the first child that could not be started. Then
   * the children before it were stopped, and the supervisor has ended with `shutdown`.
   */
  readonly started: Promise<void>;
  readonly #runtime: SupervisedRuntime;
  readonly #options: SupervisorOptions;
  readonly #mailbox: HostMailbox;
  readonly #upkeep: Upkeep;
  readonly #children: Children;
  readonly #restarts: Restarts;
  /**
   * Work to do, in order. An exit signal to itself announces each piece, because a signal is
   * accepted even where the mailbox is full.
   */
  readonly #requests: Request[] = [];
  /** True while it starts or stops children. All other items wait in the mailbox. */
  #busy = false;

  /**
   * Use `runtime.supervise` to make one. Starts the children. Where one fails, those before it are
   * stopped and its error is thrown.
   */
  constructor(runtime: SupervisedRuntime, options: SupervisorOptions, upkeep: Upkeep) {
    this.#runtime = runtime;
    this.#options = options;
    this.#upkeep = upkeep;
    this.#mailbox = runtime.mailbox();
    this.#children = new Children(runtime, this.#mailbox, upkeep);
    this.#restarts = new Restarts(options);
    let starting: Promise<void> | undefined;
    try {
      const specs = options.children ?? [];
      checkIds(specs);
      for (const spec of specs) this.#children.add(spec);
      starting = this.#children.startAll(this.#children.list, (_, error) => {
        throw error;
      });
    } catch (error) {
      this.#children.abandon();
      throw error;
    }
    this.started = starting === undefined ? Promise.resolve() : starting.catch(error => this.#failedToBegin(error));
    if (starting !== undefined) this.#waitFor(this.started);
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

  /**
   * The supervisor's pid. An exit signal to it from the host or its parent stops it and its
   * children.
   */
  get pid(): Pid {
    return this.#mailbox.pid;
  }

  /** Which children are restarted when one ends. */
  get strategy(): Strategy {
    return this.#options.strategy ?? "one_for_one";
  }

  /** The children in the order of their starts. `pid` is undefined for a child that does not run. */
  get children(): readonly { readonly id: string; readonly pid: Pid | undefined }[] {
    return this.#children.list.map(({ spec, pid }) => ({ id: spec.id, pid }));
  }

  /** The pid of a running child. Undefined where it does not run, or there is no such child. */
  child(id: string): Pid | undefined {
    return this.#children.withId(id)?.pid;
  }

  /**
   * Adds a child and starts it after all others (OTP: `supervisor:start_child/2`). Resolves to its
   * pid. Rejects with a SpawnError where it cannot be started or its id is taken, and with a
   * ClosedError where the supervisor has ended.
   */
  async startChild(spec: ChildSpec): Promise<Pid> {
    checkSpec(spec);
    return this.#request(async () => {
      const present = this.#children.withId(spec.id);
      if (present !== undefined) {
        const what =
          present.pid === undefined ? "is a child already" : `is started already as ${formatPid(present.pid)}`;
        throw new SpawnError(`${spec.id} ${what}: choose another id, or stop it first`);
      }
      const pid = await this.#children.start(spec);
      this.#children.add(spec, pid);
      return pid;
    });
  }

  /**
   * Stops a child and forgets it (OTP: `terminate_child` and `delete_child`). Resolves to false
   * where there is no such child.
   */
  stopChild(id: string): Promise<boolean> {
    return this.#request(async () => {
      const child = this.#children.withId(id);
      if (child === undefined) return false;
      await this.#children.stop(child);
      this.#children.forget(child);
      return true;
    });
  }

  /** Stops the children in reverse order, then the supervisor itself, with `shutdown`. */
  async stop(): Promise<void> {
    const ended = this.#runtime.exited(this.pid);
    this.#runtime.exit(this.pid, { kind: "shutdown" });
    await ended;
  }

  /**
   * Handles the items that have come, one after another. A child that can be restarted at once is
   * restarted before any other actor has a turn. Returns true where there may be more items than
   * one turn handles.
   */
  #drain(): boolean {
    for (let items = ITEMS_A_TURN; items > 0; items--) {
      if (this.#busy) return false;
      const item = this.#mailbox.poll();
      if (item === undefined) return false;
      const going = this.#handle(item);
      if (going !== undefined) this.#waitFor(going);
    }
    return true;
  }

  #waitFor(going: Promise<void>): void {
    this.#busy = true;
    going
      .catch(error => {
        // A ClosedError means that it was ended from outside meanwhile.
        if (!(error instanceof ClosedError)) this.#mailbox.end(reasonOfThrown(error));
      })
      .finally(() => {
        this.#busy = false;
        if (this.#drain()) this.#soon(() => undefined);
      });
  }

  /** Handles one item. Returns a promise where this takes longer than the turn. */
  #handle(item: Received): Promise<void> | undefined {
    if (item.kind === "timer") return this.#onTimer(item.ref);
    if (item.kind !== "exit") return undefined;
    return item.from === this.pid ? this.#requests.shift()?.act() : this.#onExit(item);
  }

  #onExit({ from, reason }: Exit): Promise<void> | undefined {
    const child = this.#children.list.find(({ pid }) => pid === from);
    if (child === undefined) {
      // The exit signal is not from a child. It may be from the host or the parent, from another
      // actor, or from a child that was handled before.
      return from === 0 || from === this.#mailbox.actor.parent ? this.#giveUp(reason) : undefined;
    }
    // The child sent the signal itself, and is alive.
    if (this.#runtime.isAlive(from)) return undefined;
    child.pid = undefined;
    const { restart = "permanent" } = child.spec;
    const orderly = reason.kind === "normal" || reason.kind === "shutdown";
    if (restart === "permanent" || (restart === "transient" && !orderly)) return this.#restart(child, from, reason);
    this.#report(child, from, reason, "leave");
    if (restart === "temporary") this.#children.forget(child);
    return undefined;
  }

  /** A delayed restart is due. A timer that another actor has set bears no ref. */
  #onTimer(ref: number): Promise<void> | undefined {
    const child = this.#children.list.find(({ timer }) => timer !== 0 && timer === ref);
    return child && this.#startAgain(child);
  }

  /** Counts a restart. `pid` is the child that has ended, or undefined where a start failed. */
  #restart(child: Child, pid: Pid | undefined, reason: ExitReason): Promise<void> | undefined {
    if (!this.#restarts.mayHaveAnother(this.#upkeep.now())) {
      this.#report(child, pid, reason, "give up");
      return this.#giveUp({ kind: "shutdown" });
    }
    this.#report(child, pid, reason, "restart");
    const { delayMs } = this.#restarts;
    if (delayMs === undefined) return this.#startAgain(child);
    this.#children.cancelRestart(child);
    // `onReport` may have ended the supervisor.
    if (this.#mailbox.isOpen) child.timer = this.#mailbox.sendAfter(delayMs, nothing);
    return undefined;
  }

  /**
   * Starts a child that has ended, and the others that the strategy restarts with it. Those are
   * stopped in reverse order, then all are started in order.
   */
  #startAgain(child: Child): Promise<void> | undefined {
    const { strategy } = this;
    const concerned = this.#children.concernedBy(child, strategy);
    if (concerned.some(({ pid }) => pid !== undefined)) {
      return this.#children.stopAll(concerned).then(() => this.#startStopped(concerned));
    }
    for (const other of concerned) this.#children.cancelRestart(other);
    return this.#startStopped(concerned);
  }

  /** Starts children again, but forgets temporary ones, which were stopped with the others. */
  #startStopped(concerned: readonly Child[]): Promise<void> | undefined {
    const [temporary, others] = [true, false].map(is =>
      concerned.filter(({ spec }) => (spec.restart === "temporary") === is),
    );
    for (const child of temporary) this.#children.forget(child);
    return this.#children.startAll(others, (child, error) => this.#failed(child, error));
  }

  /**
   * A child could not be started again. It is tried once more after the items that are in the
   * mailbox already (OTP: `try_again_restart`).
   */
  #failed(child: Child, error: unknown): void {
    if (!this.#mailbox.isOpen) return;
    child.failure = reasonOfThrown(error);
    this.#soon(() => child.failure && this.#restart(child, undefined, child.failure));
  }

  /** One of the first children could not be started, after an earlier start had returned a promise. */
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
    await this.#children.stopAll(this.#children.list);
    this.#mailbox.end(reason);
  }

  #report(child: Child, pid: Pid | undefined, reason: ExitReason, action: ChildReport["action"]): void {
    this.#upkeep.report({ supervisor: this.pid, id: child.spec.id, pid, reason, action });
  }

  /** Does work in the supervisor's own turn, after what came before. */
  #request<T>(act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(this.#children.ended());
      if (this.#mailbox.isOpen) this.#soon(() => act().then(resolve, reject), refuse);
      else refuse();
    });
  }

  #soon(act: Request["act"], refuse = () => {}): void {
    this.#requests.push({ act, refuse });
    this.#mailbox.exit(this.pid, { kind: "normal" });
  }
}
