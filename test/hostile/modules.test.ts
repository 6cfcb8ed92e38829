/**
 * Bad modules. For all bytes, `load` or `spawn` throws a LoadError or a SpawnError that names the
 * import, the export or the limit. The attempt leaves nothing behind, and the witness is served.
 */

import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { IsopodError, LoadError, type ModuleSource, SpawnError, type SpawnOptions } from "../../host/index.ts";
import { assemble, guest } from "../support/wat.ts";
import { Arena } from "./arena.ts";
import { COMMON, IDLE, MANY_FEATURES, named, spawning, tells, told } from "./attackers.ts";
import { HEADER, name, section, u32, vector } from "./fuzz/encode.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The parts of a module written byte by byte, for what no assembler writes. */
interface Parts {
  readonly types?: readonly (readonly number[])[];
  readonly imports?: readonly (readonly number[])[];
  readonly tables?: readonly (readonly number[])[];
  readonly memories?: readonly (readonly number[])[];
  readonly globals?: readonly (readonly number[])[];
  readonly exports?: readonly (readonly number[])[];
}

const NOTHING = [0x60, 0, 0];
const MEMORY_IMPORT = [...name("env"), ...name("memory"), 2, 0, 2];
const MEMORY_EXPORT = [...name("memory"), 2, 0];

/**
 * A module that exports a `run` which does nothing, and has these parts besides. Its type 0 is that
 * of `run`.
 */
function raw({ types = [], imports = [], tables = [], memories = [], globals = [], exports = [] }: Parts): Bytes {
  return Uint8Array.from([
    ...HEADER,
    ...section(1, vector([NOTHING, ...types])),
    ...section(2, vector(imports)),
    ...section(3, vector([[0]])),
    ...section(4, vector(tables)),
    ...section(5, vector(memories)),
    ...section(6, vector(globals)),
    ...section(7, vector([[...name("run"), 0, 0], ...exports])),
    ...section(10, vector([[2, 0, 0x0b]])),
  ]);
}

/**
 * What `load`, and `spawn` if it comes so far, say of a module: an error of ours that names this.
 * Nothing of it stays.
 */
async function refused(
  arena: Arena,
  source: ModuleSource,
  names: RegExp,
  { spawn = {}, reductions = "count" }: { spawn?: SpawnOptions; reductions?: "count" | "none" } = {},
): Promise<IsopodError> {
  const error = await arena.runtime
    .load(source, { name: "bad", reductions })
    .then(module => arena.runtime.spawn(module, spawn))
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(IsopodError);
  if (!(error instanceof LoadError || error instanceof SpawnError)) throw error;
  expect(error.code).toBe(error instanceof LoadError ? "ISOPOD_LOAD" : "ISOPOD_SPAWN");
  expect(error.message).toMatch(names);
  expect(arena.runtime.size).toBe(1);
  expect(await arena.served()).toBe(true);
  return error;
}

/** It is an actor like any other, and ends like one. */
async function endsNormally(arena: Arena, bytes: Bytes, options: SpawnOptions = {}): Promise<void> {
  expect(await arena.reason(await arena.attack(bytes, options))).toBe("normal");
  expect(await arena.served()).toBe(true);
}

const GOOD = guest(`(func (export "run"))`);

