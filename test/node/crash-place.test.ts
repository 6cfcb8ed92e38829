/**
 * Where in its sources a guest crashed. The report names the line at fault, or no line if it is not
 * known.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as asc from "assemblyscript/asc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { readSourceMap } from "../../host/adapters/source-map.ts";
import { type BuiltModule, type ExitReason, type LoadOptions, Runtime } from "../../host/index.ts";
import type { BuildOptions } from "../../host/node/compile/build.ts";
import type { Compiled } from "../../host/node/index.ts";
import { build } from "../support/compiler.ts";
import { guest } from "../support/wat.ts";

/** Each crash says in a comment which message makes it happen. */
const SOURCE = `import { listen, received, receive } from "isopod/guest";

let seen = 0;

// @ts-ignore: decorator
@inline
function quotient(a: i32, b: i32): i32 {
  return a / b; // divide 0
}

function deep(n: i32, z: i32): i32 {
  if (n == 0) return 10 % z; // remainder 0
  return deep(n - 1, z) + n;
}

function small(n: i32): void {
  if (n == 7) unreachable(); // small 7
}

function merged(n: i32): i32 {
  if (n == 1) {
    store<i32>(8192, seen * 7); store<i32>(8196, seen * 9); store<i32>(8200, seen * 11);
    unreachable(); // merged 1
  }
  if (n == 2) {
    store<i32>(8192, seen * 7); store<i32>(8196, seen * 9); store<i32>(8200, seen * 11);
    unreachable(); // merged 2
  }
  return n + merged(n - 1);
}

function twin(n: i32): i32 {
  if (n == 0) return load<i32>(<usize>-8); // twin 3
  return deep(n, 1) + n;
}

function other(n: i32): i32 {
  if (n == 0) return load<i32>(<usize>-8); // other 0
  return deep(n, 1) + n;
}

function act(what: string, n: i32): void {
  if (what == "divide") seen += quotient(5, n);
  if (what == "remainder") seen += deep(3, n);
  if (what == "small") small(n);
  if (what == "merged") seen += merged(n);
  if (what == "twin") seen += twin(n - 3);
  if (what == "other") seen += other(n);
  if (what == "far") seen += load<i32>(<usize>n); // far -4
  if (what == "fill") memory.fill(<usize>n, 1, 20); // fill -5
  if (what == "store") store<u8>(<usize>n, 1); // store 60000
  if (what == "dropped") load<i32>(<usize>n); // dropped -4
  if (what == "lines")
    seen +=
      deep(2, 1) *
      load<i32>(<usize>n) + // lines -4
      deep(3, 1);
  if (what == "abort") assert(n != 1, "asserted"); // abort 1
  if (what == "index") seen += [1, 2, 3][n]; // index 7
}

function obey(text: string): void {
  const words = text.split(" ");
  seen += words.length;
  act(words[0], <i32>I32.parseInt(words[1]));
}

listen();

export function handle(n: i32): void {
  obey(received(n).text());
}

export function run(): void {
  while (true) obey(receive().text());
}
`;

const lineOf = (words: string) => SOURCE.split("\n").findIndex(line => line.endsWith(`// ${words}`)) + 1;
/** The abort of the library, whose code a release build has in the guest's own function. */
const LIBRARY = "index 7";
const CRASHES = [...SOURCE.matchAll(/\/\/ (\w+ -?\d+)$/gm)].map(([, words]) => words).filter(w => w !== LIBRARY);

/** `(module (func (export "run") nop … unreachable))`, its trap where guests have code. */
const TRAPPING = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x07, 0x01, 0x03, 0x72, 0x75, 0x6e, 0x00, 0x00, 0x0a, 0x86, 0x10, 0x01, 0x83, 0x10, 0x00],
  ...Array<number>(0x800).fill(0x01),
  ...[0x00, 0x0b],
]);

let folder: string;
let entry: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-place-"));
  entry = join(folder, "crashes.ts");
  writeFileSync(entry, SOURCE);
});
afterAll(() => rmSync(folder, { recursive: true }));

type Crash = Extract<ExitReason, { kind: "crashed" }>;

/** How each of the messages ends a guest of its own, by the message. */
async function crashes(
  built: BuiltModule,
  messages: readonly string[],
  options: { load?: LoadOptions; entry?: string } = {},
): Promise<Map<string, Crash>> {
  await using runtime = new Runtime({ readString, readSourceMap });
  const module = await runtime.load(built, options.load);
  const found = new Map<string, Crash>();
  for (const message of messages) {
    const pid = runtime.spawn(module, options.entry === undefined ? {} : { entry: options.entry });
    runtime.send(pid, message);
    const reason = await runtime.exited(pid);
    if (reason.kind !== "crashed") throw new Error(`${message} ended it ${reason.kind}`);
    found.set(message, reason);
  }
  return found;
}

const builds = new Map<string, Promise<Compiled[]>>();

/** The source built so, once for all tests. */
async function compiled(options: BuildOptions): Promise<Compiled> {
  const key = JSON.stringify(options);
  const built = builds.get(key) ?? build([entry], { baseDir: folder, ...options });
  builds.set(key, built);
  return (await built)[0];
}

