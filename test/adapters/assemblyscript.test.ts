/** Strings in the memory of an AssemblyScript guest, read by the host. */
import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { MAX_CHARACTERS, readString } from "../../host/adapters/assemblyscript.ts";

const PAGE_BYTES = 65_536;

/** A memory with an object at `pointer`, as AssemblyScript lays it out. */
function memoryWith(text: string, pointer: number, { kind = 2, bytes = text.length * 2 } = {}): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const view = new DataView(memory.buffer);
  view.setUint32(pointer - 8, kind, true);
  view.setUint32(pointer - 4, bytes, true);
  for (let i = 0; i < text.length; i++) view.setUint16(pointer + i * 2, text.charCodeAt(i), true);
  return memory;
}

describe("readString", () => {
  law.prop([fc.string({ unit: "binary", maxLength: 400 })])("reads any string, lone surrogates too", text => {
    const torn = `\ud83d${text}\ude00`;
    expect(readString(memoryWith(text, 1040), 1040)).toBe(text);
    expect(readString(memoryWith(torn, 1040), 1040)).toBe(torn);
  });

  test("cuts a long one, and reads one that ends with the memory", () => {
    const long = "é".repeat(MAX_CHARACTERS + 1);
    expect(readString(memoryWith(long, 64), 64)).toBe(long.slice(1));
    expect(readString(memoryWith("end", 2 * PAGE_BYTES - 8, { bytes: 8 }), 2 * PAGE_BYTES - 8)).toBe("end\0");
    expect(readString(memoryWith("", 2 * PAGE_BYTES - 4, { bytes: 0 }), 2 * PAGE_BYTES - 4)).toBe("");
  });

  test.each([
    ["null", 0, {}],
    ["before any object", 4, {}],
    ["no multiple of 4", 1042, {}],
    ["outside", 2 * PAGE_BYTES + 4, {}],
    ["far outside, as an i32", -4, {}],
    ["an object of another class", 1040, { kind: 1 }],
    ["longer than the memory", 1040, { bytes: 0xffff_fffe }],
    ["one byte longer than the memory", 1040, { bytes: 2 * PAGE_BYTES - 1040 + 1 }],
  ])("refuses a pointer that is %s", (_, pointer, object) => {
    expect(() => readString(memoryWith("text", 1040, object), pointer)).toThrow(RangeError);
  });

  law.prop([fc.integer(), fc.uint8Array({ minLength: 200, maxLength: 200 })])(
    "throws nothing but RangeErrors, whatever it is given",
    (pointer, bytes) => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      new Uint8Array(memory.buffer).set(bytes);
      for (const at of [pointer, pointer & 0xfc]) {
        try {
          expect(readString(memory, at).length).toBeLessThanOrEqual(MAX_CHARACTERS);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    },
  );
});
