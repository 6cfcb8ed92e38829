/** Exit reasons as a code and bytes, the form in which they travel through mailboxes, and back; and whole items the same way. */

import { checkReason } from "./checks.ts";
import { escapeControls } from "./escape-controls.ts";
import {
  DOWN,
  EXIT,
  type ExitReason,
  type GivenReason,
  MAX_REASON_BYTES,
  MESSAGE,
  ReasonCode,
  type Received,
} from "./message.ts";
import { payloadFrom } from "./payload.ts";
import type { Pid } from "./pid.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const nothing: Uint8Array = new Uint8Array(0);

/** The bytes that go with a reason's code: a crash's message and, behind a line end, its stack; an actor's own bytes. A guest is told the guests' frames only: the host's say where its files are. */
export function reasonBytes(reason: ExitReason, forGuest: boolean): Uint8Array {
  let bytes = nothing;
  if (reason.kind === "crashed") bytes = crashBytes(reason.message, forGuest ? ofGuests(reason.stack) : reason.stack);
  else if (reason.kind === "custom") bytes = reason.bytes;
  return bytes.length > MAX_REASON_BYTES ? bytes.subarray(0, MAX_REASON_BYTES) : bytes;
}

/** The first line end is where the message ends, so it has none of its own. */
function crashBytes(message: string, stack: string): Uint8Array {
  return encoder.encode(`${message.replaceAll(/[\r\n]+/g, " ")}\n${stack}`);
}

/** The frames of WebAssembly, written anew: names, numbers, and places of a source map. No URL of a module or of a script is in them. */
function ofGuests(stack: string): string {
  return stack
    .split("\n")
    .map(frameOfGuest)
    .filter(frame => frame !== undefined)
    .join("\n");
}

const FUNCTION = "wasm-function[";
/** What V8 and Firefox write behind that, at the end of a line. A frame of JavaScript ends in two decimal numbers. */
const FUNCTION_END = /^\d+\]:0x[0-9a-f]+(?=\)?$)/;
const WEBKIT_END = "@[wasm code]";
const V8_BEGIN = /^\s*at /;
/** A place as `places.ts` writes it: a path of the guest's sources, not one of a disk or a server. */
const RELATIVE_PLACE = /^(?!\/|[A-Za-z]:\\)(?!.*(?::\/\/|@)).+:\d+:\d+ $/;

/**
 * A frame as guests are told of it; undefined where it is none of WebAssembly's. V8 writes `at name (URL:wasm-function[1]:0x2)`, Firefox
 * `name@URL:wasm-function[1]:0x2`, WebKit `name@[wasm code]`. The time that this takes is in proportion to the line, which guests may make long.
 */
function frameOfGuest(line: string): string | undefined {
  if (line.endsWith(WEBKIT_END)) return frame(line.slice(0, -WEBKIT_END.length), "");
  const at = line.lastIndexOf(FUNCTION);
  const end = at < 0 ? null : FUNCTION_END.exec(line.slice(at + FUNCTION.length));
  if (end === null) return undefined;
  const before = line.slice(0, at);
  const location = `${FUNCTION}${end[0]}`;
  if (!V8_BEGIN.test(before)) return frame(before.slice(0, Math.max(0, before.indexOf("@"))), location);
  const open = before.lastIndexOf(" (");
  const begin = before.indexOf("at ") + 3;
  const prefix = open < begin ? before.slice(begin) : before.slice(open + 2);
  const place = RELATIVE_PLACE.test(prefix) ? prefix : "";
  return frame(open < begin ? "" : before.slice(begin, open), `${place}${location}`);
}

function frame(name: string, location: string): string {
  return name === "" || location === "" ? `    at ${name}${location}` : `    at ${name} (${location})`;
}

export function reasonFrom(code: number, bytes: Uint8Array): ExitReason {
  if (code === ReasonCode.crashed) {
    const text = decoder.decode(bytes);
    const end = text.indexOf("\n");
    return { kind: "crashed", message: end < 0 ? text : text.slice(0, end), stack: end < 0 ? "" : text.slice(end + 1) };
  }
  if (code === ReasonCode.custom) return { kind: "custom", bytes };
  for (const [kind, known] of Object.entries(ReasonCode)) {
    if (known === code) return { kind } as ExitReason;
  }
  throw new RangeError(`${code} is not the code of an exit reason`);
}

/** An item as JavaScript sees it, from the words of its header and its payload. */
export function receivedFrom(
  kind: number,
  tag: number,
  from: Pid,
  ref: number,
  reason: number,
  bytes: Uint8Array,
): Received {
  if (kind === MESSAGE) return { kind: "message", from, tag, ref, bytes };
  if (kind === DOWN) return { kind: "down", from, ref, reason: reasonFrom(reason, bytes) };
  if (kind === EXIT) return { kind: "exit", from, reason: reasonFrom(reason, bytes) };
  return { kind: "timer", from, tag, ref, bytes };
}

/** A reason in one line, for people, with nothing that a terminal obeys. Bytes that are text are shown as text. */
export function formatReason(reason: ExitReason): string {
  if (reason.kind === "crashed") return `crashed: ${escapeControls(reason.message.replaceAll(/\s*\n\s*/g, " "))}`;
  if (reason.kind !== "custom") return reason.kind;
  const text = decoder.decode(reason.bytes);
  const isText = !text.includes("\ufffd") && escapeControls(text) === text;
  return `custom: ${isText ? text : `${reason.bytes.length} bytes`}`;
}

/** A reason that the embedder gives. Throws a TypeError where it is none. */
export function reasonGiven(reason: GivenReason, where: string): ExitReason {
  checkReason(reason, where);
  return reason.kind === "custom" ? { kind: "custom", bytes: payloadFrom(reason.bytes) } : reason;
}

/** What it means that a guest's code threw, or the embedder's, which may throw what throws when it is looked at. */
export function reasonOfThrown(error: unknown): ExitReason {
  try {
    return reasonOf(error);
  } catch {
    return crash("what was thrown cannot be shown");
  }
}

function reasonOf(error: unknown): ExitReason {
  if (error instanceof RangeError && /call stack/i.test(error.message)) return crash("stack overflow", error);
  // Firefox calls the same an InternalError.
  if (error instanceof Error && /too much recursion/.test(error.message)) return crash("stack overflow", error);
  if (error instanceof WebAssembly.RuntimeError) return crash(error.message, error);
  if (error instanceof WebAssembly.Exception) return crash("an exception was not caught", error);
  if (error instanceof Error) return crash(`${error.name}: ${error.message}`, error);
  return crash(String(error));
}

/** A message in which a guest may have written frames. */
const LIKE_FRAMES = /[\r\n]|wasm-function|\[wasm code\]/;

/**
 * The stack of what was thrown, or nothing where it has none. Some engines begin it with the message, which is left out if it could be taken for frames. What
 * the embedder throws may throw when it is looked at.
 */
export function stackOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return "";
    const message = String(error.message);
    const stack = String(error.stack ?? "");
    return LIKE_FRAMES.test(message) ? stack.replace(message, "") : stack;
  } catch {
    return "";
  }
}

function crash(message: string, error?: unknown): ExitReason {
  return { kind: "crashed", message, stack: stackOf(error) };
}
