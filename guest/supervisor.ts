/**
 * Supervisors. A supervisor starts its children in order, restarts them when they end, and stops
 * them in reverse order. After too many restarts it stops all children and itself.
 *
 * The semantics are those of Erlang's `supervisor`, with one difference. A child counts as started
 * when it is spawned: the supervisor does not wait for its first turn. A child that is stopped
 * before its first turn ends without having run.
 *
 * ```ts
 * export function run(): void {
 *   supervise(new Supervisor(), [new Child("database"), new Child("web")]);
 * }
 * ```
 *
 * When a start fails during a restart, the children that were started before keep running. The
 * supervisor tries the failed child again after the items that are then in its mailbox. Each
 * attempt counts as a restart. The attempt is dropped once the child was started or stopped in
 * another way.
 *
 * A supervisor ends with its parent, for the same reason, and stops its children first (see
 * `Server.parent`). It needs the grant `spawn` for its children, and `register` for their names.
 *
 * It is a Server, so a subclass can start and stop children in its hooks. It waits while it stops a
 * child, so it must be a process, and not a handler.
 */

import { Child, Restart } from "./child";
import { demonitor, exitTo, kill, monitor, trapExit, unlink } from "./links";
import { receiveMatchWithin, receiveTag, receiveTagWithin } from "./mailbox";
import { Matcher } from "./match";
import { Kind, Message, Reason } from "./message";
import { Pid } from "./pid";
import { exitText, Level, log, self } from "./process";
import { ExitReason } from "./reason";
import { dropRef, makeRef, Ref } from "./ref";
import { Registered, register } from "./registry";
import { Sent, sendTag } from "./send";
import { Server, serve } from "./server";
import { spawnLink } from "./spawn";
import { sendAfter } from "./timers";

/** Which children are restarted when one has ended. */
export enum Strategy {
  /** Only that child. */
  OneForOne,
  /** All children. */
  OneForAll,
  /** That child, and those that were started after it. */
  RestForOne,
}

export class Supervisor extends Server {
  /** In the order in which they start. */
  readonly children: Child[] = [];

  /**
   * One timer for each restart within the period, the oldest first. Timers are used because a clock
   * would need a grant. An entry is 0 where the limit of timers was reached. That restart counts
   * until a later one has left the period.
   */
  private restarts: Ref[] = [];

  /** Children whose start has failed. For each of them a message to itself is in the mailbox. */
  private failed: Child[] = [];

  /**
   * The tags of those messages. Each is a ref, because a full mailbox still accepts one message for
   * a ref.
   */
  private retries: Ref[] = [];

  /**
   * @param intensity how many restarts are permitted within the period
   * @param periodMs the period in milliseconds; it includes restarts that are exactly so far apart
   */
  constructor(
    readonly strategy: Strategy = Strategy.OneForOne,
    readonly intensity: i32 = 1,
    readonly periodMs: f64 = 5000,
  ) {
    super();
    trapExit();
  }

  /** Answers no requests. A subclass may. */
  onCall(_message: Message): void {}

  /**
   * A start or restart has failed. `why` names the child and the reason. Default: logs it. It is
   * not called for the children of `startAll`: there the supervisor ends, with `why` as its own
   * reason.
   */
  onFailedStart(_child: Child, why: string): void {
    log(why, Level.Error);
  }

  /**
   * Adds a child after all others, and starts it (Erlang: `start_child`). A child that it has
   * already is refused, alive or not (Erlang: `already_started`, `already_present`).
   *
   * @returns false where the start has failed; the child is then not added, and `onFailedStart` is
   * called
   */
  startChild(child: Child): bool {
    const isPresent = child.pid === 0 && this.children.includes(child);
    const why = isPresent ? `${notStarted(child)}: it is a child already, which does not run` : this.start(child);
    if (why.length > 0) this.onFailedStart(child, why);
    else this.children.push(child);
    return why.length === 0;
  }

  /**
   * Stops a child and forgets it (Erlang: `terminate_child` and `delete_child`). It waits until the
   * child has ended, so a hook's message is stale afterwards. False where it is not one of its
   * children.
   */
  stopChild(child: Child): bool {
    const index = this.children.indexOf(child);
    if (index < 0) return false;
    this.end(child);
    this.children.splice(index, 1);
    return true;
  }