describe("bytes that are no module", () => {
  const cases: readonly (readonly [what: string, bytes: readonly number[]])[] = [
    ["nothing", []],
    ["text", [...new TextEncoder().encode("export function run(): void {}")]],
    ["half of the first word", [0, 97]],
    ["zeros", Array(100).fill(0)],
    ["a version that is not ours", [0, 97, 115, 109, 2, 0, 0, 0]],
    ["a component", [0, 97, 115, 109, 13, 0, 1, 0]],
    ["a section that ends beyond the module", [...HEADER, 1, 100, 1]],
    ["a section of which nobody has heard", [...HEADER, 99, 1, 0]],
    ["sections in the wrong order", [...HEADER, ...section(3, [0]), ...section(1, [0])]],
    ["a section twice", [...HEADER, ...section(1, [0]), ...section(1, [0])]],
    ["a number that has no end", [...HEADER, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]],
    ["a function without a body", [...HEADER, ...section(1, vector([NOTHING])), ...section(3, vector([[0]]))]],
    ["a custom section whose name is longer than it", [...HEADER, ...section(0, [100, 97])]],
    ...[1, 2, 3, 4, 5, 6, 7, 9, 10, 11].map(
      id =>
        [`a section ${id} of four billion items`, [...HEADER, ...section(id, [0xff, 0xff, 0xff, 0xff, 0x0f])]] as const,
    ),
  ];

  test.each(cases)("are refused: %s", async (_, bytes) => {
    await using arena = await Arena.open();
    for (const reductions of ["count", "none"] as const) {
      expect(await refused(arena, Uint8Array.from(bytes), /./, { reductions })).toBeInstanceOf(LoadError);
    }
  });

  test("are refused wherever a good module is cut off", async () => {
    await using arena = await Arena.open();
    const good = guest(`${COMMON} (func (export "run") (call $begin) (call $fresh) (call $tell))`);
    for (let length = 0; length < good.length; length++) {
      const load = arena.runtime.load(good.slice(0, length), { reductions: "count" });
      // Cut off between two sections it may be a module, but it is no guest then.
      await expect(load.then(module => arena.runtime.spawn(module))).rejects.toThrow(IsopodError);
    }
    expect(arena.runtime.size).toBe(1);
    expect(await arena.served()).toBe(true);
  });

  test("are refused where a WebAssembly.Module could be meant, and is not", async () => {
    await using arena = await Arena.open();
    for (const nonsense of [undefined, null, 5, {}, [], () => 5]) {
      const error = await arena.runtime.load(nonsense as unknown as ModuleSource).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
    }
    expect(await arena.served()).toBe(true);
  });
});

describe("a module that is too large", () => {
  const limits = { moduleBytes: 1000 };
  /**
   * No module at all: who looks at the bytes says that, who looks at their number first says
   * moduleBytes.
   */
  const garbage = new Uint8Array(1001).fill(0xee);

  test.each([
    ["bytes", () => garbage],
    ["a buffer", () => garbage.buffer],
    ["a part of a buffer", () => new Uint8Array(5000).subarray(1000, 2001)],
    ["a view", () => new DataView(garbage.buffer)],
    ["a response", () => new Response(garbage)],
    ["the promise of a response", () => Promise.resolve(new Response(garbage))],
    [
      "a response that says what it is",
      () => new Response(garbage, { headers: { "content-type": "application/wasm", "content-length": "5" } }),
    ],
  ])("is refused at moduleBytes before it is looked at: %s", async (_, source) => {
    await using arena = await Arena.open({ limits });
    for (const reductions of ["count", "none"] as const) {
      expect(await refused(arena, source(), /moduleBytes/, { reductions })).toBeInstanceOf(LoadError);
    }
  });

  test("is looked at where it is just small enough", async () => {
    await using arena = await Arena.open({ limits });
    const error = await refused(arena, garbage.subarray(1), /./);
    expect(error.message).not.toMatch(/moduleBytes/);
    await endsNormally(arena, GOOD);
  });

  test("is refused at moduleBytes where it never ends, without reading on", async () => {
    await using arena = await Arena.open({ limits });
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(500));
        // Ends at last, so that who reads all of it fails instead of using up the machine.
        if (++pulled === 10_000) controller.close();
      },
    });
    expect(await refused(arena, new Response(body), /moduleBytes/)).toBeInstanceOf(LoadError);
    expect(pulled).toBeLessThan(100);
  });

  test("is refused by the default limit of 8 MiB", async () => {
    await using arena = await Arena.open();
    await refused(arena, new Uint8Array(8 * 2 ** 20 + 1), /moduleBytes/);
  });
});

