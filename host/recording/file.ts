/**
 * The file of a recording. All numbers are without a sign and little-endian:
 *
 *     0   "ISOPREC" and a 0
 *     8   the version of this format
 *     12  CRC-32 of all that follows
 *     16  the number of parts, and the length of each
 *         the parts: the header as JSON, the module, its source map, the arguments, the image and the globals of
 *         the checkpoint, the log, and the images that the module was derived by
 *
 * Nothing in a file is trusted. The CRC finds damage, not malice.
 */

import type { TurnPolicy } from "../actor/spec.ts";
import { crc32 } from "../mail/crc.ts";
import type { Limits, WayName } from "../wire/limits.ts";
import { ReplayError } from "./replay-error.ts";

const MAGIC = new TextEncoder().encode("ISOPREC\0");
export const FORMAT = 1;
const CRC_AT = 12;
const PARTS_AT = 16;
/** The parts before the images. */
const FIXED_PARTS = 7;
const MOST_PARTS = 64;

/** What a recording says beside its bytes. */
export interface Header {
  readonly module: {
    readonly name: string;
    /** SHA-256 of the module as it was rewritten, in hexadecimal; empty: it is not known. */
    readonly hash: string;
    readonly counts: boolean;
    readonly trusted: boolean;
  };
  readonly derived: readonly { readonly name: string; readonly begins: "parked" | "entry" }[];
  readonly name: string;
  readonly pid: readonly [lo: number, hi: number];
  readonly entry: string;
  readonly way: WayName;
  readonly limits: Limits;
  readonly reductions: TurnPolicy | null;
  /** The embedder's functions, in the order of their numbers, which begin with `imports`. */
  readonly functions: readonly string[];
  readonly imports: number;
  /** Items that had come before the log begins. */
  readonly itemsBefore: number;
  /** Functions of the embedder had the actor's memory. What they wrote is not in the log. */
  readonly isExposed: boolean;
  readonly engine: string;
  readonly end: {
    readonly message: string;
    readonly stack: string;
    /** The message with the place in the source. */
    readonly located: string;
    /** Of its memory and globals; empty: it had no instance. */
    readonly hash: string;
  };
}

export interface RecordingFile {
  readonly header: Header;
  /** Empty: the module is not in the file. */
  readonly module: Uint8Array;
  /** Empty: there is none. */
  readonly sourceMap: Uint8Array;
  readonly args: Uint8Array;
  /** Empty: the log begins with the actor. */
  readonly image: Uint8Array;
  readonly globals: Uint8Array;
  readonly log: Uint8Array;
  /** The images that the module was derived by, the first one first. */
  readonly derived: readonly Uint8Array[];
}

export function writeFile(file: RecordingFile): Uint8Array<ArrayBuffer> {
  const { header, module, sourceMap, args, image, globals, log, derived } = file;
  const json = new TextEncoder().encode(JSON.stringify(header));
  const parts = [json, module, sourceMap, args, image, globals, log, ...derived];
  const begin = PARTS_AT + 4 + 4 * parts.length;
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, begin));
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, FORMAT, true);
  view.setUint32(PARTS_AT, parts.length, true);
  let at = begin;
  for (const [i, part] of parts.entries()) {
    view.setUint32(PARTS_AT + 4 + 4 * i, part.length, true);
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(CRC_AT, crc32(bytes.subarray(PARTS_AT)), true);
  return bytes;
}

/** Reads a file. Throws a ReplayError that says what is wrong with it. */
export function readFile(bytes: Uint8Array): RecordingFile {
  if (bytes.length < PARTS_AT + 4 || !MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new ReplayError("these bytes are no recording of isopod");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const format = view.getUint32(8, true);
  if (format !== FORMAT) {
    throw new ReplayError(
      `the recording has version ${format} of the format, and this isopod plays version ${FORMAT}: use the isopod that has recorded it`,
    );
  }
  if (view.getUint32(CRC_AT, true) !== crc32(bytes.subarray(PARTS_AT))) {
    throw new ReplayError("the recording is damaged: it was cut or changed");
  }
  const count = view.getUint32(PARTS_AT, true);
  if (count < FIXED_PARTS || count > MOST_PARTS) throw new ReplayError(`the recording has ${count} parts`);
  let at = PARTS_AT + 4 + 4 * count;
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    if (PARTS_AT + 8 + 4 * i > bytes.length) throw new ReplayError("the recording ends in the middle");
    const length = view.getUint32(PARTS_AT + 4 + 4 * i, true);
    if (at + length > bytes.length) throw new ReplayError("the recording ends in the middle");
    parts.push(bytes.slice(at, at + length));
    at += length;
  }
  if (at !== bytes.length) throw new ReplayError("the recording has bytes that belong to no part");
  const [json, module, sourceMap, args, image, globals, log, ...derived] = parts;
  const header = headerOf(json);
  if (header.derived.length !== derived.length) throw new ReplayError("the recording lacks a state of its module");
  return { header, module, sourceMap, args, image, globals, log, derived };
}

function headerOf(json: Uint8Array): Header {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder().decode(json));
  } catch (cause) {
    throw new ReplayError("the recording's header is no JSON", { cause });
  }
  if (!hasShape(found, SHAPE)) throw new ReplayError("the recording's header is not one that isopod writes");
  return found as Header;
}

type Shape = "text" | "number" | "flag" | "any" | { readonly list: Shape } | { readonly [name: string]: Shape };

const SHAPE: Shape = {
  module: { name: "text", hash: "text", counts: "flag", trusted: "flag" },
  derived: { list: { name: "text", begins: "text" } },
  ...{ name: "text", pid: { list: "number" }, entry: "text", way: "text", limits: "any", reductions: "any" },
  ...{ functions: { list: "text" }, imports: "number", itemsBefore: "number", isExposed: "flag", engine: "text" },
  end: { message: "text", stack: "text", located: "text", hash: "text" },
};

function hasShape(value: unknown, shape: Shape): boolean {
  if (shape === "any") return typeof value === "object";
  if (shape === "text") return typeof value === "string";
  if (shape === "number") return typeof value === "number" && Number.isInteger(value);
  if (shape === "flag") return typeof value === "boolean";
  if (typeof value !== "object" || value === null) return false;
  if ("list" in shape) return Array.isArray(value) && value.every(each => hasShape(each, shape.list as Shape));
  return Object.entries(shape).every(([name, part]) => hasShape((value as Record<string, unknown>)[name], part));
}
