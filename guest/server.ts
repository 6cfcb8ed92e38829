/**
 * A server: an actor that keeps a state, in the fields of a class, and does one thing for each item that it receives. It is
 * Erlang's gen_server without what AssemblyScript cannot do: nothing is caught, so whatever crashes ends the actor.
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
 * In a handler, say `server.take(received(n))` for each item instead of `serve`; hooks then cannot wait.
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

/** What a guest extends. The message that a hook gets is valid until something else is received, in a call for example. */
export abstract class Server {
  /**
   * Whose exit signals stop it, where it traps exits: it ends for the same reason (Erlang: a gen_server and its parent). 0, as at first: its
   * parent, that is who has spawned it, or the host's supervisor that has started it. They must be linked for the parent's end to be told.
   * An exit signal from the host always stops it, and where the host is its parent, a `shutdown` does from wherever it comes.
   */
  parent: Pid = 0;

  /** Who waits for the request at hand, so that `reply` works also after something else was received. */
  private callerPid: Pid = 0;
  private callerRef: Ref = 0;

  /** Those whose replies are for `onReply`; null until there is one. */
  private expected: Requests | null = null;

  /** Why it is to stop, once the hook has returned. */
  private stopping: ExitReason | null = null;

  /** A request, whose sender waits: answer it with `reply`, or keep `caller()` and answer later. */
  abstract onCall(message: Message): void;

  /** A message that nobody waits for an answer to. Unless overridden, it is dropped; so are those of `onInfo`. */
  onCast(_message: Message): void {}

  /** All that is no message: a Down, a timer, and where it traps exits an Exit that does not stop it. */
  onInfo(_message: Message): void {}

  /** A request that was given to `expect` is over: it has a `reply`, whose answer is valid as a hook's message is. */
  onReply(_request: Request): void {}

  /** The last that it does, where it was stopped in good order; never after a crash. */
  onStop(_reason: ExitReason): void {}

  /** Answers the request at hand. */
  reply(bytes: Uint8Array): Sent {
    return send(this.callerPid, bytes, this.callerRef);
  }

  /** Answers the request at hand with a text as UTF-8. */
  replyText(text: string): Sent {
    return sendText(this.callerPid, text, this.callerRef);
  }

  /**
   * Gives a request to `onReply` when it is over, where its answer would go to `onCast` and the end of its callee to `onInfo`; at once, from in here, where
   * it is over already, because it was refused. So a server asks others and goes on with its work.
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

  /** Who waits for the request at hand, to be answered later. */
  caller(): Caller {
    return new Caller(this.callerPid, this.callerRef);
  }

  /** Ends the actor when the hook has returned, after `onStop`. `reason`: Normal or Shutdown. */
  stop(reason: Reason = Reason.Normal): void {
    this.stopping = ExitReason.plain(reason);
  }

  /** Gives one item to the hook that it belongs to, and ends the actor where that is to be its last. */
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
    // Asked for each time: an Exit is rare, and a supervisor of the host's may become the parent after the first turn.
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

/** Serves until it is stopped; does not return. */
export function serve(server: Server): void {
  while (true) server.take(receive());
}
