/**
 * A supervisor: starts children in order, starts them again when they end, and stops them in reverse order; when that
 * happens too often, it stops them all and itself. The semantics are those of Erlang's `supervisor`, with one difference:
 * a child has started when it was spawned. Nobody waits for its first turn, and one that is stopped before that ends without
 * having run.
 *
 * ```ts
 * export function run(): void {
 *   supervise(new Supervisor(), [new Child("database"), new Child("web")]);
 * }
 * ```
 *
 * A start that fails during a restart belongs to the child: what was started before it keeps running, and the child is tried
 * again after what is in the mailbox by then, as one more restart. That is void once the child was started or stopped with
 * others, or by itself.
 *
 * It ends with its parent, for the same reason, and stops its children first (see `Server.parent`). It needs no grants but
 * `spawn` for its children, and `register` where they have names.
 *
 * It is a Server: a subclass can start and stop children in its hooks. It waits while it stops a child, so it is a process.
 */

import { Child, Restart } from "./child";
import { demonitor, exitTo, kill, monitor, trapExit, unlink } from "./links";
import { receiveMatchWithin, receiveTag, receiveTagWithin } from "./mailbox";
import { Matcher } from "./match";
import { Kind, Message, Reason } from "./message";
import { Pid } from "./pid";
import { exitText, Level, log, self } from "./process";
import { ExitReason } from "./reason";
import { makeRef, Ref } from "./ref";
import { Registered, register } from "./registry";
import { Sent, sendTag } from "./send";
import { Server, serve } from "./server";
import { spawnLink } from "./spawn";
import { sendAfter } from "./timers";

/** Who is started again with a child that has ended. */
export enum Strategy {
  /** Nobody else. */
  OneForOne,
  /** All children. */
  OneForAll,
  /** Those that were started after it. */
  RestForOne,
}

export class Supervisor extends Server {
  /** In the order in which they are started. */
  readonly children: Child[] = [];

  /** A timer for each restart within the period, oldest first: a clock would need a grant. */
  private restarts: Ref[] = [];

  /** Children whose starts have failed, one for each message of `again` that is on its way. */
  private failed: Child[] = [];

  /** What those messages are tagged with; 0 until it is needed. */
  private again: Ref = 0;

  /** More than `intensity` restarts within `periodMs` are too many; two that are exactly so far apart are within. */
  constructor(
    readonly strategy: Strategy = Strategy.OneForOne,
    readonly intensity: i32 = 1,
    readonly periodMs: f64 = 5000,
  ) {
    super();
    trapExit();
  }

  /** Requests are not answered unless a subclass does. */
  onCall(_message: Message): void {}

  /**
   * A child could not be started, or started again; `why` says which and why. Logs it, unless overridden. Where it was one of the first, the
   * supervisor ends for `why` as its own reason, and this is not called.
   */
  onFailedStart(_child: Child, why: string): void {
    log(why, Level.Error);
  }

  /**
   * Adds a child behind all others and starts it. False where that is not possible: then it is not kept, and `onFailedStart` is told why.
   * One of its children already is refused, whether it runs or not (Erlang: `already_started`, `already_present`).
   */
  startChild(child: Child): bool {
    const isPresent = child.pid === 0 && this.children.includes(child);
    const why = isPresent ? `${notStarted(child)}: it is a child already, which does not run` : this.start(child);
    if (why.length > 0) this.onFailedStart(child, why);
    else this.children.push(child);
    return why.length === 0;
  }

  /**
   * Stops a child and forgets it (Erlang: `terminate_child` and `delete_child`). False where it is not one of its children.
   * Waits until it has ended, so the message that a hook got is gone.
   */
  stopChild(child: Child): bool {
    const index = this.children.indexOf(child);
    if (index < 0) return false;
    this.end(child);
    this.children.splice(index, 1);
    return true;
  }

  /** Starts `children` in order. Where one cannot be started, those before it are stopped and the supervisor ends. */
  startAll(children: Child[]): void {
    for (let i = 0; i < children.length; i++) {
      const why = this.start(children[i]);
      if (why.length > 0) {
        this.endFrom(0);
        exitText(why);
      }
      this.children.push(children[i]);
    }
  }

  take(message: Message): void {
    if (message.kind === Kind.Timer && this.hasExpired(message.ref)) return;
    if (message.kind === Kind.Message && this.again !== 0 && message.tag === this.again) {
      const child = this.failed.shift();
      if (child.failure.length > 0) this.restart(child, child.failure);
      return;
    }
    // From 0, the host, comes no child's exit; and 0 is also the pid of those that do not run.
    const child = message.kind === Kind.Exit && message.from !== 0 ? this.childOf(message.from) : null;
    if (child === null) super.take(message);
    else this.childEnded(child, ExitReason.of(message));
  }

  protected leave(reason: ExitReason): void {
    this.endFrom(0);
    super.leave(reason);
  }

  private childOf(pid: Pid): Child | null {
    for (let i = 0; i < this.children.length; i++) {
      if (this.children[i].pid === pid) return this.children[i];
    }
    return null;
  }

