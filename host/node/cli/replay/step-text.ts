/** A step of a replay as a line, for people and for programs. What guests have sent is escaped. */
import { escapeControls, formatPid } from "../../../index.ts";
import type { ReplayStep } from "../../../replay.ts";
import { hexOf, textOf } from "../../payload-text.ts";

const MOST_BYTES = 64;

export function stepAsText(step: ReplayStep): string {
  if (step.step === "item") {
    const { item, kind, from, tag, ref, reason, bytes } = step;
    const parts = [`${item}`, kind, `from ${from === 0 ? "the host" : formatPid(from)}`];
    if (kind === "message" || kind === "timer") parts.push(`tag ${tag}`);
    if (ref !== 0) parts.push(`ref ${ref}`);
    if (reason !== undefined) parts.push(reason);
    if (bytes.length > 0) parts.push(payload(bytes));
    return parts.join("  ");
  }
  const { name, args, answer, to, target, text, bytes } = step;
  const parts = [`    ${name.replace(/^actor\./, "")}`];
  if (to !== undefined) parts.push(`to ${to === 0 ? "the host" : formatPid(to)}`);
  if (target !== undefined) parts.push(JSON.stringify(escapeControls(target)));
  if (text !== undefined) parts.push(JSON.stringify(escapeControls(text)));
  if (bytes !== undefined && bytes.length > 0) parts.push(payload(bytes));
  if (to === undefined && target === undefined && text === undefined && args.length > 0) parts.push(args.join(", "));
  return `${parts.join("  ")}${answer === undefined ? "" : `  = ${answer}`}`;
}

function payload(bytes: Uint8Array): string {
  const part = bytes.subarray(0, MOST_BYTES);
  const text = textOf(part, bytes.length > MOST_BYTES);
  const shown = text === undefined ? hexOf(part) : JSON.stringify(escapeControls(text));
  return bytes.length > MOST_BYTES ? `${shown}… (${bytes.length} bytes)` : shown;
}

/** The same as an object. Bytes are hexadecimal digits, pids are as `formatPid` writes them. */
export function stepAsJson(step: ReplayStep): unknown {
  return JSON.parse(
    JSON.stringify(step, (name, value: unknown) => {
      if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
      if (typeof value === "bigint") return String(value);
      return (name === "from" || name === "to") && typeof value === "number" ? formatPid(value) : value;
    }),
  );
}
