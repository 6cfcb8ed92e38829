/** Values travel between the host and scripts as the codec `cbor` has them. */
import { runInThisContext } from "node:vm";
import { fc } from "@fast-check/vitest";
import { beforeAll, describe, expect, test } from "vitest";
import { type Cbor, cbor, MAX_DEPTH } from "../../host/adapters/codec.ts";
import { type Client, Runtime } from "../../host/index.ts";
import { functionsOf } from "../support/scripts.ts";

let runtime: Runtime;
let script: Client<{ same(value: Cbor): Cbor; equal(value: Cbor, code: string): boolean; run(code: string): Cbor }>;

beforeAll(async () => {
  runtime = new Runtime({ grants: "all", limits: { messageBytes: 100_000 } });
  script = await functionsOf(
    runtime,
    `import { decode, encode } from "isopod";
    globalThis.encode = encode;
    globalThis.decode = decode;
    export const same = value => value;
    export const run = code => (0, eval)(code);`,
  );
  return () => runtime.stop();
});

const leaf = fc.oneof(
  fc.constantFrom(null, true, false, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324),
  fc.constantFrom(2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 53, -(2 ** 53), 2 ** 63, 2 ** 64, 1e300),
  fc.constantFrom(0n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n, 1n - 2n ** 53n),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("\ud800", "a\udc00b", "\ud83d\ude00", "\ufeff", "\u07ff\u0800\ud7ff\ue000\uffff"),
  fc.uint8Array(),
);
const { value: anyValue } = fc.letrec<{ value: Cbor; leaf: Cbor }>(tie => ({
  leaf,
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "0", "10", "é")), tie("value"), {
      maxKeys: 5,
    }),
  ),
}));

test("any value comes back from a script as it comes back from the codec", async () => {
  const law = fc.asyncProperty(anyValue, async value => {
    expect(await script.same(value)).toEqual(cbor.decode(cbor.encode(value)));
  });
  await fc.assert(law, { numRuns: 500 });
});

const nested = (depth: number): Cbor => (depth === 0 ? 1 : [nested(depth - 1)]);
const bracket = (depth: number) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;

describe("what a script answers", () => {
  test.each([
    ["undefined", null],
    ["({ a: undefined, b: 1, c: undefined })", { b: 1 }],
    ["[1, , undefined]", [1, null, null]],
    [
      `Object.fromEntries(Array.from({ length: 30 }, (_, i) => [i, i < 20 ? undefined : i]))`,
      Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i + 20, i + 20])),
    ],
    ["new Uint8Array([1, 2, 3]).subarray(1)", new Uint8Array([2, 3])],
    ["new Uint8Array([1, 2]).buffer", new Uint8Array([1, 2])],
    ["new Uint8Array(new ArrayBuffer(3, { maxByteLength: 9 }))", new Uint8Array(3)],
    [
      "(() => { const buffer = new ArrayBuffer(9, { maxByteLength: 9 }); const all = new Uint8Array(buffer); buffer.resize(2); return all; })()",
      new Uint8Array(2),
    ],
    [
      "(() => { const buffer = new ArrayBuffer(3, { maxByteLength: 9 }); const all = new Uint8Array(buffer); buffer.resize(5); return all; })()",
      new Uint8Array(5),
    ],
    ["({ get x() { return [this.y]; }, y: 2 })", { x: [2], y: 2 }],
    ["new (class A { x = 1; #y = 2; })()", { x: 1 }],
    ["Object.create({ inherited: 1 })", {}],
    ["new Proxy([1, 2], {})", [1, 2]],
    ["({ [Symbol('s')]: 1 })", {}],
    ["-0", 0],
    ["10n", 10],
    ["2n ** 64n - 1n", 2n ** 64n - 1n],
    ["'\\ud800'", "\ufffd"],
    [bracket(99), nested(99)],
    // A getter that sends while the answer is being written.
    [
      "({ a: 'before', get b() { encode({ other: 'x'.repeat(100) }); return 1; }, c: 'after' })",
      { a: "before", b: 1, c: "after" },
    ],
  ] as const)("for %s is its value", async (code, value) => {
    expect(await script.run(code)).toEqual(value);
  });

  test.each([
    ["() => 1", "TypeError", /a function cannot be sent/],
    ["({ a: () => 1 })", "TypeError", /a function cannot be sent/],
    ["Symbol('s')", "TypeError", /a symbol cannot be sent/],
    ["new Map()", "TypeError", /a Map cannot be sent/],
    ["new Set()", "TypeError", /a Set cannot be sent/],
    ["new Date(0)", "TypeError", /a Date cannot be sent/],
    ["[Promise.resolve()]", "TypeError", /await it first/],
    ["new Float64Array(1)", "TypeError", /typed array other than Uint8Array/],
    ["new Error('no')", "TypeError", /an Error cannot be sent: send its message/],
    ["2n ** 64n", "RangeError", /64 bits/],
    ["-(2n ** 63n) - 1n", "RangeError", /64 bits/],
    [bracket(100), "RangeError", /100 arrays and objects/],
    ["(() => { const a = {}; a.a = a; return a; })()", "RangeError", /100 arrays and objects/],
    ["new Array(1000001)", "RangeError", /1,000,000 values/],
    ["({ get x() { throw new SyntaxError('mine'); } })", "SyntaxError", /mine/],
    ["'x'.repeat(100_000)", "RangeError", /messageBytes/],
  ])("for %s is an error", async (code, remoteName, remoteMessage) => {
    await expect(script.run(code)).rejects.toMatchObject({
      remoteName,
      remoteMessage: expect.stringMatching(remoteMessage),
    });
    expect(await script.run("'lives'")).toBe("lives");
  });
});

