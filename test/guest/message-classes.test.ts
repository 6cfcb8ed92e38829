/**
 * Classes that are marked `@message`: what a host encodes is what a guest reads, and the other way
 * round; what is no such message is an answer; what cannot be one does not compile. The types that
 * the build writes are those of the values.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { cbor } from "../../host/adapters/codec.ts";
import { type Pid, Runtime } from "../../host/index.ts";
import { compile } from "../../host/node/compile/compiler.ts";
import { ManualClock } from "../../host/test.ts";
import { GUEST_FOLDERS } from "../support/compile-guests.ts";
import { build } from "../support/compiler.ts";
import { ROOT } from "../support/pages.ts";

type Encodable = Parameters<typeof cbor.encode>[0];

const MUST = 1;
const MANY = 2;

const DEFAULTS = {
  ...{ on: true, i8: -1, i16: -2, i32: -3, i64: -4, u8: 1, u16: 2, u32: 3, u64: 4, f32: 0.5, f64: 0.1 },
  ...{ color: 7, owner: 0, text: "é🐛", bytes: Uint8Array.of(97, 98), place: { x: 1, y: 2 } },
  ...{ numbers: [1, 2], rows: [], texts: ["a"], files: [], places: [], owners: [], flags: [], maybes: [] },
  ...{ next: null, children: [], note: null, list: null },
};

/** Numbers as `cbor` decodes them: bigints only where a number would not be exact. */
const long = (min: bigint, max: bigint) =>
  fc
    .bigInt({ min, max })
    .map(value => (BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value));
const signed = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const unsigned = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
// What a codec does with -0 is in codec.test.ts.
const positive = <T extends number>(value: T) => (value === 0 ? 0 : value);
const double = fc.double().map(positive);
const single = fc.float().map(positive);
const text = fc.string({ unit: "binary" });
const bytes = fc.uint8Array({ maxLength: 300 });
const some = <T>(element: fc.Arbitrary<T>) => fc.array(element, { maxLength: 4 });
const place = fc.record({ x: signed(32), y: signed(32) });

const nested = { maxDepth: 3, depthIdentifier: "shape" };

