/** Texts that the host has read before from a guest's memory are not decoded again. */
import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { textIn } from "../../host/door/known-texts.ts";

const decoder = new TextDecoder();

describe("a text in a guest's memory", () => {
  // Few different bytes, so that many of them are met again; some are no UTF-8, and some begin with
  // a byte order mark.
  const text = fc.array(fc.constantFrom(0x61, 0x62, 0xc3, 0xa9, 0xef, 0xbb, 0xbf, 0), { maxLength: 80 });

  law.prop([fc.array(text, { maxLength: 40 }), fc.nat(5)])(
    "is what the engine's decoder says, whatever was decoded before",
    (texts, before) => {
      for (const bytes of texts) {
        const memory = Uint8Array.from([...new Array(before).fill(0x62), ...bytes, 0x61]);
        expect(textIn(memory, before, bytes.length)).toBe(decoder.decode(Uint8Array.from(bytes)));
      }
    },
  );

  test("is not taken for another one that has its place", () => {
    // "Aa" and "BB" have the same hash.
    const encoder = new TextEncoder();
    const said = ["Aa", "BB", "Aa", "AaAa", "BBBB", "AaBB", "BBAa"];
    expect(said.map(text => textIn(encoder.encode(text), 0, text.length))).toEqual(said);
  });

  test("stays what it was when the memory changes", () => {
    const memory = new TextEncoder().encode("before");
    expect(textIn(memory, 0, 6)).toBe("before");
    memory.set(new TextEncoder().encode("behind"));
    expect(textIn(memory, 0, 6)).toBe("behind");
  });
});