describe("exports", () => {
  test("that are none at all are missed by name", async () => {
    await using arena = await Arena.open();
    await refused(arena, Uint8Array.from(HEADER), /\brun\b|\bmemory\b/);
    await refused(arena, guest("(func $run)"), /\brun\b/);
  });

  test("that somebody asks for as an entry are missed by name", async () => {
    await using arena = await Arena.open();
    const error = await refused(arena, GOOD, /nowhere/, { spawn: { entry: "nowhere" } });
    expect(error).toBeInstanceOf(SpawnError);
    for (const entry of ["", "__proto__", "constructor", "memory", "isopod:left"]) {
      await refused(arena, guest(`(func (export "other"))`), /./, { spawn: { entry } });
    }
  });

  test("are refused as entries where they are not functions of the right type", async () => {
    await using arena = await Arena.open();
    const body = `(func (export "other") (param i32)) (global (export "number") i32 (i32.const 0)) (func (export "run"))`;
    for (const entry of ["other", "number"]) {
      await refused(arena, guest(body), new RegExp(entry), { spawn: { entry } });
    }
  });

  const RUN = `(func (export "run"))`;
  test.each([
    ["run", `(func (export "run") (param i32))`],
    ["run", `(func (export "run") (result i32) (i32.const 0))`],
    ["run", `(global (export "run") i32 (i32.const 0))`],
    ["run", `(table (export "run") 1 funcref)`],
    ["handle", `(func (export "handle"))`],
    ["handle", `(func (export "handle") (param i64))`],
    ["handle", `(func (export "handle") (param i32) (result i32) (i32.const 0))`],
    ["handle", `(global (export "handle") i32 (i32.const 0))`],
    ["match", `${RUN} (func (export "match") (param i32 i32) (result i32) (i32.const 0))`],
    ["match", `${RUN} (func (export "match") (param i32 i32 i32))`],
    ["match", `${RUN} (func (export "match") (param i32 i32 i32) (result f64) (f64.const 0))`],
    ["match", `${RUN} (global (export "match") i32 (i32.const 0))`],
    ["match_first", `${RUN} (func (export "match_first") (param i32 i32) (result i32) (i32.const 0))`],
    ["_start", `${RUN} (func (export "_start") (param i32))`],
    ["_start", `${RUN} (func (export "_start") (result i64) (i64.const 0))`],
    ["_start", `${RUN} (global (export "_start") i32 (i32.const 0))`],
    ["resume:run", `${RUN} (func (export "resume:run"))`],
    ["resume:run", `${RUN} (func (export "resume:run") (param i32) (result i64) (i64.const 0))`],
    ["resume:run", `${RUN} (global (export "resume:run") i32 (i32.const 0))`],
  ])("of a wrong type are named: %s, as %s", async (name, body) => {
    await using arena = await Arena.open();
    await refused(arena, guest(body), new RegExp(`(?<![\\w:])${name}(?!\\w)`));
  });

  test.each([
    ["a function", `(func (export "memory"))`],
    ["a global", `(global (export "memory") i32 (i32.const 0))`],
    ["a table", `(table (export "memory") 1 funcref)`],
    ["nothing, and there is none", ""],
    ["nothing, and there is one of another name", `(memory (export "mem") 2)`],
  ])("called memory that are %s are named", async (_, body) => {
    await using arena = await Arena.open();
    await refused(arena, guest(`${RUN} ${body}`, ""), /memory/);
  });

  test("resume: something that is not there is named", async () => {
    await using arena = await Arena.open();
    const body = `(func (export "resume:run") (param i32) (result i32) (i32.const 0))`;
    await refused(arena, guest(body), /\brun\b/);
  });

  test("by the thousand are found all the same", async () => {
    await using arena = await Arena.open();
    const names = Array.from({ length: 9_000 }, (_, n) => `(export "entry${n}" (func $run))`);
    await endsNormally(arena, guest(`(func $run (export "run")) ${names.join(" ")}`), { entry: "entry8999" });
  });
});