const { shape } = fc.letrec<{ shape: Record<string, unknown> }>(tie => ({
  shape: fc.record({
    ...{ on: fc.boolean(), i8: signed(8), i16: signed(16), i32: signed(32), i64: long(-(2n ** 63n), 2n ** 63n - 1n) },
    ...{
      u8: unsigned(8),
      u16: unsigned(16),
      u32: unsigned(32),
      u64: long(0n, 2n ** 64n - 1n),
      f32: single,
      f64: double,
    },
    ...{ color: signed(32), owner: fc.maxSafeNat(), text, bytes, place },
    ...{
      numbers: some(signed(32)),
      rows: some(some(double)),
      texts: some(text),
      files: some(bytes),
      places: some(place),
    },
    ...{ owners: some(fc.maxSafeNat()), flags: some(fc.boolean()), maybes: some(fc.option(text)) },
    ...{
      next: fc.option(tie("shape"), nested),
      children: fc.option(fc.tuple(tie("shape")), { ...nested, nil: [] }),
      note: fc.option(text),
      list: fc.option(some(unsigned(16))),
    },
  }),
}));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-messages-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("between host and guest", () => {
  let built: Awaited<ReturnType<typeof build>>[0];
  let runtime: Runtime;
  let guest: Pid;

  beforeAll(async () => {
    [built] = await build(["structures.ts"], { baseDir: fileURLToPath(GUEST_FOLDERS.guests) });
    if (built.wasm === undefined) throw new Error(built.text);
  });
  beforeEach(async () => {
    runtime = new Runtime({ clock: new ManualClock(), readString });
    guest = runtime.spawn(await runtime.load(built));
  });
  afterEach(() => runtime.stop());

  const call = (message: Uint8Array, tag = 0) => runtime.call(guest, message, { tag });
  const ask = (value: Encodable, tag = 0) => call(cbor.encode(value), tag);

  /** What the guest has read; undefined where it says that it was none of its messages. */
  async function read(value: Encodable): Promise<unknown> {
    const answer = await ask(value);
    return answer.length === 0 ? undefined : cbor.decode(answer);
  }

  test("a message comes back whole, whatever is in its fields", async () => {
    await fc.assert(
      fc.asyncProperty(shape, async value => {
        expect(await read(value as Encodable)).toEqual(value);
      }),
    );
  });

  test("a key that is missing leaves the field as the constructor has made it, and in any order", async () => {
    expect(await read({})).toEqual(DEFAULTS);
    const keys = Object.keys(DEFAULTS);
    await fc.assert(
      fc.asyncProperty(shape, fc.shuffledSubarray(keys), async (value, kept) => {
        const part = Object.fromEntries(kept.map(key => [key, value[key]]));
        expect(await read(part as Encodable)).toEqual({ ...DEFAULTS, ...part });
      }),
    );
  });

  test("a key that the class does not have is skipped, with all that is in it", async () => {
    const unknown = fc.dictionary(
      fc.string({ minLength: 1 }).map(key => `_${key}`),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(unknown, unknown, async (before, after) => {
        const value = { ...before, text: "é", place: { ...before, y: 5 }, ...after };
        expect(await read(value as Encodable)).toEqual({ ...DEFAULTS, text: "é", place: { x: 1, y: 5 } });
      }),
    );
  });

  test.each<[string, Encodable]>([
    ["no map", [1]],
    ["nothing at all in a map's place", null],
    ["a number beyond its type", { u8: 256 }],
    ["a number below its type", { i16: -32_769 }],
    ["a negative number for an unsigned one", { u64: -1 }],
    ["a number beyond 64 bits", { i64: 2n ** 63n }],
    ["a fraction for a whole number", { i32: 1.5 }],
    ["a text for a number", { f64: "1" }],
    ["a number for a bool", { on: 1 }],
    ["bytes for a text", { text: Uint8Array.of(97) }],
    ["null for what may not be null", { text: null }],
    ["null among what may not be null", { texts: ["a", null] }],
    ["a list for a message", { place: [] }],
    ["a message for a list", { places: {} }],
    ["a wrong field of a message in a list", { places: [{}, { x: "1" }] }],
    ["a wrong field deeper inside", { next: { next: { numbers: [{}] } } }],
  ])("%s is an answer, and no crash", async (_name, value) => {
    expect(await read(value)).toBeUndefined();
    expect(await read({ i8: 5 })).toEqual({ ...DEFAULTS, i8: 5 });
  });

  test("a message with a byte less, or one more, is none", async () => {
    const whole = cbor.encode({ ...DEFAULTS, next: { ...DEFAULTS, list: [1, 300] } });
    for (let length = 0; length < whole.length; length++) expect(await call(whole.subarray(0, length))).toHaveLength(0);
    expect(await call(Uint8Array.of(...whole, 0))).toHaveLength(0);
    expect(cbor.decode(await call(whole))).toMatchObject({ next: { list: [1, 300] } });
  });

  test("no bytes crash the guest, and what it takes it writes as the host does", async () => {
    const mutated = fc
      .tuple(shape, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
      .map(([value, changes]) => {
        const bytes = new Uint8Array(cbor.encode(value as Encodable));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, bytes), async bytes => {
        const answer = await call(bytes);
        if (answer.length > 0) expect(await read(cbor.decode(answer) as Encodable)).toEqual(cbor.decode(answer));
      }),
      { numRuns: 1000 },
    );
  });

  test("messages inside each other are read 32 deep, with the smallest stack, too, and beyond that are none", async () => {
    const nested = (depth: number, around: (inner: Encodable) => Encodable) => {
      let value: Encodable = {};
      for (let i = 1; i < depth; i++) value = around(value);
      return cbor.encode(value);
    };
    const options = { baseDir: fileURLToPath(GUEST_FOLDERS.guests), stackBytes: 1 };
    const narrow = runtime.spawn(await runtime.load((await build(["structures.ts"], options))[0]));
    for (const around of [(next: Encodable) => ({ next }), (child: Encodable) => ({ children: [child] })]) {
      expect(await call(nested(32, around))).not.toHaveLength(0);
      expect(await call(nested(33, around))).toHaveLength(0);
      const answer = await runtime.call(narrow, nested(32, around));
      expect(answer).not.toHaveLength(0);
    }
    const key = [0x64, ...new TextEncoder().encode("next")];
    const endless = Uint8Array.from({ length: 600_000 }, (_, i) => [0xa1, ...key][i % 6]);
    expect(await call(endless)).toHaveLength(0);
    expect(runtime.isAlive(guest)).toBe(true);
  });

  test("a message that would become too many objects is none, unless the reader allows them", async () => {
    const empties = (count: number) => [
      0x9a,
      count >>> 24,
      (count >> 16) & 255,
      (count >> 8) & 255,
      count & 255,
      ...new Uint8Array(count).fill(0xa0),
    ];
    const places = (count: number) =>
      Uint8Array.of(0xa1, 0x66, ...new TextEncoder().encode("places"), ...empties(count));
    expect(await call(places(9_000))).not.toHaveLength(0);
    expect(await call(places(10_000))).toHaveLength(0);
    expect(await call(places(100_000))).toHaveLength(0);
    expect(cbor.decode(await call(Uint8Array.from(empties(19_999)), MANY))).toBe(19_999);
    expect(cbor.decode(await call(Uint8Array.from(empties(20_000)), MANY))).toBe(-1);
    // Numbers are no objects.
    const numbers = Array.from({ length: 100_000 }, (_, i) => i);
    expect(await read({ numbers })).toMatchObject({ numbers });
  });

  test("mustRead crashes where it is none, and says which class and which key", async () => {
    expect(cbor.decode(await ask({ i8: 3 }, MUST))).toMatchObject({ i8: 3 });
    const ended = runtime.exited(guest);
    await expect(ask({ i8: 3, place: { x: 1.5 } }, MUST)).rejects.toThrow("ended before it answered");
    expect(await ended).toMatchObject({
      kind: "crashed",
      message: expect.stringMatching(/^mustRead: a message of \d+ bytes is not a Shape, at or after its key "x"/),
    });
  });
});

