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
  type Runtime,
  type Wait,
  type WaitingItem,
} from "../../index.ts";
import type { ActorRef, ActorRow, ItemRow, Payload } from "../../web/observer/protocol.ts";
import { hexOf, textOf } from "../payload-text.ts";

/** How much of a name, a module's name or an entry is shown. */
const SHOWN_LETTERS = 255;
/** How much of a payload is shown. */
const SHOWN_BYTES = 256;

export function cut(text: string): string {
  return text.length > SHOWN_LETTERS ? `${text.slice(0, SHOWN_LETTERS - 1)}…` : text;
}

/** An actor's first name, or else its module, or else its kind. */
export function labelOf({ names, module, kind }: ActorInfo): string {
  return cut(names[0] ?? module ?? (kind === "calls" ? "runtime.call" : kind));
}

/** An actor as others name it: its pid and its label, or what to call it if it has ended. */
export function refTo(runtime: Runtime, pid: Pid, ended: string): ActorRef {
  if (pid === 0) return { pid: formatPid(0), label: "" };
  const info = runtime.info(pid);
  return { pid: formatPid(pid), label: info === undefined ? ended : labelOf(info) };
}

/** What is known of an actor beside what a look at it shows: items a second, and its share of the thread. */
export interface Measured {
  readonly rate?: number | undefined;
  readonly cpu?: number | undefined;
}

export function rowOf(info: ActorInfo, { rate, cpu }: Measured = {}): ActorRow {
  const { module, entry, language, waits, reductions, memoryBytes, resident, pinned, imageBytes } = info;
  return {
    pid: formatPid(info.pid),
    name: cut(info.names.join(", ")),
    kind: info.kind,
    ...(module !== undefined && { module: cut(module) }),
    ...(entry !== undefined && { entry: cut(entry) }),
    ...(language !== undefined && { language }),
    state: info.state,
    ...(waits !== undefined && { waits: waitText(waits) }),
    items: info.mailboxItems,
    bytes: info.mailboxBytes,
    ...(rate !== undefined && { rate }),
    ...(cpu !== undefined && { cpu }),
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
  return { kind, from: refTo(from), tag, ref, ...(reason && { reason }), length, payload: payloadRow(bytes, length) };
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
    payload: payloadRow(bytes, bytes.length),
  };
}

/** @param length of the whole payload, of which these may be the first bytes */
export function payloadRow(bytes: Uint8Array, length: number, most: number = SHOWN_BYTES): Payload {
  const shown = bytes.subarray(0, most);
  const isCut = shown.length < length;
  const text = shown.length === 0 ? undefined : textOf(shown, isCut);
  return { hex: hexOf(shown), ...(text !== undefined && { text }), cut: isCut };
}
