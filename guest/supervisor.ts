/**
 * A supervisor: starts children in order, starts them again when they end, and stops them in reverse order; when that
 * happens too often, it stops them all and itself. The semantics are those of Erlang's `supervisor`, with one difference:
 * a child has started when it was spawned, nobody waits for its first turn.
 *
 * ```ts
 * export function run(): void {
 *   supervise(new Supervisor(), [new Child("database"), new Child("web")]);
 * }
 * ```
 *
 * It is a Server: a subclass can start and stop children in its hooks. It waits while it stops a child, so it is a process.
 */

import { Child, Restart } from "./child";
import { demonitor, exitTo, kill, monitor, trapExit, unlink } from "./links";
import { receiveMatchWithin, receiveTag, receiveTagWithin } from "./mailbox";
import { Matcher } from "./match";
import { Kind, Message, Reason } from "./message";
import { Pid } from "./pid";
import { exitText, Level, log, now } from "./process";
import { ExitReason } from "./reason";
import { register, whereis } from "./registry";
import { Server, serve } from "./server";
import { spawnLink } from "./spawn";

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

  /** When children were started again, on the clock of `now`; none older than the period but right before a look. */
  private restarts: f64[] = [];

  /** More than `intensity` restarts within `periodMs` are too many. */
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

  /** Adds a child behind all others and starts it. False where that is not possible: it is logged why, and it is not kept. */
  startChild(child: Child): bool {
    const failure = this.start(child);
    if (failure.length > 0) log(failure, Level.Error);
    else this.children.push(child);
    return failure.length === 0;
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
      const failure = this.start(children[i]);
      if (failure.length > 0) {
        this.endFrom(0);
        exitText(failure);
      }
      this.children.push(children[i]);
    }
  }

  take(message: Message): void {
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
    if (child.restart === Restart.Temporary) {
      this.children.splice(this.children.indexOf(child), 1);
      return;
    }
    if (child.restart === Restart.Transient && !reason.isAbnormal) return;
    // One that cannot be started counts as one that has ended again, so this comes to an end.
    do {
      if (!this.mayRestart()) {
        log(`supervisor: too many restarts; the last to end was ${child.module}, ${reason}`, Level.Error);
        this.leave(ExitReason.plain(Reason.Shutdown));
      }
    } while (!this.startAgain(child));
  }

  /** Counts a restart; false where it is one too many. */
  private mayRestart(): bool {
    const time = now();
    this.restarts.push(time);
    while (this.restarts[0] < time - this.periodMs) this.restarts.shift();
    return this.restarts.length <= this.intensity;
  }

  /** Stops those that go with the child, and starts all of them in order. False where one did not start. */
  private startAgain(child: Child): bool {
    if (this.strategy === Strategy.OneForOne) return this.start(child).length === 0;
    const first = this.strategy === Strategy.OneForAll ? 0 : this.children.indexOf(child);
    this.endFrom(first);
    for (let i = this.children.length - 1; i >= first; i--) {
      if (this.children[i].restart === Restart.Temporary) this.children.splice(i, 1);
    }
    for (let i = first; i < this.children.length; i++) {
      if (this.start(this.children[i]).length > 0) return false;
    }
    return true;
  }

  /** Starts a child; returns why it could not, or nothing. */
  private start(child: Child): string {
    const who = `supervisor: ${child.module} could not be started`;
    // Looked at before: a child that must be taken back might have been seen.
    if (child.name.length > 0 && whereis(child.name) !== 0) return `${who}: the name ${child.name} is taken`;
    const spawned = spawnLink(child.module, child.args, child.entry);
    if (!spawned.ok) return `${who}: ${spawned}`;
    child.pid = spawned.pid;
    if (child.name.length > 0) register(child.name, child.pid);
    return "";
  }

  /** Ends the children from `first` on, the last one first. They stay in the list. */
  private endFrom(first: i32): void {
    for (let i = this.children.length - 1; i >= first; i--) this.end(this.children[i]);
  }

  /** Ends a child, if it runs, as its `shutdownMs` says, and returns when it has ended. */
  private end(child: Child): void {
    const pid = child.pid;
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
