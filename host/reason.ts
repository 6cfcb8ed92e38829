/** Exit reasons as a code and bytes, the form in which they travel through mailboxes, and back; and whole items the same way. */
import { DOWN, EXIT, type ExitReason, MAX_REASON_BYTES, MESSAGE, ReasonCode, type Received } from "./message.ts";
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

/** The frames of WebAssembly. */
function ofGuests(stack: string): string {
  return stack
    .split("\n")
    .filter(line => /wasm-function|wasm:\/\//.test(line))
    .join("\n");
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

/** A reason in one line, for people. Bytes that are text are shown as text. */
export function formatReason(reason: ExitReason): string {
  if (reason.kind === "crashed") return `crashed: ${reason.message}`;
  if (reason.kind !== "custom") return reason.kind;
  const text = decoder.decode(reason.bytes);
  return `custom: ${/^[^\p{Cc}\ufffd]*$/u.test(text) ? text : `${reason.bytes.length} bytes`}`;
}

/** What it means that a guest's code threw. */
export function reasonOfThrown(error: unknown): ExitReason {
  if (error instanceof RangeError && /call stack/i.test(error.message)) return crash("stack overflow", error);
  // Firefox calls the same an InternalError.
  if (error instanceof Error && /too much recursion/.test(error.message)) return crash("stack overflow", error);
  if (error instanceof WebAssembly.RuntimeError) return crash(error.message, error);
  if (error instanceof WebAssembly.Exception) return crash("an exception was not caught", error);
  if (error instanceof Error) return crash(`${error.name}: ${error.message}`, error);
  return crash(String(error));
}

function crash(message: string, error?: unknown): ExitReason {
  const stack = error instanceof Error ? error.stack : undefined;
  return { kind: "crashed", message, stack: stack ?? "" };
}
