/** Transforms and features of the compiler that the user names: json-as, one's own, SIMD. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { json } from "../../host/adapters/codec.ts";
import { readSourceMap } from "../../host/adapters/source-map.ts";
import { type Pid, Runtime } from "../../host/index.ts";
import { build as buildHere } from "../../host/node/compile/build.ts";
import type { Compiled } from "../../host/node/compile/compiled.ts";
import { ManualClock } from "../../host/test.ts";
import { build } from "../support/compiler.ts";
import { ROOT } from "../support/pages.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-transforms-"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  write("package.json", '{"type":"module"}');
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

async function built(entry: string, options: Parameters<typeof build>[1] = {}): Promise<Compiled> {
  const [compiled] = await build([entry], { baseDir: folder, ...options });
  return compiled;
}

/** What a build says where it fails. */
async function refusal(entry: string, options: Parameters<typeof build>[1]): Promise<string> {
  const { wasm, diagnostics } = await built(entry, options);
  expect(wasm).toBeUndefined();
  return diagnostics.map(({ message }) => message).join();
}

const SHOP = `import { receive, replyText } from "isopod/guest";
import { JSON } from "json-as";

@json
class Item {
  name: string = "";
  price: f64 = 0;
  tags: string[] = [];
}

export function run(): void {
  while (true) {
    const request = receive();
    const item = JSON.parse<Item>(request.text());
    item.price = item.price * 2;
    replyText(request, JSON.stringify(item));
  }
}
`;

/**
 * Its other modes read several characters at once. In version 1.6.0, with plain asc, too, they damage characters beyond
 * U+FFFF, and crash at keys that the class does not have.
 */
const modes = [
  { mode: "NAIVE", enable: [], unit: "grapheme" as const, more: { unknown: [1, {}] } },
  { mode: "SWAR", enable: [], unit: "grapheme-ascii" as const, more: {} },
  { mode: "SIMD", enable: ["simd" as const], unit: "grapheme-ascii" as const, more: {} },
];