  private childEnded(child: Child, reason: ExitReason): void {
    child.pid = 0;
    if (child.restart === Restart.Temporary) this.children.splice(this.children.indexOf(child), 1);
    else if (child.restart === Restart.Permanent || reason.isAbnormal)
      this.restart(child, `${child.module}, ${reason}`);
  }

  /** Starts a child again, with those whom the strategy counts with it, unless that was too often. `last`: who has ended, and why. */
  private restart(child: Child, last: string): void {
    if (!this.mayRestart()) {
      log(`supervisor: too many restarts; the last to end was ${last}`, Level.Error);
      this.leave(ExitReason.plain(Reason.Shutdown));
    }
    let first = this.children.indexOf(child);
    let end = first + 1;
    if (this.strategy === Strategy.OneForOne) {
      child.failure = "";
    } else {
      if (this.strategy === Strategy.OneForAll) first = 0;
      this.endFrom(first);
      for (let i = this.children.length - 1; i >= first; i--) {
        if (this.children[i].restart === Restart.Temporary) this.children.splice(i, 1);
      }
      end = this.children.length;
    }
    for (let i = first; i < end; i++) {
      const next = this.children[i];
      const why = this.start(next);
      if (why.length === 0) continue;
      this.tryAgain(next, why);
      return;
    }
  }

  /** A child could not be started again: it is tried once more after what is in the mailbox already. */
  private tryAgain(child: Child, why: string): void {
    this.onFailedStart(child, why);
    child.failure = why;
    if (this.again === 0) this.again = makeRef();
    if (sendTag(self(), this.again) === Sent.Accepted) this.failed.push(child);
    // The mailbox is full, so that nothing can be put behind what is there.
    else this.restart(child, why);
  }

  /** Counts a restart; false where it is one too many. */
  private mayRestart(): bool {
    // Those whose timers have run down meanwhile are older than the period.
    while (this.restarts.length > 0 && receiveTagWithin(this.restarts[0], 0) !== null) this.restarts.shift();
    if (this.restarts.length >= this.intensity) return false;
    this.restarts.push(sendAfter(<u32>max(0, min(this.periodMs, MAX_PERIOD_MS)) + 1, self()));
    return true;
  }

  /** Whether this is the timer of a restart, which has left the period then. */
  private hasExpired(timer: Ref): bool {
    const index = this.restarts.indexOf(timer);
    if (index >= 0) this.restarts.splice(index, 1);
    return index >= 0;
  }

  /** Starts a child; returns why it could not, or nothing. */
  private start(child: Child): string {
    const who = notStarted(child);
    if (child.pid !== 0) return `${who}: it is started already, as ${child.pid}`;
    const spawned = spawnLink(child.module, child.args, child.entry);
    if (!spawned.ok) return `${who}: ${spawned}`;
    if (child.name.length > 0) {
      const registered = register(child.name, spawned.pid);
      if (registered !== Registered.Done) {
        // It has not had its first turn.
        unlink(spawned.pid);
        kill(spawned.pid);
        return `${who}: ${whyNameless(registered, child.name)}`;
      }
    }
    child.pid = spawned.pid;
    return "";
  }

  /** Ends the children from `first` on, the last one first. They stay in the list. */
  private endFrom(first: i32): void {
    for (let i = this.children.length - 1; i >= first; i--) this.end(this.children[i]);
  }

  /** Ends a child, if it runs, as its `shutdownMs` says, and returns when it has ended. It does not wait for a restart any more. */
  private end(child: Child): void {
    const pid = child.pid;
    child.failure = "";
    if (pid === 0) return;
    child.pid = 0;
    // A monitor, because a child may have unlinked itself. Then nothing of the link may come any more, and what has come is
    // taken out. All three receives look for this child only: the exits of others stay in the mailbox, none is lost.
    const ref = monitor(pid);
    unlink(pid);
    if (receiveMatchWithin(new ExitFrom(pid), 0) === null) {
      const ended = child.shutdownMs !== 0 && exitTo(pid) && receiveTagWithin(ref, child.shutdownMs) !== null;
      if (!ended) {
        kill(pid);
        receiveTag(ref);
      }
    }
    demonitor(ref, true);
  }
}

/** The longest delay of a timer, less one. */
const MAX_PERIOD_MS: f64 = 4294967294;

function notStarted(child: Child): string {
  return `supervisor: ${child.module} could not be started`;
}

function whyNameless(registered: Registered, name: string): string {
  switch (registered) {
    case Registered.Taken:
      return `the name ${name} is taken`;
    case Registered.NotGranted:
      return `it cannot be called ${name} without the grant register`;
    case Registered.Limit:
      return `it cannot be called ${name}: the name is too long, or one more than the limit names allows`;
    default:
      return `it ended before it could be called ${name}`;
  }
}

/** Wants the Exit of one actor. */
class ExitFrom extends Matcher {
  constructor(private readonly pid: Pid) {
    super();
  }

  matches(message: Message): bool {
    return message.kind === Kind.Exit && message.from === this.pid;
  }
}

/** Starts the children in order and supervises them until it is stopped; does not return. */
export function supervise(supervisor: Supervisor, children: Child[]): void {
  supervisor.startAll(children);
  serve(supervisor);
}