describe("bytes that are no CBOR", () => {
  test.each([
    ["ff", /a length that is not given in advance/],
    ["9f01ff", /a length that is not given in advance/],
    ["c001", /a tag/],
    ["62ff41", /not UTF-8/],
    ["63eda080", /not UTF-8/],
    ["a161ff01", /not UTF-8/],
    ["a10101", /a key is not a text/],
    ["a2616101616102", /a key comes twice/],
    ["8201", /ends too soon/],
    ["9b7fffffffffffffff", /ends too soon/],
    ["0101", /something follows it/],
    ["f8ff", /not supported/],
    [`${"81".repeat(MAX_DEPTH + 1)}01`, /more than 100 arrays and maps/],
    ["", /ends too soon/],
  ])("%s are refused, by the host, too", async (hex, message) => {
    const bytes = `new Uint8Array([${Array.from(hex.matchAll(/../g), ([byte]) => `0x${byte}`)}])`;
    await expect(script.run(`decode(${bytes})`)).rejects.toThrow(message);
    expect(() => cbor.decode(runInThisContext(bytes))).toThrow();
  });

  test("3bffffffffffffffff, of 65 bits with its sign, are refused by scripts alone", async () => {
    await expect(script.run("decode(new Uint8Array([0x3b, ...new Array(8).fill(255)]))")).rejects.toThrow(
      /more than 64 bits/,
    );
  });

  test("and any bytes are read as the host reads them, or refused by both", async () => {
    /** Where a number may have 65 bits with its sign. */
    const isLong = (byte: number, i: number, all: Uint8Array) => byte === 0x3b && all[i + 1] >= 0x80;
    const law = fc.asyncProperty(fc.uint8Array({ maxLength: 12 }), async bytes => {
      fc.pre(!bytes.some(isLong));
      const here = (() => {
        try {
          return cbor.encode(cbor.decode(bytes));
        } catch {
          return "refused";
        }
      })();
      const there = await script.run(
        `(() => { let value; try { value = decode(new Uint8Array([${bytes}])); } catch { return "refused"; } return [value]; })()`,
      );
      expect(there === "refused" ? there : cbor.encode((there as Cbor[])[0])).toEqual(here);
    });
    await fc.assert(law, { numRuns: 500 });
  });
});