describe.each(modes)("json-as in the mode $mode", ({ mode, enable, unit, more }) => {
  let runtime: Runtime;
  let shop: Pid;

  beforeAll(async () => {
    process.env.JSON_MODE = mode;
    // Here, because the compiler of the run has another environment.
    const [compiled] = await buildHere([write("shop.ts", SHOP)], { baseDir: folder, transforms: ["json-as"], enable });
    delete process.env.JSON_MODE;
    expect(compiled.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    runtime = new Runtime({ clock: new ManualClock(), readString, readSourceMap });
    shop = runtime.spawn(await runtime.load(compiled));
  });
  afterAll(() => runtime.stop());

  test("reads what a host writes, and writes what a host reads", async () => {
    const text = fc.string({ unit, maxLength: 30 });
    const item = fc.record({ name: text, price: fc.integer(), tags: fc.array(text) });
    await fc.assert(
      fc.asyncProperty(item, async item => {
        const answer = json.decode(await runtime.call(shop, json.encode({ ...item, ...more })));
        expect(answer).toEqual({ ...item, price: item.price * 2 });
      }),
    );
  });

  test("crashes of what is no JSON, at the guest's own line", async () => {
    const ended = runtime.exited(shop);
    await expect(runtime.call(shop, "{")).rejects.toThrow("ended before it answered");
    expect(await ended).toMatchObject({ message: expect.stringMatching(/JSON.*shop\.ts:14:/) });
  });
});

describe("a transform of one's own", () => {
  const GUEST = `import { log } from "isopod/guest"; export function run(): void { log(WORD); }\n`;
  const transform = (word: string) => `import { Transform } from "assemblyscript/transform";
    let times = 0;
    export default class extends Transform {
      afterParse(parser) {
        times++;
        const Parser = parser.constructor;
        const own = new Parser();
        own.parseFile("const WORD = '${word}' + '" + times + "';", "made.ts", false);
        parser.sources.find(source => source.text.includes("log(WORD)")).statements.unshift(...own.sources[0].statements);
      }
    }`;

  async function logged(compiled: Compiled): Promise<string[]> {
    const lines: string[] = [];
    await using runtime = new Runtime({ grants: { log: true }, onLog: (_pid, _level, line) => lines.push(line) });
    await runtime.exited(runtime.spawn(await runtime.load(compiled)));
    await new Promise<void>(done => setImmediate(done));
    return lines;
  }

  test("runs anew for each guest, and no guest comes from the cache after it has changed", async () => {
    write("words.ts", GUEST);
    const options = { transforms: ["./words.mjs"] };
    for (const word of ["one", "one", "two"]) {
      write("words.mjs", transform(word));
      expect(await logged(await built("words.ts", options))).toEqual([`${word}1`]);
    }
  });

  test("is an option of isopod run and isopod build", async () => {
    write("words.ts", GUEST);
    write("words.mjs", transform("three"));
    const isopod = (...args: string[]) =>
      promisify(execFile)(process.execPath, [join(ROOT, "bin/isopod.js"), ...args], { cwd: folder });
    const { stdout } = await isopod("run", "words.ts", "--transform", "./words.mjs", "--enable", "simd");
    expect(stdout).toBe("three1\n");
    await isopod("build", "words.ts", "--transform", "./words.mjs", "--enable=simd");
    expect((await isopod("run", "words.wasm")).stdout).toBe("three1\n");
  });

  test.each([
    ["lost", "there is no transform lost: install it, or write ./lost for a file"],
    ["./lost.mjs", "there is no transform ./lost.mjs: there is no such file"],
    ["./broken.mjs", "the transform ./broken.mjs could not be loaded: not today"],
    ["./empty.mjs", "./empty.mjs is no transform: its default export is a class that extends Transform"],
    ["isopod/transform", "the build has isopod/transform by itself: leave it out"],
    ["./throws.mjs", "it does not like this guest"],
  ])("that cannot be used (%s) is an error that says what to do", async (name, message) => {
    write("words.ts", GUEST);
    write("broken.mjs", "throw new Error('not today');");
    write("empty.mjs", "export const transform = 1;");
    write("throws.mjs", "export default class { afterParse() { throw new Error('it does not like this guest'); } }");
    expect(await refusal("words.ts", { transforms: [name] })).toContain(message);
  });
});

describe("a feature of WebAssembly", () => {
  const VECTOR = `import { receive, reply } from "isopod/guest";
    export function run(): void {
      let sum = i32x4.splat(0);
      while (true) {
        const request = receive();
        sum = i32x4.add(sum, v128.load(request.ptr));
        const answer = new Uint8Array(16);
        v128.store(answer.dataStart, sum);
        reply(request, answer);
      }
    }`;

  test("that the guest uses is an error without enable", async () => {
    expect(await refusal(write("vector.ts", VECTOR), {})).toContain("Feature 'simd' is not enabled");
  });

  test.each([{}, { park: "jspi" as const }, { reductions: "count" as const }, { reductions: "yield" as const }])(
    "is kept while the guest waits: vectors, with %j",
    async options => {
      const compiled = await built(write("vector.ts", VECTOR), { enable: ["simd"], ...options });
      await using runtime = new Runtime({ clock: new ManualClock() });
      const pid = runtime.spawn(await runtime.load(compiled));
      const bytes = new Uint8Array(Int32Array.of(1, -2, 3, 400).buffer);
      for (const times of [1, 2, 3]) {
        const answer = new Int32Array((await runtime.call(pid, bytes)).buffer);
        expect([...answer]).toEqual([times, -2 * times, 3 * times, 400 * times]);
      }
    },
  );

  test.each(["relaxed-simd", "reference-types"] as const)("%s makes a guest that runs", async feature => {
    write("plain.ts", 'import { receive } from "isopod/guest"; export function run(): void { receive(); }');
    const compiled = await built("plain.ts", { enable: [feature] });
    await using runtime = new Runtime({ clock: new ManualClock() });
    const pid = runtime.spawn(await runtime.load(compiled));
    runtime.send(pid, "");
    expect(await runtime.exited(pid)).toEqual({ kind: "normal" });
  });
});

test("neither is for a module that is compiled already", async () => {
  writeFileSync(join(folder, "made.wasm"), Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  expect(await refusal("made.wasm", { transforms: ["json-as"] })).toBe(
    '"made.wasm" is compiled already, and transforms change sources: give them to its own compiler',
  );
  expect(await refusal("made.wasm", { enable: ["simd"] })).toBe(
    '"made.wasm" is compiled already: enable simd in its own compiler',
  );
});
