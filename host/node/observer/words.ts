/** Actors, items and bytes as the rows that the page shows: short texts, nothing that belongs to the runtime. What guests have written stays as it is; who shows it escapes it. */
import {
  type ActorInfo,
  formatPid,
  formatReason,
  type Pid,
  type Received,
  type Wait,
  type WaitingItem,
} from "../../index.ts";
import type { ActorRef, ActorRow, ItemRow, Payload } from "../../web/observer/protocol.ts";

/** Of a payload. */
const SHOWN_BYTES = 256;
/** With more control characters than one in so many, it is no text. */
const TEXT_TO_CONTROLS = 8;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What people call an actor: its name, its module, or what it is. */
export function labelOf({ names, module, kind }: ActorInfo): string {
  return names[0] ?? module ?? (kind === "calls" ? "runtime.call" : kind);
}

export function rowOf(info: ActorInfo): ActorRow {
  const { module, entry, waits, reductions, memoryBytes } = info;
  return {
    pid: formatPid(info.pid),
    name: info.names.join(", "),
    kind: info.kind,
    ...(module !== undefined && { module }),
    ...(entry !== undefined && { entry }),
    state: info.state,
    ...(waits !== undefined && { waits: waitText(waits) }),
    items: info.mailboxItems,
    bytes: info.mailboxBytes,
    ...(reductions !== undefined && { reductions }),
    ...(memoryBytes !== undefined && { memory: memoryBytes }),
    links: info.links.length,
    ageMs: info.ageMs,
  };
}

function waitText({ for: what, value, leftMs }: Wait): string {
  const whats = { any: "any item", tag: `tag ${value}`, predicate: `predicate ${value}`, ref: "an answer" };
  const text = what === "answer" ? "a function of the host" : whats[what];
  return leftMs === undefined ? text : `${text}, ${Math.ceil(leftMs)} ms`;
}

export function itemRow(item: WaitingItem, refTo: (pid: Pid) => ActorRef): ItemRow {
  const { kind, from, tag, ref, reason, length, bytes } = item;
  return { kind, from: refTo(from), tag, ref, ...(reason && { reason }), length, payload: payloadOf(bytes, length) };
}

/** What a crash report shows of the item that was taken last. */
export function receivedRow(item: Received, refTo: (pid: Pid) => ActorRef): ItemRow {
  const { kind, from } = item;
  const signal = kind === "down" || kind === "exit";
  const bytes = signal ? new Uint8Array(0) : item.bytes;
  return {
    kind,
    from: refTo(from),
    tag: signal ? 0 : item.tag,
    ref: kind === "exit" ? 0 : item.ref,
    ...(signal && { reason: formatReason(item.reason) }),
    length: bytes.length,
    payload: payloadOf(bytes, bytes.length),
  };
}

function payloadOf(bytes: Uint8Array, length: number): Payload {
  const shown = bytes.subarray(0, SHOWN_BYTES);
  const hex = Array.from(shown, byte => byte.toString(16).padStart(2, "0")).join(" ");
  const text = textOf(shown);
  return { hex, ...(text !== undefined && { text }), cut: shown.length < length };
}

/** Undefined where the bytes are none. A character that was cut at the end is left out. */
function textOf(bytes: Uint8Array): string | undefined {
  for (let cut = 0; cut < 4 && cut < bytes.length; cut++) {
    try {
      const text = decoder.decode(bytes.subarray(0, bytes.length - cut));
      const controls = text.match(/(?![\t\n\r])\p{Cc}/gu)?.length ?? 0;
      return controls * TEXT_TO_CONTROLS > text.length ? undefined : text;
    } catch {
      // One byte less may be whole.
    }
  }
  return undefined;
}
