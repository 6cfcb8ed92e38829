/** What few actors have, each only for some of its life. An actor has this object from when it first needs it. */
import type { Timer } from "../time/timers.ts";
import type { HostContext } from "../wire/host-functions.ts";
import type { ExitReason } from "../wire/message.ts";
import type { Belongings } from "./belongings.ts";
import type { Answer } from "./body.ts";
import type { Preempted } from "./reductions.ts";
import type { SpilledStack } from "./spilled-stack.ts";

/** The code of an actor of the host. */
export interface HostCode {
  /** Takes its turn. */
  turn(): void;
  /** It has ended. */
  ended(): void;
  /** Takes an answer at once, which then is no item of the mailbox. Only actors that are immune have this. */
  answered?(ref: number, bytes: Uint8Array): void;
}

export class Extra {
  /** The exit reason of an actor that is about to end; set together with `EXITING`. */
  exiting: ExitReason | null = null;
  /** It ends by its own fault, so the report says what it received last. */
  atFault = false;
  /** It is part of the runtime: no signal reaches it, and it takes answers only. */
  immune = false;
  /** Promises wait for its end. */
  isWatched = false;
  /** What an actor of the host does. */
  host: HostCode | null = null;
  /** When its receive times out, on the runtime's clock. */
  deadlineMs = Number.POSITIVE_INFINITY;
  /** The timer of its receives; made by the first receive that has to wait for a timeout. */
  timer: Timer | null = null;
  /** The answer of the embedder's function that it waits for, with `WANT_ANSWER`. */
  answer: Answer | null = null;
  belongings: Belongings | null = null;
  /** The part of its parked stack that is not in its memory. */
  spilledStack: SpilledStack | null = null;
  /** It is preempted, or is told to be. */
  preempted: Preempted | null = null;
  /** Payload bytes of its timers. */
  timerBytes = 0;
  /** Calls of the embedder's functions that have not settled. */
  hostCalls = 0;
  /** Bytes of the requests among these calls. */
  askedBytes = 0;
  /** What the embedder's functions get; made by the first call. */
  context: HostContext | null = null;
  /** Aborts the signal of `context` when the actor has ended. */
  end: (() => void) | null = null;
}

/** What an actor without one reads. */
export const NO_EXTRA: Readonly<Extra> = Object.freeze(new Extra());
