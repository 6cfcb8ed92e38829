/** Payloads that the embedder gives: bytes, or a text that becomes UTF-8. */
const encoder = new TextEncoder();

/**
 * The bytes of a payload; a text becomes UTF-8. Throws a TypeError for any other value, because
 * Node runs TypeScript unchecked and would send zeros.
 */
export function payloadFrom(bytes: Uint8Array | string): Uint8Array {
  if (typeof bytes === "string") return encoder.encode(bytes);
  if (bytes instanceof Uint8Array) return bytes;
  throw new TypeError("a message is a Uint8Array or a string; for an object, send JSON.stringify(…)");
}

/** All bytes of the parts, in order. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
