/** The globals of scripts that QuickJS does not have. */

import * as native from "isopod:native";
import { after, cancel } from "isopod";

function define(values) {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
  }
}

// Timers. Their ids are positive, as elsewhere.

const intervals = new Map();
let lastInterval = 0;

function setTimeout(call, delayMs = 0, ...args) {
  return -after(delayMs, () => call(...args));
}

function setInterval(call, delayMs = 0, ...args) {
  // Refs are below -1,023, so these ids are no timeout's.
  const id = (++lastInterval % 1000) / 1000 + lastInterval;
  const again = () => {
    intervals.set(id, after(delayMs, again));
    call(...args);
  };
  intervals.set(id, after(delayMs, again));
  return id;
}

function clearTimeout(id) {
  const ref = intervals.get(id) ?? -id;
  intervals.delete(id);
  cancel(ref);
}

// Texts.

class TextEncoder {
  encoding = "utf-8";

  encode(text = "") {
    return native.encode(`${text}`, true);
  }

  encodeInto(text, target) {
    let read = 0;
    let written = 0;
    for (const character of `${text}`) {
      const bytes = native.encode(character, true);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

const utf8Names = ["utf-8", "utf8", "unicode-1-1-utf-8"];

class TextDecoder {
  encoding = "utf-8";

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!utf8Names.includes(`${label}`.trim().toLowerCase()))
      throw new RangeError(`TextDecoder has only utf-8, not ${label}`);
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }

  decode(input = new Uint8Array(0)) {
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    const text = native.decodeUtf8(bytes);
    if (this.fatal && text.includes("\ufffd") && native.encode(text, true).join() !== bytes.join()) {
      throw new TypeError("the bytes are not UTF-8");
    }
    return !this.ignoreBOM && text.startsWith("\ufeff") ? text.slice(1) : text;
  }
}

// Copies.

function structuredClone(value, _options) {
  const copies = new Map();
  const copyOf = thing => {
    if (typeof thing === "function" || typeof thing === "symbol") {
      throw new DOMException(`a ${typeof thing} cannot be cloned`, "DataCloneError");
    }
    if (typeof thing !== "object" || thing === null) return thing;
    if (copies.has(thing)) return copies.get(thing);
    const keep = copy => {
      copies.set(thing, copy);
      return copy;
    };
    if (Array.isArray(thing)) {
      const copy = keep(new Array(thing.length));
      for (const key of Object.keys(thing)) copy[key] = copyOf(thing[key]);
      return copy;
    }
    if (thing instanceof Date) return keep(new Date(thing.getTime()));
    if (thing instanceof RegExp) return keep(new RegExp(thing.source, thing.flags));
    if (thing instanceof ArrayBuffer) return keep(thing.slice(0));
    if (ArrayBuffer.isView(thing)) {
      const buffer = copyOf(thing.buffer);
      const length = thing instanceof DataView ? thing.byteLength : thing.length;
      return keep(new thing.constructor(buffer, thing.byteOffset, length));
    }
    if (thing instanceof Map) {
      const copy = keep(new Map());
      for (const [key, of] of thing) copy.set(copyOf(key), copyOf(of));
      return copy;
    }
    if (thing instanceof Set) {
      const copy = keep(new Set());
      for (const of of thing) copy.add(copyOf(of));
      return copy;
    }
    if (thing instanceof Error) {
      const known = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
      const copy = keep(new (known[thing.name] ?? Error)(thing.message));
      copy.stack = thing.stack;
      if ("cause" in thing) copy.cause = copyOf(thing.cause);
      return copy;
    }
    if (thing instanceof Promise || thing instanceof WeakMap || thing instanceof WeakSet || thing instanceof WeakRef) {
      throw new DOMException(`a ${thing.constructor.name} cannot be cloned`, "DataCloneError");
    }
    if (thing instanceof Boolean || thing instanceof Number || thing instanceof String)
      return keep(Object(thing.valueOf()));
    const copy = keep({});
    for (const key of Object.keys(thing)) copy[key] = copyOf(thing[key]);
    return copy;
  };
  return copyOf(value);
}

// Randomness.

const crypto = Object.freeze({
  getRandomValues(array) {
    if (
      !ArrayBuffer.isView(array) ||
      array instanceof Float32Array ||
      array instanceof Float64Array ||
      array instanceof DataView
    ) {
      throw new TypeError("getRandomValues takes an array of whole numbers, such as a Uint8Array");
    }
    if (array.byteLength > 65_536)
      throw new DOMException("getRandomValues fills at most 65,536 bytes", "QuotaExceededError");
    if (array.byteLength > 0 && !native.fillRandom(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))) {
      throw new Error("crypto.getRandomValues: the host has not granted random");
    }
    return array;
  },

  randomUUID() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const digits = Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  },
});

// The console writes to the log of the actor. Without the grant `log`, nobody hears it.

const MAX_DEPTH = 3;
const MAX_VALUES = 100;

function shown(value, depth = 0, seen = []) {
  if (typeof value === "string") return depth === 0 ? value : JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function: ${value.name || "(anonymous)"}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return `${value}\n${value.stack ?? ""}`.trimEnd();
  if (value instanceof Date || value instanceof RegExp)
    return String(value instanceof Date ? value.toISOString() : value);
  if (seen.includes(value)) return "[Circular]";
  if (depth > MAX_DEPTH) return Array.isArray(value) ? "[Array]" : "[Object]";
  const inner = of => shown(of, depth + 1, [...seen, value]);
  const list = (items, all) => [...items, ...(all > items.length ? [`… ${all - items.length} more`] : [])].join(", ");
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const name = Array.isArray(value) ? "" : `${value.constructor.name}(${value.length}) `;
    return `${name}[${list(Array.from(value).slice(0, MAX_VALUES).map(inner), value.length)}]`;
  }
  if (value instanceof Map) {
    return `Map(${value.size}) {${list(
      [...value].slice(0, MAX_VALUES).map(([key, of]) => `${inner(key)} => ${inner(of)}`),
      value.size,
    )}}`;
  }
  if (value instanceof Set)
    return `Set(${value.size}) {${list([...value].slice(0, MAX_VALUES).map(inner), value.size)}}`;
  const keys = Object.keys(value);
  const name = value.constructor?.name;
  const pairs = keys.slice(0, MAX_VALUES).map(key => `${key}: ${inner(value[key])}`);
  const body = pairs.length === 0 ? "{}" : `{ ${list(pairs, keys.length)} }`;
  return name === undefined || name === "Object" ? body : `${name} ${body}`;
}

const levels = { debug: 0, log: 1, info: 1, warn: 2, error: 3 };
const console = Object.fromEntries(
  Object.entries(levels).map(([name, level]) => [
    name,
    (...values) => {
      native.log(level, values.map(value => shown(value)).join(" "));
    },
  ]),
);

define({
  console,
  crypto,
  setTimeout,
  setInterval,
  clearTimeout,
  clearInterval: clearTimeout,
  structuredClone,
  TextEncoder,
  TextDecoder,
});
