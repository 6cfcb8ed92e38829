/**
 * Text, JSON and CBOR. Guests read what the host encodes, the host decodes what guests write, and
 * malformed bytes harm neither.
 */

import * as cborg from "cborg";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Cbor,
  type Codec,
  cbor,
  checked,
  DecodeError,
  decodeMessage,
  type Json,
  json,
  MAX_DEPTH,
  MAX_ITEMS,
  text,
} from "../../host/adapters/codec.ts";
import { formatPid, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuests } from "../support/guests.ts";

/** The tags of test/guests/codec.ts. */
const CBOR = 0;
const JSON_TAG = 1;
const SKIP = 2;
const GUESS = 3;
const BAD = 9;

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], byte => Number.parseInt(byte, 16));
const wellFormed = fc.string({ unit: "binary" });

/** Without -0, which CBOR takes for 0. */
const number = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.double()).map(value => (value === 0 ? 0 : value));
const bigint = fc.oneof(
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
);
const { value: cborValue } = fc.letrec<{ value: Cbor }>(tie => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.oneof(fc.constantFrom(null, true, false), number, bigint, wellFormed, fc.uint8Array()),
    fc.array(tie("value")),
    fc.dictionary(fc.oneof(wellFormed, fc.constantFrom("__proto__", "constructor", "0")), tie("value"), {
      noNullPrototype: true,
    }),
  ),
}));
const jsonValue = fc.jsonValue({ noUnicodeString: false }).map(value => JSON.parse(JSON.stringify(value)) as Json);

function decodes(codec: Codec<unknown>, bytes: Uint8Array): boolean {
  try {
    codec.decode(bytes);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return false;
  }
}