describe("exports that are the host's", () => {
  const LOOP = `(func (export "run") (loop $l (br $l)))`;
  const lies: readonly (readonly [what: string, body: string])[] = [
    ["isopod:left as a function", `(func (export "isopod:left"))`],
    ["isopod:left as a constant", `(global (export "isopod:left") i32 (i32.const 5))`],
    ["isopod:left as an i64", `(global (export "isopod:left") (mut i64) (i64.const 5))`],
    ["isopod:left as a float", `(global (export "isopod:left") (mut f64) (f64.const 5))`],
    ["isopod:left as a memory", `(export "isopod:left" (memory 0))`],
    ["isopod:yield as a global", `(global (export "isopod:yield") (mut i32) (i32.const 5))`],
    ["isopod:yield of another type", `(func (export "isopod:yield") (param i32) (result i32) (i32.const 5))`],
    ["isopod:yield without a result", `(func (export "isopod:yield"))`],
  ];

  test.each(lies)("are refused in a module that is not counted: %s", async (_, body) => {
    await using arena = await Arena.open();
    // Not the loop: if it is taken after all, nothing stops it.
    await refused(arena, guest(`(func (export "run")) ${body}`), /isopod:(left|yield)/, { reductions: "none" });
  });

  test.each([
    ...lies,
    [
      "isopod:left, with all that there is",
      `(global (export "isopod:left") (mut i32) (i32.const 2147483647))`,
    ] as const,
    [
      "isopod:yield that never gives way",
      `(func (export "isopod:yield") (result i32) (i32.const 2147483647))`,
    ] as const,
    ["something that nobody knows", `(func (export "isopod:anything"))`] as const,
  ])("do not save a counted module from its end: %s", async (_, body) => {
    await using arena = await Arena.open();
    const outcome = await arena
      .attack(guest(`${LOOP} ${body}`), { reductions: { policy: "kill", perTurn: 1000 } })
      .catch((thrown: unknown) => thrown);
    if (typeof outcome === "number") expect(await arena.reason(outcome)).toMatch(/^crashed: reductions: /);
    else expect(outcome).toMatchObject({ code: "ISOPOD_LOAD", message: expect.stringContaining("isopod:") });
    expect(arena.runtime.size).toBe(1);
    expect(await arena.served()).toBe(true);
  });
});

describe("imports", () => {
  /** Of docs/abi.md, as its headings have them: the functions of `actor`, and the two of `env`. */
  const page = readFileSync(new URL("../../docs/abi.md", import.meta.url), "utf8");
  interface Import {
    readonly name: string;
    readonly params: number;
    readonly result: string;
  }

  function importsOfThePage(): Import[] {
    const headings = page
      .slice(page.indexOf("## Imports of `actor`"))
      .split("\n")
      .filter(line => line.startsWith("### "));
    const ofActor = headings
      .flatMap(line => [...line.matchAll(/`(\w+)\(([^)]*)\)(?: -> (\w+))?`/g)])
      .map(([, name, params, result]) => ({
        name: `actor.${name}`,
        params: params === "" ? 0 : params.split(",").length,
        result: result === undefined ? "" : result === "f64" ? "f64" : "i32",
      }));
    return [...ofActor, { name: "env.abort", params: 4, result: "" }, { name: "env.seed", params: 0, result: "f64" }];
  }

  const all = importsOfThePage();
  const declared = (name: string, type: string) => {
    const [module, field] = name.split(".");
    return guest(`(func (export "run"))`, `(import "${module}" "${field}" ${type}) (import "env" "memory" (memory 2))`);
  };
  const typed = (params: readonly string[], result: string) =>
    `(func ${params.length > 0 ? `(param ${params.join(" ")})` : ""} ${result === "" ? "" : `(result ${result})`})`;

  test("are on the page, all 39 of them and two of env", () => {
    expect(all.length).toBe(41);
    expect(new Set(all.map(({ name }) => name)).size).toBe(41);
  });

  test.each(all)("$name is taken with its type", async ({ name, params, result }) => {
    await using arena = await Arena.open();
    await endsNormally(arena, declared(name, typed(Array(params).fill("i32"), result)));
  });

  test.each(all)(
    "$name with a wrong type is named, and the type that it should have",
    async ({ name, params, result }) => {
      await using arena = await Arena.open();
      const right = Array<string>(params).fill("i32");
      const wrong = [
        typed([...right, "i32"], result),
        typed(["i64", ...right.slice(1)], result),
        typed(["f32", ...right], result),
        typed(right, result === "" ? "i32" : ""),
        typed(right, "i64"),
        typed(right, result === "f64" ? "f32" : "f64"),
      ];
      if (params > 0)
        wrong.push(typed(right.slice(1), result), typed([...right.slice(1), "f64"], result), typed([], result));
      for (const type of wrong) {
        for (const reductions of ["count", "none"] as const) {
          const error = await refused(arena, declared(name, type), new RegExp(name.replace(".", "\\W+")), {
            reductions,
          });
          expect(error).toBeInstanceOf(LoadError);
          // Which words it takes is its own affair, but the types come in order.
          const types = [...right, result].filter(type => type !== "").join("\\W.*?\\W?");
          expect(error.message).toMatch(new RegExp(types));
        }
      }
    },
  );

  test.each([
    ["actor", "nope", "(func)"],
    ["actor", "Send", "(func (param i32 i32 i32 i32 i32) (result i32))"],
    ["actor", "__proto__", "(func)"],
    ["actor", "constructor", "(func)"],
    ["env", "nope", "(func)"],
    ["env", "toString", "(func)"],
    ["wasi_snapshot_preview1", "fd_write", "(func (param i32 i32 i32 i32) (result i32))"],
    ["__proto__", "send", "(func)"],
    ["", "", "(func)"],
    ["actor", "send", "(global i32)"],
    ["actor", "send", "(table 1 funcref)"],
    ["actor", "memory", "(memory 1)"],
    ["env", "memory2", "(memory 1)"],
    ["env", "table", "(table 1 funcref)"],
    ["env", "global", "(global (mut i32))"],
  ])("of %s.%s as %s are refused by name", async (module, name, type) => {
    await using arena = await Arena.open();
    const memory = type.startsWith("(memory") ? "" : `(import "env" "memory" (memory 2))`;
    const bytes = guest(`(func (export "run"))`, `(import "${module}" "${name}" ${type}) ${memory}`);
    await refused(arena, bytes, new RegExp(`${module}\\W.*${name}`));
  });

  test.each([
    ["a function", [...name("env"), ...name("memory"), 0, 0]],
    ["a table", [...name("env"), ...name("memory"), 1, 0x70, 0, 1]],
    ["a global", [...name("env"), ...name("memory"), 3, 0x7f, 0]],
  ])("of env.memory as %s are refused by name", async (_, entry) => {
    await using arena = await Arena.open();
    await refused(arena, raw({ imports: [entry] }), /memory/);
  });

  test("by the thousand are refused for the one that is wrong", async () => {
    await using arena = await Arena.open();
    const many = Array.from({ length: 900 }, () => `(import "actor" "self_lo" (func (result i32)))`).join(" ");
    const bytes = guest(
      `(func (export "run"))`,
      `${many} (import "actor" "oops" (func)) (import "env" "memory" (memory 2))`,
    );
    await refused(arena, bytes, /oops/);
  });
});