describe("what cannot be a message does not compile, and says why:", () => {
  const IMPORT = `import { encode, message, read, receive, reply } from "isopod/guest";\n`;
  const USE =
    "\nexport function run(): void { const m = receive(); const p = read<P>(m); if (p !== null) reply(m, encode(p)); }\n";

  test.each([
    [
      "class P<T> { x: i32 = 0; }",
      "P is marked @message, and such a class has no type parameters: write one class for each type",
    ],
    [
      "class P extends B { x: i32 = 0; } class B {}",
      "P is marked @message, and such a class extends no other: put the fields of B into P",
    ],
    [
      "abstract class P { x: i32 = 0; }",
      "P is marked @message, but abstract, and a reader has to make one: remove abstract",
    ],
    [
      "class P { constructor(public x: i32, y: i32 = 0) {} }",
      "P is marked @message, but its constructor requires x, which a reader does not know before it has made one: give x a default",
    ],
    [
      "class P { encode: i32 = 0; }",
      "P is marked @message, so its encode is made by the build: give this member another name",
    ],
    ["class P { decode(): void {} }", "P is marked @message, so its decode is made by the build"],
    [
      "class P { readonly x: i32 = 0; }",
      "P is marked @message, but its field x is readonly, so a reader cannot set it: remove readonly",
    ],
    [
      "class P { x: Map<string, i32> = new Map(); }",
      "P is marked @message, but its field x is of the type ~lib/map/Map<~lib/string/String,i32>, which no message can have: use a bool, a number",
    ],
    [
      "class P { f: (a: i32) => void = a => {}; }",
      "P is marked @message, but its field f is of the type (i32) => void, which no message can have",
    ],
    [
      "class P { x: i32[] = []; y: Float64Array[] = []; }",
      "P is marked @message, but its field y is of the type ~lib/typedarray/Float64Array, which no message can have",
    ],
    [
      "class P { b: B | null = null; } class B {}",
      "P is marked @message, but its field b is a B, which is not marked @message: mark that class",
    ],
  ])("%s", async (declaration, message) => {
    const file = join(folder, "wrong.ts");
    writeFileSync(file, `${IMPORT}@message\n${declaration}${declaration.includes("<T>") ? "" : USE}`);
    const { wasm, diagnostics } = await compile(file);
    expect(wasm).toBeUndefined();
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    expect(errors).toMatchObject([{ file, line: 3, message: expect.stringContaining(message) }]);
  });

  test("a mark that was not imported, and two classes of one name", async () => {
    const file = join(folder, "wrong.ts");
    writeFileSync(file, "@message class P {}\nexport function run(): void {}\n");
    expect((await compile(file)).diagnostics).toMatchObject([
      { line: 1, column: 16, message: 'P is marked @message: import { message } from "isopod/guest"' },
    ]);
    writeFileSync(join(folder, "other.ts"), `${IMPORT}@message export class P {}\n`);
    writeFileSync(
      file,
      `${IMPORT}import { P as Q } from "./other";\n@message class P {}\nexport function run(): void { new Q(); }`,
    );
    expect((await compile(file, { baseDir: folder })).diagnostics.map(({ message }) => message)).toEqual([
      expect.stringContaining("P is marked @message, and wrong.ts has another P: rename one"),
    ]);
  });

  test("a value that a reader or a writer is asked for by hand", async () => {
    const file = join(folder, "wrong.ts");
    writeFileSync(
      file,
      `import { CborReader } from "isopod/guest";\nexport function run(): void { new CborReader().value<Map<i32, i32>>(); }`,
    );
    expect((await compile(file)).text).toContain("no message has such a value: it is neither");
  });
});

