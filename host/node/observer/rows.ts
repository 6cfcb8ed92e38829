/**
 * The rows that the page shows of actors, items and payloads. They are plain texts and share no
 * object with the runtime. Texts of guests are unchanged here; the page escapes them.
 */

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

/** How much of a name, a module's name or an entry is shown. */
const SHOWN_LETTERS = 255;
/** How much of a payload is shown. */
const SHOWN_BYTES = 256;
/** Bytes with more than one control character in this many count as binary. */
const TEXT_TO_CONTROLS = 8;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function cut(text: string): string {
  return text.length > SHOWN_LETTERS ? `${text.slice(0, SHOWN_LETTERS - 1)}…` : text;
}

/** An actor's first name, or else its module, or else its kind. */
export function labelOf({ names, module, kind }: ActorInfo): string {
  return cut(names[0] ?? module ?? (kind === "calls" ? "runtime.call" : kind));
}

export function rowOf(info: ActorInfo): ActorRow {
  const { module, entry, waits, reductions, memoryBytes, resident, pinned, imageBytes } = info;
  return {
    pid: formatPid(info.pid),
    name: cut(info.names.join(", ")),
    kind: info.kind,
    ...(module !== undefined && { module: cut(module) }),
    ...(entry !== undefined && { entry: cut(entry) }),
    state: info.state,
    ...(waits !== undefined && { waits: waitText(waits) }),
    items: info.mailboxItems,
    bytes: info.mailboxBytes,
    ...(reductions !== undefined && { reductions }),
    ...(memoryBytes !== undefined && { memory: memoryBytes }),
    ...(resident !== undefined && { resident }),
    ...(pinned !== undefined && { pinned }),
    ...(imageBytes !== undefined && { image: imageBytes }),
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

/** The item that an actor had received last when it crashed. */
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

/**
 * The bytes as text, without a character that was cut at the end. Undefined where they are not
 * text.
 */
function textOf(bytes: Uint8Array): string | undefined {
  for (let cut = 0; cut < 4 && cut < bytes.length; cut++) {
    try {
      const text = decoder.decode(bytes.subarray(0, bytes.length - cut));
      const controls = text.match(/(?![\t\n\r])\p{Cc}/gu)?.length ?? 0;
      return controls * TEXT_TO_CONTROLS > text.length ? undefined : text;
    } catch {
      // The last character may have been cut: try with one byte less.
    }
  }
  return undefined;
}