describe("memories and tables", () => {
  const sizes = { memoryPages: 10 };

  test.each([
    [
      "two of its own",
      raw({
        memories: [
          [0, 1],
          [0, 1],
        ],
        exports: [MEMORY_EXPORT],
      }),
    ],
    [
      "one of the host's and one of its own",
      raw({ imports: [MEMORY_IMPORT], memories: [[0, 1]], exports: [MEMORY_EXPORT] }),
    ],
    ["one of the host's and one that it does not export", raw({ imports: [MEMORY_IMPORT], memories: [[0, 1]] })],
    ["the host's twice", raw({ imports: [MEMORY_IMPORT, MEMORY_IMPORT] })],
    ["a shared one of its own", raw({ memories: [[3, 1, 2]], exports: [MEMORY_EXPORT] })],
    ["a shared one of the host's", raw({ imports: [[...name("env"), ...name("memory"), 2, 3, 1, 2]] })],
    ["a 64-bit one of its own", raw({ memories: [[4, 1]], exports: [MEMORY_EXPORT] })],
    ["a 64-bit one of the host's", raw({ imports: [[...name("env"), ...name("memory"), 2, 4, 1]] })],
    ["one of its own that it does not export", raw({ memories: [[0, 1]] })],
  ])("are refused: %s", async (_, bytes) => {
    await using arena = await Arena.open();
    for (const reductions of ["count", "none"] as const) await refused(arena, bytes, /memor(y|ies)/i, { reductions });
  });

  test.each([
    ["of the host's", raw({ imports: [[...name("env"), ...name("memory"), 2, 0, 11]] })],
    ["of its own", raw({ memories: [[0, 11]], exports: [MEMORY_EXPORT] })],
    [
      "of the host's, almost all there can be",
      raw({ imports: [[...name("env"), ...name("memory"), 2, 0, ...u32(60_000)]] }),
    ],
    ["of its own, almost all there can be", raw({ memories: [[0, ...u32(60_000)]], exports: [MEMORY_EXPORT] })],
  ])("that begin with more than memoryPages make the spawn fail: %s", async (_, bytes) => {
    await using arena = await Arena.open();
    for (const reductions of ["count", "none"] as const) {
      const error = await refused(arena, bytes, /memoryPages/, { spawn: { limits: sizes }, reductions });
      expect(error).toBeInstanceOf(SpawnError);
    }
  });

  test("that begin with more than memoryPages make a guest's spawn answer -4", async () => {
    await using arena = await Arena.open();
    arena.runtime.define("large", await arena.load(IDLE, { memory: `(import "env" "memory" (memory 11))` }));
    const body = `${COMMON} ${named("large")}
      (func (export "run") (call $begin) (call $note ${spawning("large")}) (call $tell))`;
    const pid = await arena.attack(body, tells(arena, { grants: "all", limits: sizes }));
    expect(await told(arena, pid)).toEqual([-4]);
    expect(await arena.served()).toBe(true);
  });

  test("are what the module wants where it wants exactly the limit", async () => {
    await using arena = await Arena.open();
    const bytes = raw({ memories: [[0, 10]], exports: [MEMORY_EXPORT] });
    await endsNormally(arena, bytes, { limits: sizes });
  });

  const FUNCTIONS = 0x70;
  test.each([
    ["one", [[FUNCTIONS, 0, ...u32(1001)]]],
    ["one, as large as can be", [[FUNCTIONS, 0, ...u32(10_000_000)]]],
    ["one of external references", [[0x6f, 0, ...u32(1001)]]],
    [
      "the second",
      [
        [FUNCTIONS, 0, 1],
        [FUNCTIONS, 0, ...u32(1001)],
      ],
    ],
    ["twenty together", Array<number[]>(20).fill([FUNCTIONS, 0, 100])],
  ])("that begin with more than tableElements are refused: %s", async (_, tables) => {
    await using arena = await Arena.open({ limits: { tableElements: 1000 } });
    const bytes = raw({ imports: [MEMORY_IMPORT], tables });
    for (const reductions of ["count", "none"] as const) {
      expect(await refused(arena, bytes, /tableElements/, { reductions })).toBeInstanceOf(LoadError);
    }
  });
});