describe("the TypeScript types of messages", () => {
  const GUEST = `import { encode, message, read, receive, reply } from "isopod/guest";

/** What a till is asked. */
@message
class Order {
  /** In cents. */
  prices: u32[] = [];
  customer: string | null = null;
}

@message
class Bill {
  order: Order = new Order();
  sum: u64 = 0;
}

export function run(): void {
  while (true) {
    const request = receive();
    const order = read<Order>(request);
    if (order === null) continue;
    const bill = new Bill();
    bill.order = order;
    for (let i = 0; i < order.prices.length; i++) bill.sum += order.prices[i];
    reply(request, encode(bill));
  }
}
`;
  const TYPES = `// The messages of till.ts, as \`cbor\` of isopod/codec reads and writes them.
// Made by the build: change the guest instead.

/** What a till is asked. */
export type Order = {
  /** In cents. */
  prices: number[];
  customer: string | null;
};

export type Bill = {
  order: Order;
  sum: number | bigint;
};
`;

  /** The program imports this checkout in place of the package. */
  const from = (path: string) => JSON.stringify(join(ROOT, path));
  const HOST = `import { cbor } from ${from("host/adapters/codec.ts")};
import { createRuntime } from ${from("host/node/index.ts")};
import type { Bill, Order } from "./out/till.wasm.d.ts";

await using runtime = createRuntime();
const till = runtime.spawn(await runtime.load("out/till.wasm"));
const order: Order = { prices: [1, 2], customer: "Ann" };
const bill = cbor.decode(await runtime.call(till, cbor.encode(order))) as Bill;
const sum: number | bigint = bill.sum;
// @ts-expect-error: there is no such key.
bill.total;
// @ts-expect-error: a price is a number.
order.prices.push("3");
console.log(sum, bill.order.customer);
`;

  const exec = promisify(execFile);
  const cli = join(ROOT, "bin", "isopod.js");

  test("are beside the module, and a host program that uses them type-checks and exchanges messages", async () => {
    writeFileSync(join(folder, "till.ts"), GUEST);
    await build(["till.ts"], { baseDir: folder });
    const { stdout } = await exec(process.execPath, [cli, "build", "till.ts", "--out", "out"], { cwd: folder });
    expect(stdout).toMatch(/^out\/till\.wasm {2}\d+ bytes\n$/);
    expect(readFileSync(join(folder, "out", "till.wasm.d.ts"), "utf8")).toBe(TYPES);
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "host.ts"), HOST);
    const config = JSON.parse(readFileSync(join(ROOT, "tsconfig.json"), "utf8"));
    const compilerOptions = { ...config.compilerOptions, typeRoots: [join(ROOT, "node_modules/@types")] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["host.ts"] }));
    for (const module of [[], ["--module", "esnext", "--moduleResolution", "bundler"]]) {
      await exec(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder, ...module]).catch(
        ({ stdout }) => expect(stdout).toBe(""),
      );
    }
    const env = { ...process.env, ISOPOD_QUIET: "1" };
    expect((await exec(process.execPath, ["host.ts"], { cwd: folder, env })).stdout).toBe("3 Ann\n");
  });

  test("are not needed by an editor: a guest with message classes is TypeScript", async () => {
    const paths = { "*": [join(ROOT, "node_modules/assemblyscript/std/assembly/*")] };
    const config = {
      extends: join(ROOT, "guest/tsconfig.json"),
      compilerOptions: { paths },
      include: [],
      files: [join(ROOT, "test/guests/structures.ts")],
    };
    writeFileSync(join(folder, "editor.json"), JSON.stringify(config));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const said = await exec(process.execPath, [tsc, "-p", join(folder, "editor.json")]).catch(error => error);
    expect(said.stdout).toBe("");
  });

  test("are what build() gives, from the cache, too, and nothing for a guest without such classes", async () => {
    const compile = () => build(["till.ts"], { baseDir: folder, cache: join(folder, "cache") });
    const [[first], [second]] = [await compile(), await compile()];
    expect(first.types).toBe(TYPES);
    expect(second).toEqual(first);
    writeFileSync(join(folder, "plain.ts"), "export function run(): void {}\n");
    const [plain] = await build(["plain.ts"], { baseDir: folder });
    expect(plain.wasm).toBeDefined();
    expect("types" in plain).toBe(false);
  });

  test("name what each field is, in the words of TypeScript", async () => {
    const [{ types }] = await build(["structures.ts"], { baseDir: fileURLToPath(GUEST_FOLDERS.guests) });
    const [, place] = /export type Place = \{\n([^}]*)\}/.exec(types ?? "") ?? [];
    expect(place).toBe("  x: number;\n  y: number;\n");
    const [, doc, shape] = /(\/\*\*[^/]*\*\/)\nexport type Shape = \{\n([^}]*)\}/.exec(types ?? "") ?? [];
    expect(doc).toBe("/**\n * All that a field can be.\n * In two lines.\n */");
    expect(shape.split("\n").map(line => line.trim())).toEqual([
      ...["/** A parameter of the constructor is a field, too. */", "on: boolean;"],
      ...["i8", "i16", "i32"].map(name => `${name}: number;`),
      "i64: number | bigint;",
      ...["u8", "u16", "u32"].map(name => `${name}: number;`),
      "u64: number | bigint;",
      ...["f32", "f64", "color", "owner"].map(name => `${name}: number;`),
      ...["/** Not empty. */", "text: string;", "bytes: Uint8Array;", "place: Place;"],
      ...["numbers: number[];", "rows: number[][];", "texts: string[];", "files: Uint8Array[];", "places: Place[];"],
      ...["owners: number[];", "flags: boolean[];", "maybes: (string | null)[];"],
      ...["next: Shape | null;", "children: Shape[];", "note: string | null;", "list: number[] | null;", ""],
    ]);
  });
});