  /**
   * Starts `children` in order. If one cannot be started, the children before it are stopped and
   * the supervisor ends.
   */
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
    if (message.kind === Kind.Message && this.retries.length > 0 && message.tag === this.retries[0]) {
      dropRef(this.retries.shift());
      const child = this.failed.shift();
      if (child.failure.length > 0) this.restart(child, child.failure);
      return;
    }
    // 0 is the host, which is no child, and also the `pid` of children that are not alive.
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

  /**
   * Restarts a child, and others as the strategy says, unless there were too many restarts.
   *
   * @param last which child has ended, and why
   */
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

  /** A restart has failed. The child is tried again after the items that are in the mailbox now. */
  private tryAgain(child: Child, why: string): void {
    this.onFailedStart(child, why);
    child.failure = why;
    const ref = makeRef();
    if (ref !== 0 && sendTag(self(), ref) === Sent.Accepted) {
      this.failed.push(child);
      this.retries.push(ref);
      return;
    }
    // A limit forbids the message, so the next attempt is now.
    if (ref !== 0) dropRef(ref);
    this.restart(child, why);
  }

  /** Counts a restart. False where it is one too many. */
  private mayRestart(): bool {
    // A restart whose timer has fired is older than the period, and so are the restarts before it.
    let expired = 0;
    for (let i = 0; i < this.restarts.length; i++) {
      const timer = this.restarts[i];
      if (timer === 0) continue;
      if (receiveTagWithin(timer, 0) === null) break;
      expired = i + 1;
    }
    this.restarts.splice(0, expired);
    if (this.restarts.length >= this.intensity) return false;
    this.restarts.push(sendAfter(<u32>max(0, min(this.periodMs, MAX_PERIOD_MS)) + 1, self()));
    return true;
  }

  /**
   * Whether this is the timer of a restart. That restart and those before it have then left the
   * period.
   */
  private hasExpired(timer: Ref): bool {
    const index = timer === 0 ? -1 : this.restarts.indexOf(timer);
    this.restarts.splice(0, index + 1);
    return index >= 0;
  }

  /** Starts a child. Returns why it failed, or an empty string. */
  private start(child: Child): string {
    const who = notStarted(child);
    if (child.pid !== 0) return `${who}: it is started already, as ${child.pid}`;
    const spawned = spawnLink(child.module, child.args, child.entry);
    if (!spawned.ok) return `${who}: ${spawned}`;
    if (child.name.length > 0) {
      const registered = register(child.name, spawned.pid);
      if (registered !== Registered.Done) {
        // The child has not had its first turn.
        unlink(spawned.pid);
        kill(spawned.pid);
        return `${who}: ${whyNameless(registered, child.name)}`;
      }
    }
    child.pid = spawned.pid;
    return "";
  }

  /** Stops the children from `first` on, the last one first. They stay in the list. */
  private endFrom(first: i32): void {
    for (let i = this.children.length - 1; i >= first; i--) this.end(this.children[i]);
  }

  /**
   * Stops a child, as its `shutdownMs` says, and returns when it has ended. A pending attempt to
   * restart it is dropped.
   */
  private end(child: Child): void {
    const pid = child.pid;
    child.failure = "";
    if (pid === 0) return;
    child.pid = 0;
    // A monitor, because a child may have unlinked itself. The link is removed, and so is an Exit
    // that has come already. All receives here match only this child, so the exits of others stay
    // in the mailbox.
    const ref = monitor(pid);
    if (ref === 0) {
      this.endByLink(child, pid);
      return;
    }
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

  /**
   * As `end`, where a limit forbids the monitor. A child that has unlinked itself is killed after
   * its whole time.
   */
  private endByLink(child: Child, pid: Pid): void {
    const exit = new ExitFrom(pid);
    if (receiveMatchWithin(exit, 0) !== null) return;
    if (child.shutdownMs !== 0 && exitTo(pid) && receiveMatchWithin(exit, child.shutdownMs) !== null) return;
    kill(pid);
    unlink(pid);
    receiveMatchWithin(exit, 0);
  }
}

/** The longest delay of a timer in milliseconds, less one. */
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

/** Matches the Exit of one actor. */
class ExitFrom extends Matcher {
  constructor(private readonly pid: Pid) {
    super();
  }

  matches(message: Message): bool {
    return message.kind === Kind.Exit && message.from === this.pid;
  }
}

/**
 * Starts the children in order, and supervises them until the supervisor stops. Does not return.
 */
export function supervise(supervisor: Supervisor, children: Child[]): void {
  supervisor.startAll(children);
  serve(supervisor);
}