function expectPlaces(found: ReadonlyMap<string, Crash>): void {
  for (const [words, { message }] of found)
    expect(message).toMatch(new RegExp(`[^)] \\(crashes\\.ts:${lineOf(words)}:\\d+\\)$`));
}

describe.each([
  ["a process by Asyncify", {}, "run", {}],
  ["a process by JSPI", { park: "jspi" }, "run", {}],
  ["a handler", {}, "handle", {}],
  ["a debug build", { debug: true }, "run", {}],
  ["a process whose reductions the host counts", {}, "run", { reductions: "count" }],
  ["a process by JSPI whose reductions the host counts", { park: "jspi" }, "run", { reductions: "count" }],
  ["a build with counted reductions", { reductions: "count" }, "run", {}],
] as const)("a crash of %s", (_name, options, entry, load) => {
  test("names the line, of traps as of aborts, of inlined functions and of equal ones", async () => {
    expectPlaces(await crashes(await compiled(options), CRASHES, { entry, load }));
  });
});

describe("of a crash", () => {
  test("the stack names the place of each frame of the guest, and keeps the host's", async () => {
    const stack = (await crashes(await compiled({ debug: true }), ["remainder 0"])).get("remainder 0")?.stack ?? "";
    const frames = [...stack.matchAll(/at crashes\/(\w+) \(crashes\.ts:(\d+):\d+ wasm-function\[\d+\]:0x/g)];
    const line = lineOf("remainder 0");
    expect(frames.slice(0, 4).map(([, name, line]) => `${name} ${line}`)).toEqual([
      `deep ${line}`,
      ...Array(3).fill(`deep ${line + 1}`),
    ]);
    // The turn is the kernel's.
    expect(stack).toMatch(/resume:run .*\n\s+at wasm:\/\/wasm\/\w+:wasm-function/);
  });

  test("in the library a debug build names who called it, and a release build nothing that it does not know", async () => {
    const debug = (await crashes(await compiled({ debug: true }), [LIBRARY])).get(LIBRARY)?.message;
    expect(debug).toMatch(
      new RegExp(`^Index out of range \\(~lib/array\\.ts:\\d+:\\d+, from crashes\\.ts:${lineOf(LIBRARY)}:\\d+\\)$`),
    );
    const release = (await crashes(await compiled({}), [LIBRARY])).get(LIBRARY)?.message;
    expect(release).toMatch(/^Index out of range \(~lib\/array\.ts:\d+:\d+(, from [^)]*)?\)$/);
  });

  test("by a write behind the store limit it says so, with a map and without", async () => {
    const behind = "store limit: it wrote to memory that its allocator has not given out";
    const { wasm } = await compiled({});
    for (const built of [await compiled({}), await compiled({ reductions: "yield" }), { wasm }]) {
      const found = await crashes(built, ["store 60000", "fill -5", "far -4"]);
      const place =
        "sourceMap" in built && built.sourceMap !== undefined ? ` (crashes.ts:${lineOf("store 60000")}:` : "";
      expect(found.get("store 60000")?.message.startsWith(`${behind}${place}`)).toBe(true);
      expect(found.get("fill -5")?.message.startsWith(behind)).toBe(true);
      expect(found.get("far -4")?.message).toMatch(/^memory access out of bounds/);
    }
  });

  test("no place is named where the code has no map: built to give way, or loaded without", async () => {
    const { wasm } = await compiled({});
    for (const built of [await compiled({ reductions: "yield" }), { wasm }]) {
      const found = await crashes(built, ["small 7", "abort 1"]);
      expect(found.get("small 7")?.message).toBe("unreachable");
      expect(found.get("abort 1")?.message).toMatch(/^asserted \(crashes\.ts:\d+:\d+\)$/);
    }
  });

  test("a map that is none changes nothing", async () => {
    const { wasm } = await compiled({});
    for (const sourceMap of ["", "{", '{"version":3,"sources":[],"mappings":"!"}']) {
      expect((await crashes({ wasm, sourceMap }, ["small 7"])).get("small 7")?.message).toBe("unreachable");
    }
  });
});

test("a module whose memory was made an import is traced back to the offsets that it was compiled with", async () => {
  const source = "let n = 0; export function run(): void {\n  n++;\n  if (n > 0)\n    unreachable();\n}\n";
  const files = new Map<string, Uint8Array | string>();
  await asc.main(
    ["plain.ts", "--outFile", "plain.wasm", "--sourceMap", "--exportStart", "_start", "--runtime", "stub"],
    {
      stderr: asc.createMemoryStream(),
      readFile: name => (name === "plain.ts" ? source : null),
      writeFile: (name, contents) => void files.set(name, contents),
      listFiles: () => [],
    },
  );
  const wasm = new Uint8Array(files.get("plain.wasm") as Uint8Array);
  expect(WebAssembly.Module.imports(new WebAssembly.Module(wasm))).toEqual([]);
  const sourceMap = String(files.get("plain.wasm.map"));
  for (const load of [{}, { reductions: "count" }] as const) {
    const found = await crashes({ wasm, sourceMap }, ["go"], { load });
    expect(found.get("go")?.message).toMatch(/^unreachable \(.*plain\.ts:4:5\)$/);
  }
});

