/** What a replay tells of each step: the items that came, and the calls that the actor made. */
import type { Actor } from "../actor/actor.ts";
import { DOWN, EXIT, type ExitReason, MESSAGE, ReasonCode, type Received } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";

/** An item has come into the mailbox. */
export interface ItemStep {
  readonly step: "item";
  /** Counted from the recorded actor's beginning. */
  readonly item: number;
  readonly kind: Received["kind"];
  readonly from: Pid;
  readonly tag: number;
  readonly ref: number;
  /** The kind of the exit reason of a Down or an Exit. */
  readonly reason?: ExitReason["kind"];
  readonly bytes: Uint8Array;
}

/** The actor has called an import, and the recording has answered. */
export interface CallStep {
  readonly step: "call";
  /** For example `actor.send`. */
  readonly name: string;
  /** As the guest gave them: see docs/abi.md. */
  readonly args: readonly (number | bigint)[];
  readonly answer: number | bigint | undefined;
  /** The receiver of what it sends, links or monitors. */
  readonly to?: Pid;
  /** The name that it looks up, asks or spawns. */
  readonly target?: string;
  /** A line of its log. */
  readonly text?: string;
  /** What it sends. */
  readonly bytes?: Uint8Array;
}

export type ReplayStep = ItemStep | CallStep;

const kinds: Readonly<Record<number, Received["kind"]>> = { [MESSAGE]: "message", [DOWN]: "down", [EXIT]: "exit" };
const reasons = Object.keys(ReasonCode) as ExitReason["kind"][];

export function itemStep(
  item: number,
  kind: number,
  from: Pid,
  tag: number,
  ref: number,
  reason: number,
  bytes: Uint8Array,
): ItemStep {
  const isSignal = kind === DOWN || kind === EXIT;
  const told = isSignal ? { reason: reasons[reason] ?? "custom" } : {};
  return { step: "item", item, kind: kinds[kind] ?? "timer", from, tag, ref, ...told, bytes };
}

/** By import: the places of its arguments that have a pid, and the beginnings of ranges. */
const meanings: Readonly<Record<string, { to?: number; target?: number; text?: number; bytes?: number }>> = {
  "actor.send": { to: 0, bytes: 3 },
  "actor.request": { to: 0, bytes: 3 },
  "actor.delegate": { to: 3, bytes: 6 },
  "actor.send_after": { to: 1, bytes: 4 },
  "actor.send_named": { target: 0, bytes: 3 },
  "actor.broadcast": { target: 0, bytes: 3 },
  "actor.ask": { target: 0, bytes: 2 },
  "actor.spawn": { target: 0, bytes: 4 },
  "actor.log": { text: 1 },
  ...Object.fromEntries(
    ["register", "unregister", "whereis", "join", "leave", "members"].map(name => [`actor.${name}`, { target: 0 }]),
  ),
  ...Object.fromEntries(["link", "unlink", "monitor", "exit_to"].map(name => [`actor.${name}`, { to: 0 }])),
};

const decoder = new TextDecoder();

export function callStep(
  actor: Actor,
  name: string,
  args: readonly (number | bigint)[],
  answer: CallStep["answer"],
): CallStep {
  const { to, target, text, bytes } = meanings[name] ?? {};
  const range = (at: number) => rangeOf(actor, Number(args[at]) >>> 0, Number(args[at + 1]) >>> 0);
  return {
    ...{ step: "call", name, args, answer },
    ...(to === undefined ? {} : { to: pidFromWords(Number(args[to]), Number(args[to + 1])) }),
    ...(target === undefined ? {} : { target: decoder.decode(range(target)) }),
    ...(text === undefined ? {} : { text: decoder.decode(range(text)) }),
    ...(bytes === undefined ? {} : { bytes: range(bytes) }),
  };
}

/** A copy of bytes of the actor's memory; none where they are not inside. */
function rangeOf({ bytes }: Actor, pointer: number, length: number): Uint8Array {
  bytes.refresh();
  return bytes.holds(pointer, length) ? bytes.u8.slice(pointer, pointer + length) : new Uint8Array(0);
}
