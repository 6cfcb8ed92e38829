/**
 * Converts exit reasons to a code and bytes, as mailboxes hold them, and back. Converts whole
 * items, too.
 */

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

/**
 * The bytes of a reason. For a crash: its message, a line end, and its stack. For `custom`: the
 * actor's own bytes. A guest gets only frames of WebAssembly and of scripts, because the host's frames
 * name its files.
 */
export function reasonBytes(reason: ExitReason, forGuest: boolean): Uint8Array {
  let bytes = nothing;
  if (reason.kind === "crashed") bytes = crashBytes(reason.message, forGuest ? ofGuests(reason.stack) : reason.stack);
  else if (reason.kind === "custom") bytes = reason.bytes;
  return bytes.length > MAX_REASON_BYTES ? bytes.subarray(0, MAX_REASON_BYTES) : bytes;
}

/** The first line end ends the message, so the message itself has none. */
function crashBytes(message: string, stack: string): Uint8Array {
  return encoder.encode(`${message.replaceAll(/[\r\n]+/g, " ")}\n${stack}`);
}

/**
 * Keeps the WebAssembly frames of a stack, and writes them anew: names, numbers, and places of a
 * source map. They contain no URL of a module or a script.
 */
function ofGuests(stack: string): string {
  // The embedder has named the files: mostly by paths in a project.
  if (isOfScript(stack)) return stack.replaceAll(FOLDERS, "$1");
  return stack
    .split("\n")
    .map(frameOfGuest)
    .filter(frame => frame !== undefined)
    .join("\n");
}

const FUNCTION = "wasm-function[";
/**
 * The end of a WebAssembly frame in V8 and Firefox. A frame of JavaScript ends in two decimal
 * numbers.
 */
const FUNCTION_END = /^\d+\]:0x[0-9a-f]+(?=\)?$)/;
const WEBKIT_END = "@[wasm code]";
const V8_BEGIN = /^\s*at /;
/**
 * A place as `module/crash-places.ts` writes it: a path in the guest's sources, not on a disk or a
 * server.
 */
const RELATIVE_PLACE = /^(?!\/|[A-Za-z]:\\)(?!.*(?::\/\/|@)).+:\d+:\d+ $/;

/**
 * A frame as a guest gets it; undefined where it is not a WebAssembly frame. V8 writes
 * `at name (URL:wasm-function[1]:0x2)`, Firefox `name@URL:wasm-function[1]:0x2`, WebKit
 * `name@[wasm code]`. The time is proportional to the length of the line, which a guest can make
 * long.
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

/** Makes an item for JavaScript from the words of its header and its payload. */
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

/**
 * Formats an exit reason in one line, safe for a terminal. Bytes that are text are shown as text,
 * others by their number.
 */
export function formatReason(reason: ExitReason): string {
  if (reason.kind === "crashed") {
    const place = placeInScript(reason.stack);
    const message = reason.message.replaceAll(/\s*\n\s*/g, " ");
    const text = place === undefined ? message : `${message} (${place})`;
    return text === "" ? "crashed" : `crashed: ${escapeControls(text)}`;
  }
  if (reason.kind !== "custom") return reason.kind;
  const text = decoder.decode(reason.bytes);
  const isText = !text.includes("\ufffd") && escapeControls(text) === text;
  return `custom: ${isText ? text : `${reason.bytes.length} bytes`}`;
}

/**
 * Checks a reason that the embedder gives, and converts a text to UTF-8. Throws a TypeError where
 * it is not an exit reason.
 */
export function reasonGiven(reason: GivenReason, where: string): ExitReason {
  checkReason(reason, where);
  return reason.kind === "custom" ? { kind: "custom", bytes: payloadFrom(reason.bytes) } : reason;
}

/**
 * The exit reason for an exception of a guest or of the embedder. It never throws, although an
 * exception of the embedder may throw when it is looked at.
 */
export function reasonOfThrown(error: unknown): ExitReason {
  try {
    return reasonOf(error);
  } catch {
    return crash("what was thrown cannot be shown");
  }
}

function reasonOf(error: unknown): ExitReason {
  if (error instanceof RangeError && /call stack/i.test(error.message)) return crash("stack overflow", error);
  // In Firefox a stack overflow is an InternalError.
  if (error instanceof Error && /too much recursion/.test(error.message)) return crash("stack overflow", error);
  if (error instanceof WebAssembly.RuntimeError) return crash(error.message, error);
  if (error instanceof WebAssembly.Exception) return crash("an exception was not caught", error);
  if (error instanceof Error) return crash(`${error.name}: ${error.message}`, error);
  return crash(String(error));
}

/** Matches a message into which a guest may have written frames. */
const LIKE_FRAMES = /[\r\n]|wasm-function|\[wasm code\]/;

/**
 * The stack of an exception, or an empty text. Some engines begin the stack with the message; it is
 * left out where it could be taken for frames. It never throws, although an exception of the
 * embedder may throw when it is looked at.
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

/** A frame of a script, as the engine of `isopod/js` writes it: `    at name (file:line:column)`. */
const SCRIPT_FRAME = /^ {4}at (?:[^\n]*\()?([^\n(]+:\d+:\d+)\)?$/m;

/**
 * Where a script was when it crashed: `file:line:column` of the innermost frame that has a place. Undefined
 * for other stacks, which begin with a message or name WebAssembly.
 */
export function placeInScript(stack: string): string | undefined {
  return isOfScript(stack) ? SCRIPT_FRAME.exec(stack)?.[1] : undefined;
}

/** The folders of a path on a disk, or of a URL, in a frame of a script. */
const FOLDERS = /(at |\()(?:\/|\w+:[\\/]).*[\\/]/g;

/** Whether a stack is one that the engine of scripts has written: frames from its first line on. */
export function isOfScript(stack: string): boolean {
  return stack.startsWith("    at ") && !stack.includes(FUNCTION);
}

function crash(message: string, error?: unknown): ExitReason {
  return { kind: "crashed", message, stack: stackOf(error) };
}