test("a trap of a module that a function of the embedder runs is not taken for the guest's", async () => {
  const foreign = new WebAssembly.Instance(new WebAssembly.Module(TRAPPING));
  const source = 'import * as db from "./db"; export function run(): void {\n  db.get();\n}\n';
  writeFileSync(join(folder, "db.ts"), "export declare function get(): void;\n");
  writeFileSync(join(folder, "asks.ts"), source);
  const [built] = await build(["asks.ts"], { baseDir: folder });
  await using runtime = new Runtime({
    readString,
    readSourceMap,
    grants: "all",
    imports: { db: { get: () => (foreign.exports.run as () => void)() } },
  });
  const reason = await runtime.exited(runtime.spawn(await runtime.load(built)));
  expect(reason).toMatchObject({ kind: "crashed", message: expect.stringMatching(/unreachable$/) });
});

describe("a guest that has used up what it may have", () => {
  /** Each takes memory in another way, on the line that its comment marks. */
  const TAKES = `import { argsText } from "isopod/guest";
class Link { constructor(public next: Link | null) {} }
let first: Link | null = null;
const arrays: Uint8Array[] = [];
const words: string[] = [];
const numbers: f64[] = [];
const map = new Map<i32, i32>();
function take(what: string): void {
  if (what == "object") first = new Link(first); // object
  if (what == "array") arrays.push(new Uint8Array(1 << 16)); // array
  if (what == "text") words.push("some text" + words.length.toString() + " more of it"); // text
  if (what == "push") numbers.push(1); // push
  if (what == "map") map.set(map.size, 1); // map
  if (what == "huge") arrays.push(new Uint8Array(1 << 28)); // huge
}
export function run(): void { const what = argsText(); while (true) take(what); }
`;
  const kinds = [...TAKES.matchAll(/\/\/ (\w+)$/gm)].map(([, kind]) => kind);
  const lineIn = (kind: string) => TAKES.split("\n").findIndex(line => line.endsWith(`// ${kind}`)) + 1;

  async function ends(built: BuiltModule, args: string): Promise<string> {
    await using runtime = new Runtime({ readString, readSourceMap });
    const pid = runtime.spawn(await runtime.load(built), { args, limits: { memoryPages: 16 } });
    const reason = await runtime.exited(pid);
    return reason.kind === "crashed" ? reason.message : reason.kind;
  }

  test.each([
    ["a release", {}],
    ["a debug build", { debug: true }],
    ["a build for JSPI", { park: "jspi" }],
  ] as const)("of memory is told so, with the limit and its own line: %s", async (_name, options) => {
    writeFileSync(join(folder, "takes.ts"), TAKES);
    const [built] = await build(["takes.ts"], { baseDir: folder, ...options });
    for (const kind of kinds) {
      expect(await ends(built, kind)).toMatch(
        new RegExp(`^memoryPages: 16 reached \\(takes\\.ts:${lineIn(kind)}:\\d+\\)$`),
      );
    }
    expect(await ends({ wasm: built.wasm }, "array")).toBe("memoryPages: 16 reached");
  });

  test("says so by env.abort: what is not the host's limit is not named as one", async () => {
    const abort = (line: number, column: number) =>
      guest(
        `(func (export "run") (call $abort (i32.const 0) (i32.const 0) (i32.const ${line}) (i32.const ${column})))`,
      );
    expect(await ends({ wasm: abort(15, 1) }, "")).toBe("memoryPages: 16 reached");
    expect(await ends({ wasm: abort(14, 1) }, "")).toBe("its memory of 2 pages cannot grow by 14");
    expect(await ends({ wasm: abort(8192, 2) }, "")).toMatch(/^stack overflow: the 8192 bytes for references/);
    expect(await ends({ wasm: abort(3, 4) }, "")).toBe("abort");
  });

  test("of the stack for references is told so, with the option of the build and its own line", async () => {
    const source = `class Node { kids: Node[] = []; }
function tree(depth: i32): Node {
  const node = new Node();
  if (depth > 0) node.kids.push(tree(depth - 1)); // deeper
  return node;
}
export function run(): void { tree(1_500); }
`;
    writeFileSync(join(folder, "tree.ts"), source);
    const [small] = await build(["tree.ts"], { baseDir: folder });
    expect(await ends(small, "")).toMatch(
      /^stack overflow: the 8288 bytes for references to objects are full; build it with a larger --stack \(tree\.ts:\d+:\d+\)$/,
    );
    for (const options of [{}, { park: "jspi" }, { reductions: "yield" }] as const) {
      const [large] = await build(["tree.ts"], { baseDir: folder, stackBytes: 40_000, ...options });
      expect(await ends(large, "")).toBe("normal");
    }
  });
});
