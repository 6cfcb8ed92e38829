/** How a story shows the bytes of a message. */
import { expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import { contentOf } from "../../host/simulation/content.ts";

const encoder = new TextEncoder();

test("a text is shown as a text, in quotes", () => {
  expect(contentOf(encoder.encode('say "hello"\n'), false)).toBe('"say \\"hello\\"\\n"');
  expect(contentOf(new Uint8Array(0), false)).toBe("an empty message");
});

test("other bytes are shown in hex, and their number where they are many", () => {
  expect(contentOf(Uint8Array.of(0, 255), false)).toBe("00 ff");
  expect(contentOf(new Uint8Array(20), false)).toMatch(/^(00 ){16}… \(20 bytes\)$/);
});

test("what scripts send each other is shown as values", () => {
  const value = { name: "tea", counts: [1, -2, 1000, 2 ** 40, 1.5], isThere: true, none: null, raw: Uint8Array.of(1) };
  const shown = contentOf(cbor.encode(value), true);
  expect(shown).toMatch(/^\{/);
  for (const [key, part] of [
    ["counts", "[1, -2, 1000, 1099511627776, 1.5]"],
    ["none", "null"],
  ] as const) {
    expect(contentOf(cbor.encode({ [key]: value[key] }), true)).toBe(`{"${key}": ${part}}`);
  }
  expect(contentOf(cbor.encode(["f", null, false]), true)).toBe('["f", null, false]');
});

test("bytes that are no value are shown as any other, whoever sends them", () => {
  for (const bytes of [[0x1c], [0x82, 1], [0x62, 0x61], [1, 2], [0x9b, 255, 255, 255, 255, 255, 255, 255, 255]]) {
    expect(contentOf(Uint8Array.from(bytes), true)).toBe(contentOf(Uint8Array.from(bytes), false));
  }
});

test("a long text is cut", () => {
  expect(contentOf(encoder.encode("x".repeat(100)), false)).toBe(`"${"x".repeat(59)}…`);
});
