/** The items that wait in a mailbox, as those outside see them. They stay there. */
import type { Actor } from "../actor/actor.ts";
import { NONE } from "../mail/mailbox.ts";
import { checkOptions, checksOf, wholeNumber } from "../wire/checks.ts";
import { DOWN, EXIT, type ExitReason, MESSAGE, ReasonCode, type Received } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";

/** An item in a mailbox, which stays there. */
export interface WaitingItem {
  readonly kind: Received["kind"];
  readonly from: Pid;
  readonly tag: number;
  readonly ref: number;
  /** The kind of the exit reason of a Down or an Exit; undefined for other items. */
  readonly reason: ExitReason["kind"] | undefined;
  /** The length of the whole payload. */
  readonly length: number;
  /** The beginning of the payload, as long as was asked for. */
  readonly bytes: Uint8Array;
}

export interface PeekOptions {
  /** How many items at most. Default 20. */
  readonly items?: number;
  /** How many bytes of each payload at most. Default 64. */
  readonly bytes?: number;
}

const peekChecks = checksOf<PeekOptions>({ items: wholeNumber(0, 2 ** 31), bytes: wholeNumber(0, 2 ** 31) });

const kinds: Readonly<Record<number, WaitingItem["kind"]>> = { [MESSAGE]: "message", [DOWN]: "down", [EXIT]: "exit" };
const reasons = Object.keys(ReasonCode) as ExitReason["kind"][];

/** The first items of a mailbox, in order of arrival. */
export function peek(actor: Actor | undefined, options: PeekOptions): WaitingItem[] | undefined {
  checkOptions("peek", options, peekChecks);
  const { items = 20, bytes = 64 } = options;
  if (actor === undefined) return undefined;
  const { mailbox } = actor;
  const seen: WaitingItem[] = [];
  for (let at = mailbox.first(); at !== NONE && seen.length < items; at = mailbox.next(at)) {
    const { kind, tag, fromLo, fromHi, ref, reason, length } = mailbox.item(at);
    seen.push({
      kind: kinds[kind] ?? "timer",
      from: pidFromWords(fromLo, fromHi),
      tag,
      ref,
      reason: kind === DOWN || kind === EXIT ? reasons[reason] : undefined,
      length,
      bytes: mailbox.payload(at, bytes),
    });
  }
  return seen;
}
