/**
 * Hosts of URLs, as the standard of URLs has them: IPv4, IPv6, domains and opaque hosts. A domain that is not ASCII
 * becomes Punycode, in lowercase and compatibility forms (NFKC). The tables of IDNA are not here: a domain with a
 * joiner is refused, and one with letters of both directions, or that IDNA would refuse for another reason, is not.
 */
import * as native from "isopod:native";

const invalid = host => {
  throw new TypeError(`Invalid URL: ${host} is no host`);
};

/** Percent-encodes what a pattern finds, character by character. */
export const percentEncode = (text, pattern) =>
  text.replace(pattern, found =>
    found <= "\x7f" ? `%${found.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}` : encodeURIComponent(found),
  );

/** What a path or a fragment is never without: controls, and all beyond ASCII. */
const CONTROL = /[^\x20-\x7e]/gu;

export const encodeControls = text => percentEncode(text, CONTROL);

export function percentDecode(text) {
  if (!text.includes("%")) return text;
  const bytes = native.encode(text, true);
  let length = 0;
  for (let i = 0; i < bytes.length; i++, length++) {
    const digits = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1], bytes[i + 2]) : "";
    const isCoded = /^[\da-f]{2}$/i.test(digits);
    bytes[length] = isCoded ? Number.parseInt(digits, 16) : bytes[i];
    if (isCoded) i += 2;
  }
  return native.decodeUtf8(bytes.subarray(0, length), false);
}

// Punycode (RFC 3492).

const DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789";

function adapted(delta, count, isFirst) {
  let rest = Math.floor(delta / (isFirst ? 700 : 2));
  rest += Math.floor(rest / count);
  let k = 0;
  for (; rest > 455; k += 36) rest = Math.floor(rest / 35);
  return k + Math.floor((36 * rest) / (rest + 38));
}

function punycode(label) {
  const points = Array.from(label, character => character.codePointAt(0));
  let output = points
    .filter(point => point < 128)
    .map(point => String.fromCharCode(point))
    .join("");
  const basic = output.length;
  if (basic > 0) output += "-";
  let [n, delta, bias, done] = [128, 0, 72, basic];
  while (done < points.length) {
    const next = Math.min(...points.filter(point => point >= n));
    delta += (next - n) * (done + 1);
    n = next;
    for (const point of points) {
      if (point < n) delta++;
      if (point !== n) continue;
      let q = delta;
      for (let k = 36; ; k += 36) {
        const t = Math.min(26, Math.max(1, k - bias));
        if (q < t) break;
        output += DIGITS[t + ((q - t) % (36 - t))];
        q = Math.floor((q - t) / (36 - t));
      }
      output += DIGITS[q];
      bias = adapted(delta, done + 1, done === basic);
      delta = 0;
      done++;
    }
    delta++;
    n++;
  }
  return `xn--${output}`;
}

const isAscii = text => /^[\0-\x7f]*$/.test(text);

/** Compatibility forms in lowercase, without what IDNA ignores. */
function mapped(domain) {
  const kept = domain.replace(/\p{Variation_Selector}|\u034f|[\xad\u200b\u2060\u2064\ufeff]/gu, "");
  // Each by itself, because a sigma at the end of a word would become another one.
  const lower = Array.from(kept.normalize("NFKC"), character => character.toLowerCase()).join("");
  return lower.normalize("NFKC").replaceAll("\u3002", ".");
}

// Made only when it is needed: its tables of Unicode would be in the memory of all actors.
const isLabel = label => !/^\p{M}|^xn--|[\p{C}\p{Z}\u{fffd}\u200c\u200d]/u.test(label);

function toAscii(domain) {
  if (isAscii(domain)) return domain.toLowerCase();
  const labels = mapped(domain).split(".");
  if (labels.every(isLabel)) return labels.map(label => (isAscii(label) ? label : punycode(label))).join(".");
  throw new TypeError(`Invalid URL: ${domain} has characters that a script takes only as Punycode (xn--…)`);
}

// Addresses.

function ipv4Part(part) {
  if (part === "") return Number.NaN;
  if (/^0x/i.test(part)) return /^0x[\da-f]*$/i.test(part) ? Number.parseInt(`0${part.slice(2)}`, 16) : Number.NaN;
  if (/^0[0-7]*$/.test(part)) return Number.parseInt(part, 8);
  return /^[1-9]\d*$/.test(part) ? Number.parseInt(part, 10) : Number.NaN;
}

/** The address of a domain whose last part is a number; undefined where it is not. */
function ipv4(domain) {
  const parts = domain.split(".");
  if (parts.length > 1 && parts.at(-1) === "") parts.pop();
  if (!/^(\d+|0x[\da-f]*)$/i.test(parts.at(-1))) return undefined;
  const numbers = parts.map(ipv4Part);
  const last = numbers.pop();
  if (parts.length > 4 || numbers.some(number => !(number <= 255)) || !(last < 256 ** (4 - numbers.length)))
    return invalid(domain);
  const address = numbers.reduce((sum, number, i) => sum + number * 256 ** (3 - i), last);
  return [3, 2, 1, 0].map(i => Math.floor(address / 256 ** i) % 256).join(".");
}

function ipv6(text) {
  const halves = text.split("::");
  const wordsOf = (half, isLast) => {
    if (half === "") return [];
    const words = half.split(":");
    const dotted = words.at(-1);
    if (isLast && dotted.includes(".")) {
      if (!/^((25[0-5]|2[0-4]\d|1?\d\d|\d)(\.(?!$)|$)){4}$/.test(dotted) || /(^|\.)0\d/.test(dotted))
        return [Number.NaN];
      const bytes = dotted.split(".").map(Number);
      words.splice(-1, 1, (bytes[0] * 256 + bytes[1]).toString(16), (bytes[2] * 256 + bytes[3]).toString(16));
    }
    return words.map(word => (/^[\da-f]{1,4}$/i.test(word) ? Number.parseInt(word, 16) : Number.NaN));
  };
  const [front, back] = [wordsOf(halves[0], halves.length === 1), wordsOf(halves[1] ?? "", true)];
  const missing = 8 - front.length - back.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return invalid(`[${text}]`);
  const words = [...front, ...new Array(missing).fill(0), ...back];
  if (words.some(Number.isNaN)) return invalid(`[${text}]`);
  // The first of the longest runs of zeros is left out.
  let [best, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (words[end] === 0) end++;
    if (end - i > length) [best, length] = [i, end - i];
    if (end > i) i = end;
  }
  const written = words.map(word => word.toString(16));
  if (best < 0) return `[${written.join(":")}]`;
  return `[${written.slice(0, best).join(":")}::${written.slice(best + length).join(":")}]`;
}

const FORBIDDEN = /[\0\t\n\r #/:<>?@[\\\]^|]/;

/** The host in a URL, as it is written in one. Throws a TypeError where there is none. */
export function parseHost(text, isSpecial) {
  if (text.startsWith("[")) return text.endsWith("]") ? ipv6(text.slice(1, -1)) : invalid(text);
  if (!isSpecial) return FORBIDDEN.test(text) ? invalid(text) : encodeControls(text);
  const domain = toAscii(percentDecode(text));
  if (domain === "" || FORBIDDEN.test(domain) || /[^\x20-\x7e]|%/.test(domain)) return invalid(text);
  return ipv4(domain) ?? domain;
}
