/**
 * A supervisor of the host: starts children in order, restarts those that end as its strategy says, gives up when that happens too often, and
 * stops them in reverse order. The semantics are those of OTP's supervisor; back-off is ours. It is an actor with a mailbox
 * and receives selectively, so no end of a child is lost while it is busy stopping others.
 *
 * A start that fails during a restart belongs to the child: what was started before it keeps running, and the child is tried again after
 * what is in the mailbox by then, as one more restart. That is void once the child was started or stopped with others, or by itself.
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

/** What somebody wants of a supervisor. */
interface Request {
  readonly act: () => Promise<void> | undefined;
  /** The supervisor has ended before. */
  readonly refuse: () => void;
}

/** So many items are dealt with in one turn. */
const ITEMS_A_TURN = 64;
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
  readonly #children: Children;
  readonly #restarts: Restarts;
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

  get pid(): Pid {
    return this.#mailbox.pid;
  }

  get strategy(): Strategy {
    return this.#options.strategy ?? "one_for_one";
  }

  /** The children in order of their starts; `pid` is undefined for one that does not run. */
  get children(): readonly { readonly id: string; readonly pid: Pid | undefined }[] {
    return this.#children.list.map(({ spec, pid }) => ({ id: spec.id, pid }));
  }

  /** The pid of a child that runs. */
  child(id: string): Pid | undefined {
    return this.#children.withId(id)?.pid;
  }

  /** Adds a child and starts it after all others. Rejects with a SpawnError where it cannot be started, or its id is taken. */
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

  /** Stops a child and forgets it. False where there is none. */
  stopChild(id: string): Promise<boolean> {
    return this.#request(async () => {
      const child = this.#children.withId(id);
      if (child === undefined) return false;
      await this.#children.stop(child);
      this.#children.forget(child);
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
      if (going !== undefined) this.#waitFor(going);
    }
    return true;
  }

  #waitFor(going: Promise<void>): void {
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
    const child = this.#children.list.find(({ pid }) => pid === from);
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
    if (restart === "temporary") this.#children.forget(child);
    return undefined;
  }

  /** A restart that was put off is due. A timer that another actor has set bears no ref. */
  #onTimer(ref: number): Promise<void> | undefined {
    const child = this.#children.list.find(({ timer }) => timer !== 0 && timer === ref);
    return child && this.#startAgain(child);
  }

  /** Counts a restart. `pid`: who has ended; undefined where a start failed. */
  #restart(child: Child, pid: Pid | undefined, reason: ExitReason): Promise<void> | undefined {
    if (!this.#restarts.mayHaveAnother(this.#upkeep.now())) {
      this.#report(child, pid, reason, "give up");
      return this.#giveUp({ kind: "shutdown" });
    }
    this.#report(child, pid, reason, "restart");
    const { delayMs } = this.#restarts;
    if (delayMs === undefined) return this.#startAgain(child);
    this.#children.cancelRestart(child);
    // Whoever was told may have ended the supervisor.
    if (this.#mailbox.isOpen) child.timer = this.#mailbox.sendAfter(delayMs, nothing);
    return undefined;
  }

  /** Starts a child that has ended, and those whom the strategy counts with it: stopped in reverse order, started in order. */
  #startAgain(child: Child): Promise<void> | undefined {
    const { strategy } = this;
    const concerned = this.#children.concernedBy(child, strategy);
    if (concerned.some(({ pid }) => pid !== undefined)) {
      return this.#children.stopAll(concerned).then(() => this.#startStopped(concerned));
    }
    for (const other of concerned) this.#children.cancelRestart(other);
    return this.#startStopped(concerned);
  }

  /** Temporary children that were stopped with others are forgotten. */
  #startStopped(concerned: readonly Child[]): Promise<void> | undefined {
    const [temporary, others] = [true, false].map(is =>
      concerned.filter(({ spec }) => (spec.restart === "temporary") === is),
    );
    for (const child of temporary) this.#children.forget(child);
    return this.#children.startAll(others, (child, error) => this.#failed(child, error));
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
    await this.#children.stopAll(this.#children.list);
    this.#mailbox.end(reason);
  }

  #report(child: Child, pid: Pid | undefined, reason: ExitReason, action: ChildReport["action"]): void {
    this.#upkeep.report({ supervisor: this.pid, id: child.spec.id, pid, reason, action });
  }

  /** Does something in the supervisor's own turn, after what came before. */
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
