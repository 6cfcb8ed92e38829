/**
 * Exit reasons as values. An `ExitReason` stays valid, unlike the Down or the Exit that it is read
 * from.
 */

import { Kind, Message, Reason } from "./message";

/** The reason of a Down or an Exit. */
export class ExitReason {
  private constructor(
    readonly kind: Reason,
    private readonly payload: Uint8Array,
  ) {}

  /** The reason in a Down or an Exit. Crashes for a message of another kind. */
  static of(message: Message): ExitReason {
    if (message.kind !== Kind.Down && message.kind !== Kind.Exit) {
      throw new Error("ExitReason.of: only a Down or an Exit has a reason");
    }
    return new ExitReason(message.reason, message.bytes());
  }

  /** A reason without bytes. */
  static plain(kind: Reason): ExitReason {
    return new ExitReason(kind, new Uint8Array(0));
  }

  /** Whether the actor returned from `run`, or called `exit()`. */
  get isNormal(): bool {
    return this.kind === Reason.Normal;
  }

  /**
   * Whether the reason is neither normal nor shutdown. A supervisor then restarts a transient
   * child.
   */
  get isAbnormal(): bool {
    return this.kind !== Reason.Normal && this.kind !== Reason.Shutdown;
  }

  /**
   * The bytes of the reason. For Own, the actor's own bytes. For a crash, UTF-8: the message, a
   * line end, the stack. Else none.
   */
  bytes(): Uint8Array {
    return this.payload;
  }

  /** The message of a crash, or an actor's own reason as text. Else empty. */
  text(): string {
    if (this.kind !== Reason.Crashed) return this.whole();
    const whole = this.whole();
    const end = whole.indexOf("\n");
    return end < 0 ? whole : whole.substring(0, end);
  }

  /** The stack of a crash, as far as the engine tells it. Else empty. */
  stack(): string {
    if (this.kind !== Reason.Crashed) return "";
    const whole = this.whole();
    const end = whole.indexOf("\n");
    return end < 0 ? "" : whole.substring(end + 1);
  }

  /** One line for people: `normal`, `crashed: unreachable`. */
  toString(): string {
    switch (this.kind) {
      case Reason.Normal:
        return "normal";
      case Reason.Shutdown:
        return "shutdown";
      case Reason.Killed:
        return "killed";
      case Reason.Crashed:
        return `crashed: ${this.text()}`;
      case Reason.NoProc:
        return "noproc";
      case Reason.NoConnection:
        return "noconnection";
      default:
        return `own: ${this.text()}`;
    }
  }

  private whole(): string {
    return String.UTF8.decodeUnsafe(this.payload.dataStart, this.payload.length);
  }
}