describe("types that no quota holds", () => {
  const imports = [MEMORY_IMPORT];
  test.each([
    ["a struct", /garbage|struct/i, raw({ imports, types: [[0x5f, 1, 0x7f, 1]] })],
    ["an array", /garbage|array/i, raw({ imports, types: [[0x5e, 0x7f, 1]] })],
    ["a struct that others may extend", /garbage|struct/i, raw({ imports, types: [[0x50, 0, 0x5f, 1, 0x7f, 1]] })],
    ["a struct in a group", /garbage|struct/i, raw({ imports, types: [[0x4e, 1, 0x5f, 1, 0x7f, 1]] })],
    ["a table of exceptions", /exception|exn/i, raw({ imports, tables: [[0x69, 0, 1]] })],
    ["a global of exceptions", /exception|exn/i, raw({ imports, globals: [[0x69, 1, 0xd0, 0x69, 0x0b]] })],
  ])("are refused: %s", async (_, names, bytes) => {
    await using arena = await Arena.open();
    // The engine takes it: so the refusal is ours.
    expect(WebAssembly.validate(bytes)).toBe(true);
    for (const reductions of ["count", "none"] as const) {
      expect(await refused(arena, bytes, names, { reductions })).toBeInstanceOf(LoadError);
    }
  });
});

