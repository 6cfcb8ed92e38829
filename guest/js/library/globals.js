/** The globals of scripts that QuickJS does not have. */
import { structuredClone } from "isopod:clone";
import { console } from "isopod:console";
import * as native from "isopod:native";
import { TextDecoder, TextEncoder } from "isopod:text";
import { URL, URLSearchParams } from "isopod:url";
import { after, cancel } from "isopod:waits";

// Timers. Their ids are positive, as elsewhere: the refs of the host are not.

/** The timer that each interval waits for. Its id is that of its first one. */
const intervals = new Map();

function mustBeFunction(call, name) {
  if (typeof call !== "function") throw new TypeError(`${name} takes a function, not a ${typeof call}`);
}

function setTimeout(call, delayMs = 0, ...args) {
  mustBeFunction(call, "setTimeout");
  return -after(delayMs, () => call(...args));
}

function setInterval(call, delayMs = 0, ...args) {
  mustBeFunction(call, "setInterval");
  // An interval of 0 ms would leave no turn to the others.
  const everyMs = Math.max(1, Number(delayMs) || 0);
  const again = () => {
    intervals.set(id, after(everyMs, again));
    call(...args);
  };
  const first = after(everyMs, again);
  const id = -first;
  intervals.set(id, first);
  return id;
}

function clearTimeout(id) {
  cancel(intervals.get(id) ?? -id);
  intervals.delete(id);
}

// Randomness.

const fills = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
const crypto = {
  getRandomValues(array) {
    if (![...fills, BigInt64Array, BigUint64Array].some(of => array instanceof of))
      throw new DOMException(
        "getRandomValues takes an array of whole numbers, such as a Uint8Array",
        "TypeMismatchError",
      );
    if (array.byteLength > 65_536)
      throw new DOMException("getRandomValues fills at most 65,536 bytes", "QuotaExceededError");
    if (array.byteLength > 0 && !native.fillRandom(new Uint8Array(array.buffer, array.byteOffset, array.byteLength)))
      throw new Error("crypto.getRandomValues: the host has not granted random");
    return array;
  },

  randomUUID() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const digits = Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  },
};

// Time. QuickJS notes its origin when it begins, which is when the engine is built.

const now = performance.now.bind(performance);
const time = {
  now,
  get timeOrigin() {
    return Math.max(0, native.epoch());
  },
  toJSON() {
    return { timeOrigin: time.timeOrigin };
  },
};

const globals = {
  ...{ console, crypto, performance: time, structuredClone, TextDecoder, TextEncoder, URL, URLSearchParams },
  ...{ clearInterval: clearTimeout, clearTimeout, setInterval, setTimeout },
};
for (const [name, value] of Object.entries(globals))
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

// Actors share no memory, and without Atomics nobody could use it.
delete globalThis.SharedArrayBuffer;
