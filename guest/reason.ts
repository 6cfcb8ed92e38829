/**
 * Why an actor ended, as a value of its own: unlike the Down or Exit that it is read from, it stays valid.
 */

import { Kind, Message, Reason } from "./message";

/** The reason of a Down or an Exit. */
export class ExitReason {
  private constructor(
    readonly kind: Reason,
    private readonly payload: Uint8Array,
  ) {}

  /** Reads it from an item of the kind Down or Exit; crashes where `message` is another. */
  static of(message: Message): ExitReason {
    if (message.kind !== Kind.Down && message.kind !== Kind.Exit) {
      throw new Error("ExitReason.of: only a Down or an Exit has a reason");
    }
    return new ExitReason(message.reason, message.bytes());
  }

  /** A reason that has no bytes. */
  static plain(kind: Reason): ExitReason {
    return new ExitReason(kind, new Uint8Array(0));
  }

  /** It returned from `run`, or called `exit()`. */
  get isNormal(): bool {
    return this.kind === Reason.Normal;
  }

  /** Neither normal nor shutdown: for these a supervisor starts a transient child again. */
  get isAbnormal(): bool {
    return this.kind !== Reason.Normal && this.kind !== Reason.Shutdown;
  }

  /** What came with it: an actor's own bytes; of a crash UTF-8, the message, a line end, the stack; else none. */
  bytes(): Uint8Array {
    return this.payload;
  }

  /** Of a crash its message, of an actor's own reason its bytes as text, else empty. */
  text(): string {
    if (this.kind !== Reason.Crashed) return this.whole();
    const whole = this.whole();
    const end = whole.indexOf("\n");
    return end < 0 ? whole : whole.substring(0, end);
  }

  /** Of a crash the stack, as far as the engine tells it; else empty. */
  stack(): string {
    if (this.kind !== Reason.Crashed) return "";
    const whole = this.whole();
    const end = whole.indexOf("\n");
    return end < 0 ? "" : whole.substring(end + 1);
  }

  /** In one line, for people: `normal`, `crashed: unreachable`. */
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
