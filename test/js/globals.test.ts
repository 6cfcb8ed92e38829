/** The globals of scripts do what Node's do: each source is evaluated in a script and here. */
import { runInThisContext } from "node:vm";
import { beforeAll, describe, expect, test } from "vitest";
import { type Client, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { type Evaluator, evaluate, functionsOf } from "../support/scripts.ts";

const here = runInThisContext(`(${evaluate})`) as (source: string) => Promise<string>;

const bytes = (...values: number[]) => `new Uint8Array([${values.join(", ")}])`;
const decoded = (options: string, ...values: number[]) =>
  `new TextDecoder("utf-8", ${options}).decode(${bytes(...values)})`;
const streamed = (...parts: (readonly number[])[]) =>
  `(() => { const decoder = new TextDecoder(); return [${parts
    .map(part => `decoder.decode(${bytes(...part)}, { stream: true })`)
    .join(", ")}, decoder.decode()]; })()`;

const sources: Readonly<Record<string, readonly string[]>> = {
  "TextEncoder and TextDecoder": [
    `[...new TextEncoder().encode("aé€😀")]`,
    `[...new TextEncoder().encode("\\ud800x\\udc00")]`,
    `[...new TextEncoder().encode()]`,
    `new TextEncoder().encoding`,
    ...[0, 1, 2, 3, 4, 5, 6, 9, 10].map(
      room =>
        `(() => { const to = new Uint8Array(${room}); return [new TextEncoder().encodeInto("aé€😀", to), [...to]]; })()`,
    ),
    decoded("{}", 97, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80),
    decoded("{}", 0xef, 0xbb, 0xbf, 97, 0xef, 0xbb, 0xbf),
    decoded("{ ignoreBOM: true }", 0xef, 0xbb, 0xbf, 97),
    decoded("{}", 0xff, 97),
    decoded("{}", 0xe2, 0x82, 97),
    decoded("{}", 0xed, 0xa0, 0x80),
    decoded("{}", 0xf0, 0x80, 0x80, 0x80),
    decoded("{}", 0xf4, 0x90, 0x80, 0x80),
    decoded("{}", 0xc0, 0xaf, 0xc1, 0x80, 0xf5),
    decoded("{ fatal: true }", 0xe2, 0x82),
    decoded("{ fatal: true }", 0xed, 0xa0, 0x80),
    decoded("{ fatal: true }", 0xe2, 0x82, 0xac),
    streamed([0xe2], [0x82], [0xac]),
    streamed([0xf0, 0x9f], [0x98, 0x80, 97]),
    streamed([0xf0, 0x9f], [97]),
    streamed([0xef, 0xbb], [0xbf, 97], [0xef, 0xbb, 0xbf]),
    streamed([97, 0xe2, 0x82]),
    streamed([0xe0], [0x80]),
    `[new TextDecoder("UTF8 ").encoding, new TextDecoder().fatal, new TextDecoder().ignoreBOM]`,
    `new TextDecoder("utf-9")`,
    `new TextDecoder().decode(new DataView(${bytes(97, 98, 99)}.buffer, 1))`,
    `new TextDecoder().decode(${bytes(97, 98)}.buffer)`,
  ],
  structuredClone: [
    `structuredClone({ a: [1, { b: 2n }], c: null, d: undefined, e: -0, f: NaN })`,
    `(() => { const a = { list: [] }; a.self = a; a.list.push(a); const b = structuredClone(a); return [b !== a, b.self === b, b.list[0] === b]; })()`,
    `[...structuredClone(new Map([[{ a: 1 }, new Set([1, "2"])]]))].map(([key, value]) => [key, [...value]])`,
    `structuredClone(new Date(5)).getTime()`,
    `String(structuredClone(/a+/gi))`,
    `(() => { const error = new RangeError("no", { cause: { why: 1 } }); const copy = structuredClone(error); return [copy instanceof RangeError, copy.message, copy.cause, Object.keys(copy)]; })()`,
    `(() => { class E extends TypeError { name = "Own"; } const copy = structuredClone(new E("x")); return [copy.name, copy instanceof TypeError, copy instanceof E]; })()`,
    `structuredClone(Object.assign(new Error("m"), { extra: 1 })).extra`,
    `(() => { const bytes = new Uint8Array([1, 2, 3, 4]); const [a, b] = structuredClone([bytes.subarray(1, 3), bytes]); return [[...a], a.byteOffset, a.buffer === b.buffer, a.constructor.name]; })()`,
    `[...new Uint8Array(structuredClone(${bytes(1, 2)}.buffer))]`,
    `structuredClone(new DataView(${bytes(1, 2, 3)}.buffer, 1, 2)).getUint8(1)`,
    `(() => { const holes = [1, , 3]; holes.more = 4; const copy = structuredClone(holes); return [copy.length, 1 in copy, copy.more]; })()`,
    `[structuredClone(new Number(3)) instanceof Number, structuredClone(Object("s")).length, structuredClone(Object(1n)).valueOf()]`,
    `(() => { class A { x = 1; get y() { return 2; } } const copy = structuredClone(new A()); return [copy instanceof A, copy]; })()`,
    `structuredClone({ get x() { return 5; } })`,
    `structuredClone(() => 1)`,
    `structuredClone({ a: Symbol("s") })`,
    `structuredClone(Object(Symbol("s")))`,
    `structuredClone(new WeakMap())`,
    `structuredClone(Promise.resolve())`,
    `(() => { const { buffer } = ${bytes(1, 2, 3)}; const copy = structuredClone({ buffer }, { transfer: [buffer] }); return [buffer.byteLength, buffer.detached, [...new Uint8Array(copy.buffer)]]; })()`,
    `structuredClone(1, { transfer: [{}] })`,
    `(() => { const { buffer } = ${bytes(1)}; return structuredClone(1, { transfer: [buffer, buffer] }); })()`,
    `(() => { const { buffer } = ${bytes(1)}; try { structuredClone(() => 1, { transfer: [buffer] }); } catch {} return buffer.detached; })()`,
    `structuredClone([undefined, null, true, "text", "\\ud800"])`,
    `Object.keys(structuredClone(Object.create({ inherited: 1 }, { own: { value: 1, enumerable: true }, hidden: { value: 2 } })))`,
  ],
  "atob and btoa": [
    `btoa("hello ÿ")`,
    `btoa("€")`,
    `atob("aGVsbG8g/w==")`,
    `atob(" aGVs\\nbG8 ")`,
    `atob("aGVsbG8")`,
    `atob("a")`,
    `atob("*")`,
    `atob("ab=")`,
    `atob("abc=d")`,
    `atob("")`,
  ],
  timers: [
    `new Promise(resolve => setTimeout((...args) => resolve(args), 0, 1, "two"))`,
    `typeof clearTimeout(undefined)`,
    `typeof clearInterval("none")`,
    `setTimeout("text")`,
    `setInterval(1)`,
    `queueMicrotask(1)`,
    `(async () => { const order = []; setTimeout(() => order.push("timer"), 0); queueMicrotask(() => order.push("microtask")); Promise.resolve().then(() => order.push("then")); order.push("now"); await new Promise(resolve => setTimeout(resolve, 2)); return order; })()`,
    `(async () => { const order = []; const id = setTimeout(() => order.push("no"), 0); clearTimeout(id); await new Promise(resolve => setTimeout(resolve, 3)); return order; })()`,
    `(async () => { let rounds = 0; await new Promise(resolve => { const id = setInterval(more => { rounds += more; if (rounds === 6) { clearInterval(id); resolve(); } }, 1, 2); }); await new Promise(resolve => setTimeout(resolve, 5)); return rounds; })()`,
    `(async () => { let rounds = 0; const id = setInterval(() => { rounds++; clearTimeout(id); }, 1); await new Promise(resolve => setTimeout(resolve, 5)); return rounds; })()`,
    `(async () => { const order = []; for (const ms of [3, 1, 2]) setTimeout(() => order.push(ms), ms); await new Promise(resolve => setTimeout(resolve, 9)); return order; })()`,
  ],
  "crypto and performance": [
    `crypto.getRandomValues(new Float64Array(1))`,
    `crypto.getRandomValues([1])`,
    `crypto.getRandomValues(new Uint8Array(65537))`,
    `(() => { const array = new Uint16Array(3); return crypto.getRandomValues(array) === array; })()`,
    `crypto.getRandomValues(new BigInt64Array(0)).length`,
    `/^[\\da-f]{8}-[\\da-f]{4}-4[\\da-f]{3}-[89ab][\\da-f]{3}-[\\da-f]{12}$/.test(crypto.randomUUID())`,
    `typeof performance.now()`,
    `typeof performance.timeOrigin`,
  ],
};

/** Lines of the console that are the same in Node. Its columns and line breaks are not. */
const lines = [
  `"text", 1, -0, 10n, true, null, undefined, Symbol("s")`,
  `["text", "it's", 'both \\' and "', "line\\n"]`,
  `{ a: 1, "b-c": { d: [1, [2, [3, [4]]]] } }`,
  `[]`,
  `{}`,
  `[1, , 3, , ,]`,
  `new Map([["a", { b: 1 }]]), new Map()`,
  `new Set([1, "two"]), new Set()`,
  `new Uint8Array([1, 2]), new Float32Array(1)`,
  `function named() {}, () => {}, class A {}, class extends Array {}`,
  `new (class Point { x = 1; y = 2; })()`,
  `new (class Empty {})()`,
  `Object.create(null)`,
  `Object.assign(Object.create(null), { a: 1 })`,
  `(() => { const a = { name: "a" }; a.self = a; return a; })()`,
  `(() => { const a = {}; const b = { a }; a.b = b; return [a, b]; })()`,
  `{ get a() { return 1; }, set b(_) {}, get c() { return 1; }, set c(_) {} }`,
  `new Date(0), /a+/g`,
  `new Date(NaN)`,
  `Object(1), Object("text"), Object(true)`,
  `{ [Symbol("key")]: 1 }`,
  `{ a: undefined, b: null, c: () => {} }`,
  `Object.assign(() => {}, { a: 1 })`,
  `{ nested: { deeper: { deepest: { no: 1 } } } }`,
  `"%s is %d and %i, %f, %j, %o, %%, %c.", "x", 4.5, 4.5, "1.5e1", { a: 1 }, 1, "css", "rest"`,
  `"%s %s", "one"`,
  `"100%", 1`,
  `"%d %d", 10n, "x"`,
  `1, "%s", 2`,
];

describe("in a script as in Node:", () => {
  let clock: ManualClock;
  let runtime: Runtime;
  let script: Client<Evaluator>;

  beforeAll(async () => {
    clock = new ManualClock();
    runtime = new Runtime({ grants: "all", clock });
    script = await functionsOf<Evaluator>(runtime, `export ${evaluate}`);
    return () => runtime.stop();
  });

  for (const [what, all] of Object.entries(sources)) {
    describe(what, () => {
      test.each(all)("%s", async source => {
        const expected = await here(source);
        const answer = script.evaluate(source);
        // Longer than any of the timers: a loaded machine is late for none of them.
        await clock.advance(30);
        expect(await answer).toBe(expected);
      });
    });
  }
});

describe("the console", () => {
  async function logged(body: string): Promise<readonly (readonly [level: string, text: string])[]> {
    const seen: [string, string][] = [];
    const clock = new ManualClock();
    await using runtime = new Runtime({ grants: "all", clock, onLog: (_, level, text) => seen.push([level, text]) });
    const script = await functionsOf<{ run(): void }>(runtime, `export function run() { ${body} }`);
    await script.run();
    await runtime.settled();
    return seen;
  }

  test.each(lines)("writes as Node does: %s", async line => {
    const { formatWithOptions } = await import("node:util");
    const values = runInThisContext(`(format => format(${line}))`) as (
      format: (...values: unknown[]) => string,
    ) => string;
    const expected = values((...shown) =>
      formatWithOptions({ breakLength: Number.POSITIVE_INFINITY, compact: 99 }, ...shown),
    );
    expect(await logged(`console.log(${line})`)).toEqual([["info", expected]]);
  });

  test("has the levels of the log", async () => {
    expect(
      await logged(`for (const level of ["debug", "log", "info", "warn", "error"]) console[level](level)`),
    ).toEqual([
      ["debug", "debug"],
      ["info", "log"],
      ["info", "info"],
      ["warning", "warn"],
      ["error", "error"],
    ]);
  });

  test("shows an error with its name, message, stack, causes and own properties", async () => {
    const [[, text]] = await logged(
      `console.error("failed:", Object.assign(new RangeError("too much", { cause: new Error("why") }), { code: 7 }))`,
    );
    expect(text).toMatch(
      /^failed: RangeError: too much\n {4}at run \(script\.js:1:\d+\)\n?.* \{ \[cause\]: Error: why\n/,
    );
    expect(text).toMatch(/code: 7 \}$/);
  });

  test("shows at most a hundred values, and calls no getter", async () => {
    const [[, text], [, other]] = await logged(
      `console.log(new Array(200).fill(1)); console.log({ get x() { throw 1; } })`,
    );
    expect(text).toMatch(/1, \.\.\. 100 more items \]$/);
    expect(other).toBe("{ x: [Getter] }");
  });

  test("counts, measures, asserts, groups", async () => {
    const body = `console.count(); console.count(); console.countReset(); console.count(); console.time("t"); console.timeEnd("t");
      console.assert(true, "no"); console.assert(false, "%s", "yes"); console.group("outer"); console.log("a\\nb"); console.groupEnd(); console.log();`;
    expect((await logged(body)).map(([, text]) => text)).toEqual([
      ...["default: 1", "default: 2", "default: 1", "t: 0ms", "Assertion failed: yes", "outer", "  a\n  b", ""],
    ]);
  });
});