describe("what goes wrong while a module is instantiated", () => {
  const fails: readonly (readonly [what: string, body: string, names: RegExp])[] = [
    ["a start function that traps", "(func $trap unreachable) (start $trap)", /unreachable/],
    [
      "a start function that leaves the memory",
      "(func $trap (drop (i32.load (i32.const -1)))) (start $trap)",
      /memory access out of bounds/,
    ],
    ["a start function that parks", "(func $first (drop (call $park))) (start $first)", /park/],
    [
      "a start function that ends its actor",
      "(func $first (call $exit (i32.const 0) (i32.const 0) (i32.const 0))) (start $first)",
      /./,
    ],
    ["a data segment beyond the memory", `(data (i32.const 131071) "ab")`, /data|out of bounds/],
    ["a data segment far beyond the memory", `(data (i32.const -1) "ab")`, /data|out of bounds/],
    [
      "an element segment beyond the table",
      "(table 1 funcref) (elem (i32.const 1) $f) (func $f)",
      /table|element|out of bounds/,
    ],
  ];

  test.each(fails)("makes the spawn fail, and the next one too: %s", async (_, body, names) => {
    await using arena = await Arena.open();
    const module = await arena.load(`${body} ${IDLE}`);
    for (let i = 0; i < 3; i++) {
      expect(() => arena.runtime.spawn(module)).toThrow(SpawnError);
      expect(() => arena.runtime.spawn(module)).toThrow(names);
    }
    expect(arena.runtime.size).toBe(1);
    expect(await arena.served()).toBe(true);
  });

  test.each(fails)("makes a guest's spawn answer -4, and costs the family nothing: %s", async (_, body) => {
    await using arena = await Arena.open();
    arena.runtime.define("bad", await arena.load(`${body} ${IDLE}`));
    const parent = `${COMMON} ${named("bad")}
      (func (export "run") (local $left i32)
        (call $begin)
        (local.set $left (i32.const 10))
        (loop $l
          (call $note ${spawning("bad", 3)})
          (br_if $l (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (call $tell))`;
    const limits = { familyActors: 2, ties: 3 };
    const pid = await arena.attack(parent, tells(arena, { grants: "all", limits }));
    expect(await told(arena, pid)).toEqual(Array(10).fill(-4));
    expect(await arena.reason(pid)).toBe("normal");
    expect(arena.runtime.size).toBe(1);
    expect(await arena.served()).toBe(true);
  });
});

describe("modules that are hard to read", () => {
  /** Loaded and run, or refused by an error of ours: both will do, a broken host will not. */
  async function readOrRefused(arena: Arena, bytes: Bytes): Promise<void> {
    const outcome = await arena.attack(bytes).catch((thrown: unknown) => thrown);
    if (typeof outcome === "number") expect(await arena.reason(outcome)).toBe("normal");
    else expect(outcome).toBeInstanceOf(IsopodError);
    expect(arena.runtime.size).toBe(1);
    expect(await arena.served()).toBe(true);
  }

  /** `run` with this code, which an assembler would take too long for. */
  const running = (code: readonly number[], locals: readonly number[] = [0]): Bytes => {
    const body = [...locals, ...code, 0x0b];
    return Uint8Array.from([
      ...HEADER,
      ...section(1, vector([NOTHING])),
      ...section(2, vector([MEMORY_IMPORT])),
      ...section(3, vector([[0]])),
      ...section(7, vector([[...name("run"), 0, 0]])),
      ...section(10, [1, ...u32(body.length), ...body]),
    ]);
  };
  const times = (count: number, ...bytes: number[]) => Array.from({ length: count }, () => bytes).flat();
  const DEEP = 100_000;

  test.each([
    ["blocks", 0x02, []],
    ["loops", 0x03, []],
    ["ifs", 0x04, [0x41, 0]],
  ])("because of a hundred thousand %s within each other", async (_, opcode, before) => {
    await using arena = await Arena.open();
    await readOrRefused(arena, running([...times(DEEP, ...before, opcode, 0x40), ...times(DEEP, 0x0b)]));
  });

  test("because of a branch with sixty thousand targets", async () => {
    await using arena = await Arena.open();
    const targets = [...u32(60_000), ...times(60_000, 0), 0];
    await readOrRefused(arena, running([0x02, 0x40, 0x41, 0, 0x0e, ...targets, 0x0b]));
  });

  test("because of fifty thousand locals, and of more than there can be", async () => {
    await using arena = await Arena.open();
    await readOrRefused(arena, running([], [1, ...u32(49_999), 0x7f]));
    await readOrRefused(arena, running([], [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f]));
  });

  test("because of a million instructions that do nothing", async () => {
    await using arena = await Arena.open();
    await readOrRefused(arena, running(times(1_000_000, 0x01)));
  });

  test("because of a hundred thousand types, or custom sections", async () => {
    await using arena = await Arena.open();
    await readOrRefused(arena, raw({ imports: [MEMORY_IMPORT], types: Array<number[]>(DEEP).fill(NOTHING) }));
    await readOrRefused(arena, Uint8Array.from([...GOOD, ...times(DEEP, ...section(0, name("x")))]));
  });

  test("because of numbers that are longer than they need be", async () => {
    await using arena = await Arena.open();
    // Types: one, said in five bytes.
    const long = [0x81, 0x80, 0x80, 0x80, 0x00];
    await readOrRefused(
      arena,
      Uint8Array.from([
        ...HEADER,
        ...section(1, [...long, ...NOTHING]),
        ...section(2, vector([MEMORY_IMPORT])),
        ...section(3, [...long, 0x80, 0x80, 0x80, 0x80, 0x00]),
        ...section(7, vector([[...name("run"), 0, 0]])),
        ...section(10, vector([[2, 0, 0x0b]])),
      ]),
    );
  });

  test("because of sections of names that are no names", async () => {
    await using arena = await Arena.open();
    for (const content of [[0xff], [1, 0xff, 0xff], [1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f], times(1000, 0xff)]) {
      await readOrRefused(arena, Uint8Array.from([...GOOD, ...section(0, [...name("name"), ...content])]));
    }
  });
});