describe("on the host", () => {
  test("what is encoded is decoded: text, JSON and CBOR", () => {
    const returns = <T>(codec: Codec<T>, values: fc.Arbitrary<T>) =>
      fc.assert(fc.property(values, value => void expect(codec.decode(codec.encode(value))).toEqual(value)));
    returns(text, wellFormed);
    returns(json, jsonValue);
    returns(cbor, cborValue);
  });

  test("another implementation of CBOR reads what is encoded, and what it writes is read", () => {
    const undone = { ignoreUndefinedProperties: true };
    fc.assert(
      fc.property(cborValue, value => {
        expect(cborg.decode(cbor.encode(value))).toEqual(value);
        expect(cbor.decode(cborg.encode(value, undone))).toEqual(value);
        expect(cbor.decode(cborg.encode(value, { ...undone, float64: true }))).toEqual(value);
      }),
    );
  });

  test("a value that encodes another one meanwhile is whole", () => {
    const inner = { a: "inner", b: [1, 2, 3] };
    const outer = {
      before: "x".repeat(300),
      get nested() {
        return cbor.encode(inner);
      },
      after: [-1, 2.5, "é"],
    };
    const { before, nested, after } = cbor.decode(cbor.encode(outer)) as unknown as typeof outer;
    expect(cbor.decode(nested)).toEqual(inner);
    expect([before, after]).toEqual(["x".repeat(300), [-1, 2.5, "é"]]);
  });

  test("what has another kind is refused, and does not become an empty object", () => {
    const circle: Cbor[] = [];
    circle.push(circle);
    for (const value of [new Map([["a", 1]]), new Set([1]), new Date(), Promise.resolve(), circle, 2n ** 64n]) {
      expect(() => cbor.encode(value as unknown as Cbor)).toThrow(/^it cannot be CBOR: /);
    }
    expect(cbor.encode({ a: 1 })).toEqual(bytesOf("a1616101"));
  });

  test("any bytes are a value or a DecodeError", () => {
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string().map(value => text.encode(value)),
    );
    for (const codec of [text, json, cbor]) fc.assert(fc.property(any, bytes => void decodes(codec, bytes)));
  });

  test.each([
    ["nothing", ""],
    ["an array that ends early", "8301"],
    ["more than one value", "0101"],
    ["a length of 2^64 - 1", "9bffffffffffffffff"],
    ["a text that is longer than the message", "7a7fffffff61"],
    ["a map with a key that is a number", "a10102"],
    ["a key that comes twice", "a2616101616102"],
    ["a tag", "c100"],
    ["a length that is not said", "9f01ff"],
    ["a break for a value", "a16161ff"],
  ])("%s is not CBOR", (_name, hex) => {
    expect(() => cbor.decode(bytesOf(hex))).toThrow(/^it is not CBOR: /);
  });

  test("text that is not UTF-8 is refused", () => {
    expect(() => text.decode(bytesOf("c328"))).toThrow("it is not UTF-8");
    expect(() => json.decode(bytesOf("22c32822"))).toThrow("it is not UTF-8");
    expect(() => cbor.decode(bytesOf("a162c32801"))).toThrow("it is not UTF-8");
    expect(cbor.decode(bytesOf("63efbfbd"))).toBe("\ufffd");
    expect(() => json.decode(text.encode("{"))).toThrow(/^it is not JSON: /);
  });

  test("a key called __proto__ is a key, and changes no prototype", () => {
    const hostile = text.encode('{"__proto__":{"polluted":true}}');
    for (const value of [json.decode(hostile), cbor.decode(cbor.encode(JSON.parse(text.decode(hostile))))]) {
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value as object)).toEqual(["__proto__"]);
      expect((value as { polluted?: boolean }).polluted).toBeUndefined();
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("arrays and maps in one another are decoded to a depth, and no further", () => {
    const nested = (depth: number) => text.encode("[".repeat(depth) + "]".repeat(depth));
    const maps = (depth: number) => bytesOf(`${"a16161".repeat(depth)}00`);
    const siblings = cbor.encode(Array.from({ length: 3 * MAX_DEPTH }, () => [{ a: [] }]));
    expect(decodes(json, nested(MAX_DEPTH))).toBe(true);
    expect(decodes(cbor, maps(MAX_DEPTH))).toBe(true);
    expect(decodes(cbor, siblings)).toBe(true);
    expect(decodes(json, text.encode(JSON.stringify("[".repeat(2 * MAX_DEPTH))))).toBe(true);
    for (const depth of [MAX_DEPTH + 1, 100_000]) {
      expect(() => json.decode(nested(depth))).toThrow(/^more than 100 arrays and maps are nested/);
      expect(() => cbor.decode(maps(depth))).toThrow(/^more than 100 arrays and maps are nested/);
    }
  });

  test("a message has so many values at most", () => {
    const array = (count: number) =>
      Uint8Array.from({ length: 5 + count }, (_, i) =>
        i === 0 ? 0x9a : i < 5 ? (count >> (8 * (4 - i))) & 255 : 0xa0,
      );
    expect(decodes(cbor, array(MAX_ITEMS - 1))).toBe(true);
    expect(() => cbor.decode(array(MAX_ITEMS))).toThrow("more than 1,000,000 values");
    expect(() => json.decode(text.encode(`[${"0,".repeat(MAX_ITEMS)}0]`))).toThrow("more than 1,000,000 values");
  });

  test("what a format cannot say is a TypeError", () => {
    const hostile = [() => 1, Symbol("a")] as unknown as Json[];
    for (const value of hostile) {
      expect(() => json.encode(value)).toThrow(TypeError);
      expect(() => cbor.encode(value)).toThrow(TypeError);
    }
    expect(cbor.decode(cbor.encode({ a: undefined, b: 1 } as unknown as Cbor))).toEqual({ b: 1 });
  });

  test("a checked codec answers what its check answers, and says what the check says", () => {
    interface Add {
      readonly add: number;
    }
    const add = checked(json, (value): Add => {
      if (value instanceof Object && "add" in value && typeof value.add === "number") return { add: value.add };
      throw new Error("add is no number");
    });
    expect(add.decode(add.encode({ add: 2 }))).toEqual({ add: 2 });
    expect(() => add.decode(text.encode('{"add":"2"}'))).toThrow("it is not what was expected: add is no number");
  });

  test("an answer keeps nothing of the message's bytes", () => {
    const bytes = Buffer.from(cbor.encode(Uint8Array.of(1, 2, 3)));
    const value = cbor.decode(bytes);
    bytes.fill(0);
    expect(value).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe("between host and guest", () => {
  let wasm: Uint8Array<ArrayBuffer>;
  let runtime: Runtime;
  let mailbox: HostMailbox;
  let guest: Pid;

  beforeAll(async () => {
    wasm = new Uint8Array((await buildGuests("guests", ["codec"], "asyncify")).get("codec") ?? []);
  });
  beforeEach(async () => {
    runtime = new Runtime({ clock: new ManualClock() });
    mailbox = runtime.mailbox();
    guest = runtime.spawn(await runtime.load(wasm, { name: "codec" }));
    mailbox.monitor(guest);
  });
  afterEach(() => runtime.stop());

  /** What the guest answers; fails where it ends. */
  async function ask(bytes: Uint8Array, tag = CBOR): Promise<{ readonly tag: number; readonly bytes: Uint8Array }> {
    mailbox.send(guest, bytes, { tag });
    const item = await mailbox.receive();
    if (item?.kind !== "message") throw new Error(JSON.stringify(item));
    return item;
  }

  test("CBOR comes back from a guest that has read all of it and written it again", async () => {
    await fc.assert(
      fc.asyncProperty(cborValue, async value => {
        const answer = await ask(cbor.encode(value));
        expect(answer.tag).toBe(CBOR);
        expect(cbor.decode(answer.bytes)).toEqual(value);
      }),
    );
  });

  test("CBOR comes back from a guest as JSON", async () => {
    await fc.assert(
      fc.asyncProperty(jsonValue, async value => {
        const answer = await ask(cbor.encode(value), JSON_TAG);
        expect(json.decode(answer.bytes)).toEqual(JSON.parse(JSON.stringify(value), (_, v) => (v === 0 ? 0 : v)));
      }),
    );
    const controls = `${Array.from({ length: 40 }, (_, i) => String.fromCharCode(i)).join("")}"\\/é😀`;
    expect(json.decode((await ask(cbor.encode([controls]), JSON_TAG)).bytes)).toEqual([controls]);
    const infinite = await ask(cbor.encode([Number.POSITIVE_INFINITY, Number.NaN, 0.5]), JSON_TAG);
    expect(json.decode(infinite.bytes)).toEqual([null, null, 0.5]);
  });

  test("a guest reads every float of two bytes as the host does", async () => {
    const halves = new Uint8Array(5 + 3 * 65_536);
    halves.set([0x9a, 0, 1, 0, 0]);
    for (let i = 0; i < 65_536; i++) halves.set([0xf9, i >> 8, i & 255], 5 + 3 * i);
    const answer = await ask(halves);
    expect(cbor.decode(answer.bytes)).toEqual(cbor.decode(halves));
  });

  test("whole numbers of 64 bits come back, and larger ones a guest refuses", async () => {
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 0n, -1n, 23n, 24n, 255n, 256n, 65_535n, 65_536n, 2n ** 32n]) {
      const back = cbor.decode((await ask(cbor.encode(value))).bytes) as number | bigint;
      expect(BigInt(back)).toBe(value);
    }
    for (const value of [2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n) - 1n]) {
      expect((await ask(cbor.encode(value))).tag).toBe(BAD);
    }
  });

  test("a guest passes over any value whole, also one that is deep", async () => {
    await fc.assert(
      fc.asyncProperty(cborValue, async value => {
        expect((await ask(cbor.encode(value), SKIP)).tag).toBe(SKIP);
      }),
    );
    expect((await ask(bytesOf(`${"81".repeat(100_000)}00`), SKIP)).tag).toBe(SKIP);
    expect((await ask(bytesOf("81".repeat(100_000)), SKIP)).tag).toBe(BAD);
  });

  test("of bytes that are said to be text, a guest takes what the host takes", async () => {
    const byte = fc.oneof(
      fc.nat(255),
      fc.constantFrom(0x80, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xf5),
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 20 }), fc.array(byte, { maxLength: 4 }), async (some, more) => {
        const payload = [...some.map(byte => byte & 127), ...more, ...more.slice(1)];
        const bytes = Uint8Array.of(0x78, payload.length, ...payload);
        const answer = await ask(bytes);
        expect(answer.tag === CBOR).toBe(decodes(cbor, bytes));
        if (answer.tag === CBOR) expect(cbor.decode(answer.bytes)).toBe(cbor.decode(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("a value that ends early is bad, wherever it ends", async () => {
    const whole = cbor.encode({ a: [1, -500, 2.5, 1e300, "text", Uint8Array.of(1, 2)], b: { c: null, d: true } });
    expect((await ask(whole)).tag).toBe(CBOR);
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      expect(decodes(cbor, cut)).toBe(false);
      for (const tag of [CBOR, SKIP]) expect((await ask(cut, tag)).tag).toBe(BAD);
    }
  });

  test("any bytes leave a guest alive, whatever it asks for, and what the host takes it takes too", async () => {
    const mutated = fc
      .tuple(cborValue, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
      .map(([value, changes]) => {
        const bytes = new Uint8Array(cbor.encode(value));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), async bytes => {
        const [rewritten, skipped, guessed] = [await ask(bytes), await ask(bytes, SKIP), await ask(bytes, GUESS)];
        expect(guessed).toMatchObject({ tag: GUESS, bytes });
        if (rewritten.tag === CBOR) expect(skipped.tag).toBe(SKIP);
        if (!decodes(cbor, bytes)) return;
        expect(skipped.tag).toBe(SKIP);
        // Larger numbers the host has, and this guest asks for an i64.
        if (!/1b[89a-f]|3b[89a-f]/.test(Buffer.from(bytes).toString("hex"))) {
          expect(cbor.decode(rewritten.bytes)).toEqual(cbor.decode(bytes));
        }
      }),
      { numRuns: 300 },
    );
    expect(runtime.isAlive(guest)).toBe(true);
  });

  test("an error says which message of whom could not be decoded, and leaves the next one where it is", async () => {
    mailbox.send(guest, bytesOf("ff"), { tag: 7 });
    mailbox.send(guest, cbor.encode("next"), { tag: CBOR });
    const [bad, next] = [await mailbox.receive(), await mailbox.receive()];
    if (bad?.kind !== "message" || next?.kind !== "message") throw new Error("there were two answers");
    expect(() => decodeMessage(cbor, bad)).toThrow(
      `a message of 0 bytes from ${formatPid(guest)}, tagged 9: it is not CBOR: `,
    );
    expect(decodeMessage(cbor, next)).toBe("next");
    runtime.send(mailbox.pid, "{", { tag: 3 });
    const own = await mailbox.receive();
    if (own?.kind !== "message") throw new Error("there was a message");
    expect(() => decodeMessage(json, own)).toThrow("a message of 1 bytes from the host, tagged 3: it is not JSON: ");
  });
});
