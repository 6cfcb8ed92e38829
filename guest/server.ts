/**
 * Servers: actors that keep a state and handle one item after another (Erlang: gen_server). The
 * state is in the fields of a class, and each kind of item has a hook. AssemblyScript has no
 * exceptions, so every crash ends the actor.
 *
 * ```ts
 * class Counter extends Server {
 *   private sum: i64 = 0;
 *
 *   onCall(_message: Message): void {
 *     this.replyText((++this.sum).toString());
 *   }
 * }
 *
 * export function run(): void {
 *   serve(new Counter());
 * }
 * ```
 *
 * In a handler, call `server.take(received(n))` for each item instead of `serve`. Its hooks cannot
 * wait.
 */

import { Caller } from "./call";
import { receive } from "./mailbox";
import { Kind, Message, Reason } from "./message";
import { Pid } from "./pid";
import { exitFor, parent } from "./process";
import { ExitReason } from "./reason";
import { Ref } from "./ref";
import { Request, Requests } from "./request";
import { Sent, send, sendText } from "./send";

/**
 * The base class of servers. A hook's message is valid until the next receive, which includes
 * calls.
 */
export abstract class Server {
  /**
   * The actor whose exit signals stop the server, if it traps exits. It ends for the same reason
   * (Erlang: a gen_server and its parent). 0, the default, means the actor that has spawned it, or
   * the host's supervisor that has started it.
   *
   * The server must be linked to its parent to get the parent's exit signal. An exit signal from
   * the host always stops it. If the host is its parent, a `shutdown` from any actor stops it as
   * well.
   */
  parent: Pid = 0;

  /** The sender of the current request, so that `reply` also works after another receive. */
  private callerPid: Pid = 0;
  private callerRef: Ref = 0;

  /** The requests whose replies go to `onReply`. Null until there is one. */
  private expected: Requests | null = null;

  /** The reason to stop for, once the hook has returned. Null while it runs on. */
  private stopping: ExitReason | null = null;

  /** A request, whose sender waits. Answer it with `reply`, or keep `caller()` and answer later. */
  abstract onCall(message: Message): void;

  /** A message without a request. Default: it is dropped. */
  onCast(_message: Message): void {}

  /** A Down, a timer, or an Exit that does not stop the server. Default: it is dropped. */
  onInfo(_message: Message): void {}

  /**
   * A request that was passed to `expect` is over and has a `reply`. The answer is valid as a
   * hook's message is.
   */
  onReply(_request: Request): void {}

  /** The last hook, when the server stops. It is never called after a crash. */
  onStop(_reason: ExitReason): void {}

  /** Answers the current request. */
  reply(bytes: Uint8Array): Sent {
    return send(this.callerPid, bytes, this.callerRef);
  }

  /** Answers the current request with a text as UTF-8. */
  replyText(text: string): Sent {
    return sendText(this.callerPid, text, this.callerRef);
  }

  /**
   * Passes a request to `onReply` when it is over, so that a server can ask others and continue its
   * work. Without this, the answer would go to `onCast`, and the end of the callee to `onInfo`. A
   * request that was refused is over already, so `onReply` is called at once.
   */
  expect(request: Request): void {
    if (request.isOver) {
      this.onReply(request);
      return;
    }
    let expected = this.expected;
    if (expected === null) {
      expected = new Requests();
      this.expected = expected;
    }
    expected.add(request);
  }

  /** The sender of the current request, to answer it later. */
  caller(): Caller {
    return new Caller(this.callerPid, this.callerRef);
  }

  /**
   * Ends the actor when the hook has returned, after `onStop`.
   *
   * @param reason Normal or Shutdown
   */
  stop(reason: Reason = Reason.Normal): void {
    this.stopping = ExitReason.plain(reason);
  }

  /** Passes one item to its hook. Ends the actor if the hook has stopped the server. */
  take(message: Message): void {
    const expected = this.expected;
    let over: Request | null = null;
    if (expected !== null) over = expected.take(message);
    const kind = message.kind;
    if (over !== null) {
      this.onReply(over);
    } else if (kind === Kind.Exit && this.isStop(message)) {
      this.stopping = ExitReason.of(message);
    } else if (kind !== Kind.Message) {
      this.onInfo(message);
    } else if (message.ref !== 0) {
      this.callerPid = message.from;
      this.callerRef = message.ref;
      this.onCall(message);
    } else {
      this.onCast(message);
    }
    const reason = this.stopping;
    if (reason !== null) this.leave(reason);
  }

  private isStop(exit: Message): bool {
    // Read each time, because a supervisor of the host may become the parent after the first turn.
    // An Exit is rare.
    const above = this.parent === 0 ? parent() : this.parent;
    if (exit.from === 0 || exit.from === above) return true;
    return above === 0 && exit.reason === Reason.Shutdown;
  }

  /** Ends the actor for `reason`. */
  protected leave(reason: ExitReason): void {
    this.onStop(reason);
    exitFor(reason);
  }
}

/** Receives and handles items until the server stops. Does not return. */
export function serve(server: Server): void {
  while (true) server.take(receive());
}