describe("a compiled module", () => {
  let arena: Arena;
  beforeEach(async () => {
    arena = await Arena.open();
    return () => arena[Symbol.asyncDispose]();
  });
  const compiled = (bytes: Bytes) => new WebAssembly.Module(bytes);

  test("with a memory of its own is refused", async () => {
    const bytes = guest(`(func (export "run"))`, `(memory (export "memory") 2)`);
    await refused(arena, compiled(bytes), /memory/, { reductions: "none" });
  });

  test("cannot be counted, which is said", async () => {
    await refused(arena, compiled(GOOD), /./, { reductions: "count" });
  });

  test("with an import that there is not is refused by name", async () => {
    await refused(arena, compiled(guest(`(import "actor" "oops" (func)) (func (export "run"))`)), /oops/, {
      reductions: "none",
    });
  });

  test("with wrong types is its own crash, or does nothing", async () => {
    const names = ["send", "recv", "self_lo", "args", "exit", "spawn", "link", "monitor", "send_after", "register"];
    for (const type of ["(param i64) (result i64)", "(param externref) (result externref)", "(param f64)"]) {
      for (const name of names) {
        const argument = type.includes("i64")
          ? "(i64.const -1)"
          : type.includes("f64")
            ? "(f64.const nan)"
            : "(ref.null extern)";
        const call = type.includes("result") ? `(drop (call $f ${argument}))` : `(call $f ${argument})`;
        const bytes = assemble(
          `(module (import "actor" "${name}" (func $f ${type})) (import "env" "memory" (memory 2)) (func (export "run") ${call}))`,
          MANY_FEATURES,
        );
        const module = await arena.runtime.load(compiled(bytes));
        const pid = arena.runtime.spawn(module, { grants: "all" });
        expect(await arena.reason(pid)).toMatch(/^(crashed|normal|noproc)/);
        expect(await arena.served()).toBe(true);
      }
    }
    expect(arena.runtime.size).toBe(1);
  });

  test.each([
    [`(func (export "run") (param i32) (result i64) (i64.const 5))`],
    [`(func (export "handle") (param i64))`],
    [`(func (export "handle") (param i32 i32 i32) (result i64) (i64.const 2))`],
    [`(func (export "run")) (func (export "_start") (param i64))`],
    [
      `(func (export "run")
        (drop (call $send (call $self_lo) (call $self_hi) (i32.const 0) (i32.const 0) (i32.const 0)))
        (drop (call $recv_match (i32.const 64) (i32.const 128) (i32.const 8) (i32.const 0) (i32.const 0))))
      (func (export "match") (param i64) (result i64) (i64.const 1))`,
    ],
  ])("with an export of a wrong type is its own crash, or does nothing: %s", async body => {
    const bytes = guest(body);
    const module = await arena.runtime.load(compiled(bytes));
    const pid = arena.runtime.spawn(module);
    arena.runtime.send(pid, "");
    await arena.settle();
    expect(await arena.served()).toBe(true);
    if (arena.runtime.isAlive(pid)) arena.runtime.kill(pid);
    expect(await arena.served()).toBe(true);
    expect(arena.runtime.size).toBe(1);
  });
});
