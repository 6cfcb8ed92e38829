/**
 * Confining bounds what a module can allocate, and changes nothing else of it. Modules that Binaryen cannot
 * write are made of bytes here.
 */
import { readdirSync } from "node:fs";
import binaryen from "binaryen";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { confine } from "../../host/module/confine.ts";
import { countReductions } from "../../host/module/count.ts";
import { Undecodable } from "../../host/module/cursor.ts";
import { readInterface } from "../../host/module/interface.ts";
import { Unconfinable } from "../../host/module/unconfinable.ts";
import { section as encoded, HEADER, name, u32, vector } from "../hostile/fuzz/encode.ts";
import { buildGuests } from "../support/guests.ts";
import { assemble } from "../support/wat.ts";

const LIMITS = { tableElements: 1000 };

type Bytes = readonly number[];

const section = (id: number, items: readonly Bytes[]): number[] => encoded(id, vector(items));
const sized = (bytes: Bytes): number[] => [...u32(bytes.length), ...bytes];
const custom = (text: string, content: Bytes = []): number[] => encoded(0, [...name(text), ...content]);
const wasm = (...sections: readonly Bytes[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([...HEADER, ...sections.flat()]);

const times = (count: number, item: Bytes): Bytes[] => Array(count).fill(item);
const TYPE = section(1, [[0x60, 0, 0]]);
const MEMORY = section(5, [[0, 1]]);
/** A function that does nothing, and its code. */
const FUNCTION = section(3, [[0]]);
const CODE = section(10, [[2, 0, 0x0b]]);

function refusal(bytes: Uint8Array, limits = LIMITS): string {
  try {
    confine(bytes, limits);
  } catch (error) {
    if (error instanceof Unconfinable) return error.message;
    throw error;
  }
  throw new Error("it was not refused");
}

function instantiate(bytes: Uint8Array, memory: WebAssembly.Memory): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), { env: { memory } })
    .exports;
}

const call = (exported: WebAssembly.Exports, name: string, ...args: number[]): unknown =>
  (exported[name] as (...args: number[]) => unknown)(...args);

describe("a memory of the module's own", () => {
  const OWN = `(module (memory (export "memory") 1) (data (i32.const 8) "hello") (data $later "later")
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "init") (memory.init $later (i32.const 32) (i32.const 0) (i32.const 5))))`;
  const textAt = (memory: WebAssembly.Memory, at: number) =>
    new TextDecoder().decode(new Uint8Array(memory.buffer, at, 5));

  test("is the host's afterwards: what it exports, what it grows, and where its data lands", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 3 });
    const exported = instantiate(confine(assemble(OWN), LIMITS), memory);
    expect(exported.memory).toBe(memory);
    expect(textAt(memory, 8)).toBe("hello");
    call(exported, "init");
    expect(textAt(memory, 32)).toBe("later");
    expect(call(exported, "grow", 2)).toBe(1);
    expect(call(exported, "grow", 1)).toBe(-1);
  });

  test("keeps its limits", () => {
    const imported = (memory: string) => readInterface(confine(assemble(`(module ${memory})`), LIMITS))?.imports;
    const env = { module: "env", name: "memory", kind: "memory" };
    expect(imported("(memory 2 300)")).toEqual([{ ...env, memory: { initialPages: 2, maximumPages: 300 } }]);
    expect(imported("(memory 700)")).toEqual([{ ...env, memory: { initialPages: 700, maximumPages: undefined } }]);
  });

  test("comes last of the imports, and calls go where they went", () => {
    const text = `(module (import "actor" "a" (func $a)) (import "actor" "b" (func $b)) (memory 1)
      (func $own (export "run") (call $b) (call $a)) (start $own))`;
    const module = new WebAssembly.Module(confine(assemble(text), LIMITS) as Uint8Array<ArrayBuffer>);
    expect(WebAssembly.Module.imports(module).map(i => i.name)).toEqual(["a", "b", "memory"]);
    const calls: string[] = [];
    const actor = { a: () => calls.push("a"), b: () => calls.push("b") };
    new WebAssembly.Instance(module, { actor, env: { memory: new WebAssembly.Memory({ initial: 1 }) } });
    expect(calls).toEqual(["b", "a"]);
  });

  test("may be all that the module has, with custom sections around it", () => {
    const [before, after] = [custom("before", [1, 2]), custom("after", [3])];
    const memory = [...name("env"), ...name("memory"), 2, 0, 1];
    const imports = [2, 0x80 + memory.length + 1, 0x80, 0x80, 0x80, 0, 1, ...memory];
    expect([...confine(wasm(before, MEMORY, after), LIMITS)]).toEqual([...wasm(before, imports, after)]);
    expect([...confine(wasm(TYPE, before, MEMORY), LIMITS)]).toEqual([...wasm(TYPE, before, imports)]);
  });

  test("takes with it what says where the code is in the file, which is no longer true", () => {
    const source = custom("sourceMappingURL", name("./a.map"));
    const other = custom("sourceMappingURX", name("./a.map"));
    expect([...confine(wasm(MEMORY, source, other), LIMITS)]).toEqual([...confine(wasm(MEMORY, other), LIMITS)]);
  });
});

describe("comes back as the same object", () => {
  const table = section(4, [[0x70, 1, 1, ...u32(LIMITS.tableElements)]]);
  test.each([
    ["a module that imports its memory", assemble(`(module (import "env" "memory" (memory 1)) (func (export "run")))`)],
    ["a module without memory", wasm(TYPE, FUNCTION, CODE)],
    ["a module of nothing", wasm()],
    ["a table with a maximum within the limit", wasm(table)],
    ["a section of no memories, and of no tables", wasm(section(4, []), section(5, []))],
  ])("%s", (_what, bytes) => {
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(confine(bytes, LIMITS)).toBe(bytes);
  });
});

describe("the tables of a module", () => {
  /** An instance that grows its tables, exported as `table0` and so on, by one when `0` and so on are called. */
  function growing(...types: string[]): WebAssembly.Exports {
    const tables = types.map((type, i) => `(table $${i} (export "table${i}") ${type})`);
    const functions = types.map((type, i) => {
      const of = type.includes("extern") ? "noextern" : "nofunc";
      return `(func (export "${i}") (result i32) (table.grow $${i} (ref.null ${of}) (i32.const 1)))`;
    });
    const { BulkMemory, ReferenceTypes } = binaryen.Features;
    const bytes = assemble(`(module ${tables.join(" ")} ${functions.join(" ")})`, BulkMemory | ReferenceTypes);
    return instantiate(confine(bytes, { tableElements: 10 }), new WebAssembly.Memory({ initial: 0 }));
  }

  /** The size of a table that does not grow any more. */
  function greatest(exported: WebAssembly.Exports, number: number): number {
    let size = 0;
    // A table without a maximum must fail the test, not hang it.
    while (size < 100 && call(exported, String(number)) !== -1) size++;
    return (exported[`table${number}`] as WebAssembly.Table).length;
  }

  test.each([
    ["without a maximum grows to the limit", ["3 funcref"], [10]],
    ["with a greater maximum grows to the limit", ["3 5000 externref"], [10]],
    ["with a smaller maximum grows to that", ["3 5 funcref"], [5]],
    ["share the limit, the first before the others", ["2 funcref", "3 funcref", "1 externref"], [6, 3, 1]],
    ["share it by what each can need", ["2 4 funcref", "0 externref", "1 2 funcref"], [4, 5, 1]],
    ["may start with all of it", ["10 funcref"], [10]],
  ])("%s", (_what, types, sizes) => {
    const exported = growing(...types);
    expect(types.map((_, i) => greatest(exported, i))).toEqual(sizes);
  });

  test("keep the values that they begin with, and their code's way to them", () => {
    // (table 3 (ref null $t) (ref.func 0)) of a type by its index, and (call_indirect (i32.const 2))
    const table = [0x40, 0, 0x63, 0, 0, 3, 0xd2, 0, 0x0b];
    const code = [sized([0, 0x41, 42, 0x0b]), sized([0, 0x41, 2, 0x11, 0, 1, 0x0b])];
    const bytes = wasm(
      section(1, [[0x60, 0, 1, 0x7f]]),
      section(3, [[0], [0]]),
      section(4, [[0x70, 0, 2], table]),
      section(7, [
        [...name("run"), 0, 1],
        [...name("table"), 1, 1],
      ]),
      section(10, code),
    );
    const exported = instantiate(confine(bytes, { tableElements: 9 }), new WebAssembly.Memory({ initial: 0 }));
    expect(call(exported, "run")).toBe(42);
    const grown = exported.table as WebAssembly.Table;
    expect(grown.length).toBe(3);
    expect(() => grown.grow(1)).toThrow(RangeError);
  });

  test("with more elements to start with than the limit are refused, alone or together", () => {
    const message = "needs tables of 11 elements to start, and the limit tableElements is 10";
    expect(refusal(wasm(section(4, [[0x70, 0, 11]])), { tableElements: 10 })).toBe(message);
    const together = wasm(section(4, times(11, [0x6f, 1, 1, 1])));
    expect(refusal(together, { tableElements: 10 })).toBe(message);
  });

  test("are filled by segments of no more than the limit, because a passive one is kept for each instance", () => {
    const filled = (elements: number) =>
      wasm(
        TYPE,
        FUNCTION,
        section(9, [
          [1, 0, ...vector(times(elements, [0]))],
          [1, 0, 0],
        ]),
        CODE,
      );
    expect(confine(filled(10), { tableElements: 10 })).toEqual(filled(10));
    expect(refusal(filled(11), { tableElements: 10 })).toBe(
      "has element segments of 11 elements, and the limit tableElements is 10",
    );
  });

  test("of all kinds of segments the elements count, but not of declared ones, which no instance keeps", () => {
    const offset = [0x41, 0, 0x0b];
    const expression = [0xd2, 0, 0x0b];
    const segments = [
      [0, ...offset, ...vector([[0]])],
      [1, 0, ...vector([[0]])],
      [2, 0, ...offset, 0, ...vector([[0]])],
      [4, ...offset, ...vector([expression])],
      [5, 0x70, ...vector([expression])],
      [6, 0, ...offset, 0x63, 0x70, ...vector([expression])],
    ];
    const declared = [
      [3, 0, ...vector([[0]])],
      [7, 0x70, ...vector([expression])],
    ];
    const bytes = wasm(TYPE, FUNCTION, section(4, [[0x70, 1, 1, 1]]), section(9, [...segments, ...declared]), CODE);
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(confine(bytes, { tableElements: 6 })).toBe(bytes);
    expect(refusal(bytes, { tableElements: 5 })).toMatch(/segments of 6 elements/);
  });
});

describe("what no limit can bound is refused", () => {
  const GARBAGE = "has types of garbage collection (struct, array), whose memory no limit can bound";
  const held = (what: string, type: string) =>
    `has a ${what} of the type (ref ${type}), which can hold exceptions or objects of garbage collection, whose memory no limit can bound`;
  const imported = (...type: number[]) => section(2, [[...name("env"), ...name("memory"), 2, ...type]]);
  const nulled = (...type: number[]) => [...type, 1, 0xd0, type[type.length - 1], 0x0b];
  const F = [0x60, 0, 0];
  const CHAIN = "has a tag whose exceptions can hold exceptions, a chain that no limit can bound";

  test.each([
    [
      "two memories of its own",
      [
        section(5, [
          [0, 1],
          [0, 1],
        ]),
      ],
      "has two memories; an actor has one",
    ],
    ["three memories", [section(5, times(3, [0, 1]))], "has 3 memories; an actor has one"],
    ["a memory of its own beside an imported one", [imported(0, 1), MEMORY], "has two memories; an actor has one"],
    ["a 64-bit memory", [section(5, [[4, 1]])], "has a 64-bit memory; build it for wasm32"],
    ["an imported 64-bit memory with a maximum", [imported(5, 1, 2)], "has a 64-bit memory; build it for wasm32"],
    ["a shared memory", [section(5, [[3, 1, 2]])], "has a shared memory; an actor's memory is its own"],
    ["an imported shared memory", [imported(3, 1, 2)], "has a shared memory; an actor's memory is its own"],
    ["a 64-bit table", [section(4, [[0x70, 5, 1, 2]])], "has a 64-bit table; build it for wasm32"],
    ["a struct", [section(1, [[0x5f, 1, 0x7f, 1]])], GARBAGE],
    ["an array behind functions", [section(1, [F, F, [0x5e, 0x78, 1]])], GARBAGE],
    ["a struct with subtypes", [section(1, [[0x50, 0, 0x5f, 0]])], GARBAGE],
    ["a final array in a group", [section(1, [[0x4e, ...vector([F, [0x4f, 0, 0x5e, 0x7f, 0]])]])], GARBAGE],
    ["a global of exceptions", [section(6, [nulled(0x69)])], held("global", "exn")],
    ["a global of exceptions, written longer", [section(6, [nulled(0x63, 0x69)])], held("global", "exn")],
    ["a global of anything", [section(6, [nulled(0x6e)])], held("global", "any")],
    ["a table of exceptions", [section(4, [[0x69, 0, 1]])], held("table", "exn")],
    ["a table of anything", [section(4, [[0x63, 0x6e, 0, 1]])], held("table", "any")],
    ["a table of what can be compared", [section(4, [[0x6d, 0, 1]])], held("table", "eq")],
    ["a table of structs", [section(4, [[0x6b, 0, 1]])], held("table", "struct")],
    ["a filled table of small numbers", [section(4, [[0x40, 0, 0x6c, 0, 1, 0xd0, 0x6c, 0x0b]])], held("table", "i31")],
    [
      "exceptions that hold exceptions",
      [
        section(1, [F, [0x60, 2, 0x7f, 0x69, 0]]),
        section(13, [
          [0, 0],
          [0, 1],
        ]),
      ],
      CHAIN,
    ],
    [
      "an import of such exceptions",
      [section(1, [[0x60, 1, 0x69, 0]]), section(2, [[...name("a"), ...name("b"), 4, 0, 0]])],
      CHAIN,
    ],
    ["the same, never null", [section(1, [[0x60, 1, 0x64, 0x69, 0]]), section(13, [[0, 0]])], CHAIN],
  ])("%s", (_what, sections, message) => {
    const bytes = wasm(...sections);
    expect(WebAssembly.validate(bytes), "it is a module").toBe(true);
    expect(refusal(bytes)).toBe(message);
  });

  test.each([
    [
      "functions of groups and of subtypes",
      [section(1, [F, [0x50, 0, ...F], [0x4e, ...vector([F, [0x4f, 0, ...F]])], F])],
    ],
    ["functions that take and give references", [section(1, [F, [0x60, 3, 0x69, 0x63, 0, 0x6e, 2, 0x64, 0x70, 0x6f]])]],
    [
      "tables of functions and of the host's objects",
      [
        section(4, [
          [0x70, 0, 0],
          [0x6f, 0, 0],
          [0x63, 0x73, 0, 0],
          [0x63, 0x72, 0, 0],
        ]),
      ],
    ],
    [
      "a table of functions of a type with a large index",
      [section(1, times(200, F)), section(4, [[0x63, ...u32(199), 0, 0]])],
    ],
    [
      "globals of numbers, vectors, functions and the host's objects",
      [
        TYPE,
        section(6, [
          [0x7f, 0, 0x41, 0, 0x0b],
          [0x7b, 0, 0xfd, 12, ...Array(16).fill(0), 0x0b],
          nulled(0x70),
          nulled(0x63, 0x6f),
          nulled(0x63, 0),
        ]),
      ],
    ],
    [
      "exceptions of numbers, and functions that take exceptions",
      [
        section(1, [
          [0x60, 1, 0x7e, 0],
          [0x60, 1, 0x69, 0],
        ]),
        section(13, [[0, 0]]),
      ],
    ],
  ])("but not %s", (_what, sections) => {
    const bytes = wasm(...sections, section(7, []));
    expect(WebAssembly.validate(bytes), "it is a module").toBe(true);
    const out = confine(bytes, LIMITS);
    expect(WebAssembly.validate(out as Uint8Array<ArrayBuffer>)).toBe(true);
  });
});

describe("what makes each instance expensive is refused beyond a bound", () => {
  const F = [2, 0, 0x0b];
  const functions = (count: number) => [section(3, times(count, [0])), section(10, times(count, F))];
  const importing = (count: number) => section(2, times(count, [...name("a"), ...name("b"), 0, 0]));
  const exporting = (count: number) =>
    section(
      7,
      Array.from({ length: count }, (_, i) => [...name(`e${i}`), 0, 0]),
    );

  test.each<[what: string, most: number, of: (count: number) => Bytes[]]>([
    ["imports", 1_000, count => [TYPE, importing(count)]],
    ["functions", 100_000, count => [TYPE, ...functions(count)]],
    ["tables", 100, count => [section(4, times(count, [0x70, 1, 0, 0]))]],
    ["globals", 10_000, count => [section(6, times(count, [0x7f, 0, 0x41, 0, 0x0b]))]],
    ["exports", 10_000, count => [TYPE, FUNCTION, exporting(count), CODE]],
    ["element segments", 10_000, count => [TYPE, section(9, times(count, [1, 0, 0]))]],
    ["data segments", 50_000, count => [section(11, times(count, [1, 0]))]],
  ])("%s, of which %i are taken", (what, most, of) => {
    const [enough, tooMany] = [wasm(...of(most)), wasm(...of(most + 1))];
    expect(WebAssembly.validate(tooMany)).toBe(true);
    expect(confine(enough, LIMITS)).toBe(enough);
    expect(refusal(tooMany)).toBe(`has ${most + 1} ${what}; a module may have ${most}`);
  });

  test("types, also in groups, of which 10000 are taken", () => {
    const one = [0x60, 0, 0];
    const group = (count: number) => wasm(section(1, [one, [0x4e, ...vector(times(count - 1, one))]]));
    expect(confine(group(10_000), LIMITS)).toEqual(group(10_000));
    expect(refusal(group(10_001))).toBe("has more than 10000 types");
  });

  test("sections, of which 1000 are taken", () => {
    const many = (count: number) => wasm(...times(count, custom("")));
    expect(confine(many(1_000), LIMITS)).toEqual(many(1_000));
    expect(refusal(many(1_001))).toBe("has more than 1000 sections");
  });
});

describe("what isopod does not know is refused, and never guessed", () => {
  const tableOf = (...type: number[]) => section(4, [[...type, 0, 1]]);
  test.each([
    ["less than a header", Uint8Array.of(0, 0x61, 0x73), /^ends too soon/],
    ["a section that is longer than the module", wasm([1, 100, 0]), /^ends too soon/],
    ["a list that is longer than its section", wasm([1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]), /^ends too soon/],
    ["a group that is longer than its section", wasm([1, 7, 1, 0x4e, 0xff, 0xff, 0xff, 0xff, 0x0f]), /^ends too soon/],
    ["a length beyond 32 bits", wasm([0, 0xff, 0xff, 0xff, 0xff, 0x7f]), /^has a number beyond 32 bits/],
    ["a section with something behind its list", wasm([5, 4, 1, 0, 1, 0]), /^has a section that goes on after its end/],
    ["a section of an unknown number", wasm([14, 1, 0]), /^has a section 14, which isopod does not know/],
    ["memories before tables", wasm(MEMORY, section(4, [])), /^has sections out of order/],
    ["memories twice", wasm(MEMORY, MEMORY), /^has sections out of order/],
    ["an import of an unknown kind", wasm(section(2, [[0, 0, 0x20, 0]])), /^imports something of kind 0x20/],
    [
      "imports that share their module's name",
      wasm(section(2, [[1, 0x65, 0, 0x7f, 1, 1, 0x6d, 0, 0]])),
      /^imports something of kind 0x7f/,
    ],
    ["a type of an unknown form", wasm(section(1, [[0x5d, 0]])), /^has a type of the form 0x5d/],
    ["a shared type", wasm(section(1, [[0x65, 0x60, 0, 0]])), /^has a type of the form 0x65/],
    [
      "a table with a page size",
      wasm(section(4, [[0x70, 8, 1, 0]])),
      /^has a table of a kind that isopod does not know/,
    ],
    ["a memory with a page size", wasm(section(5, [[8, 1, 0]])), /^has a memory of a kind that isopod does not know/],
    [
      "a table that begins as a filled one",
      wasm(section(4, [[0x40, 1, 0x70, 0, 1]])),
      /^has a table of a kind that isopod does not know/,
    ],
    ["a table of strings", wasm(tableOf(0x63, 0x67)), /^has the type 0x67, which isopod does not know/],
    ["a table of continuations", wasm(tableOf(0x68)), /^has the type 0x68/],
    ["a table of a shared type, whose name is two bytes", wasm(tableOf(0x63, 0x65, 0x70)), /^has the type 0x65/],
    ["an exact type, whose name is two bytes", wasm(TYPE, tableOf(0x63, 0x62, 0)), /^has the type 0x62/],
    [
      "a type by its name, which is written like a large index",
      wasm(tableOf(0x63, 0xe9, 0x7f)),
      /^has the type 0x3fe9/,
    ],
    ["elements of an unknown kind", wasm(section(9, [[8, 0, 0]])), /^has elements of a kind that isopod does not know/],
    ["a constant that is no longer one", wasm(section(6, [[0x7f, 0, 0xfb, 0x1c, 0x0b]])), /^uses the instruction 0xfb/],
  ])("%s", (_what, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
  });

  test("with the cause", () => {
    expect(() => confine(wasm([14, 1, 0]), LIMITS)).toThrow(
      expect.objectContaining({ cause: expect.any(Undecodable) }),
    );
  });
});

describe.each(["asyncify", "jspi"] as const)("the examples of the guest library, built for %s", park => {
  const names = readdirSync(new URL("../../guest/examples/", import.meta.url))
    .filter(file => file.endsWith(".ts"))
    .map(file => file.replace(/\.ts$/, ""));
  const validates = (bytes: Uint8Array) => WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);
  let examples: ReadonlyMap<string, Uint8Array>;
  beforeAll(async () => {
    examples = await buildGuests("examples", names, park);
  });

  /** The same module as if it had not been built to import its memory. */
  function withOwnMemory(bytes: Uint8Array): Uint8Array {
    const module = binaryen.readBinary(bytes);
    const text = module.emitText();
    module.dispose();
    const [imported, memory] = /\(import "env" "memory" (\(memory[^)]*\))\)/.exec(text) ?? [];
    if (imported === undefined) throw new Error("an example imports no memory");
    return assemble(text.replace(imported, "").replace(/\)\s*$/, `${memory})`));
  }

  test("come back as they are", () => {
    expect([...examples.keys()]).toEqual(names);
    for (const bytes of examples.values()) expect(confine(bytes, LIMITS)).toBe(bytes);
  });

  test("with a memory of their own are as if they imported it, and can be counted", () => {
    for (const bytes of examples.values()) {
      const confined = confine(withOwnMemory(bytes), LIMITS);
      expect(validates(confined)).toBe(true);
      const [was, is] = [readInterface(bytes), readInterface(confined)];
      expect(is?.exports).toEqual(was?.exports);
      expect(new Set(is?.imports)).toEqual(new Set(was?.imports));
      expect(validates(countReductions(confined))).toBe(true);
    }
  });
});

/** What a random module consists of. It exports everything. */
interface Shape {
  readonly types: number;
  readonly importedFunctions: number;
  readonly functions: readonly number[];
  readonly tables: readonly { initial: number; more: number | undefined; isFilled: boolean; isExtern: boolean }[];
  readonly memories: readonly { initial: number; more: number | undefined; isImported: boolean }[];
  readonly globals: readonly number[];
  readonly data: readonly { at: number; bytes: readonly number[] }[];
  readonly customs: readonly number[];
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const shapes: fc.Arbitrary<Shape> = fc.record({
  types: fc.integer({ min: 1, max: 200 }),
  importedFunctions: fc.nat({ max: 3 }),
  functions: fc.array(fc.nat({ max: 63 }), { maxLength: 4 }),
  tables: fc.array(
    fc.record({
      initial: fc.nat({ max: 200 }),
      more: maybe(fc.nat({ max: 400 })),
      isFilled: fc.boolean(),
      isExtern: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  memories: fc.oneof(
    { weight: 9, arbitrary: memory().map(one => [one]) },
    { weight: 1, arbitrary: fc.array(memory(), { maxLength: 3 }) },
  ),
  globals: fc.array(fc.nat({ max: 63 }), { maxLength: 4 }),
  data: fc.array(fc.record({ at: fc.nat({ max: 63 }), bytes: fc.array(fc.nat({ max: 255 }), { maxLength: 40 }) }), {
    maxLength: 3,
  }),
  customs: fc.uniqueArray(fc.nat({ max: 10 }), { maxLength: 3 }),
});

function memory() {
  return fc.record({
    initial: fc.integer({ min: 1, max: 3 }),
    more: maybe(fc.nat({ max: 500 })),
    isImported: fc.boolean(),
  });
}

const limitsOf = ({ initial, more }: { initial: number; more: number | undefined }): number[] =>
  more === undefined ? [0, ...u32(initial)] : [1, ...u32(initial), ...u32(initial + more)];

function moduleOf(shape: Shape): Uint8Array<ArrayBuffer> {
  const own = shape.memories.filter(one => !one.isImported);
  const imports = [
    ...times(shape.importedFunctions, [...name("actor"), ...name("f"), 0, ...u32(shape.types - 1)]),
    ...shape.memories
      .filter(one => one.isImported)
      .map(one => [...name("env"), ...name("memory"), 2, ...limitsOf(one)]),
  ];
  const tables = shape.tables.map(table => {
    const type = table.isExtern ? 0x6f : 0x70;
    return table.isFilled
      ? [0x40, 0, type, ...limitsOf(table), 0xd0, type, 0x0b]
      : [...(table.isExtern ? [0x63, 0x6f] : [0x70]), ...limitsOf(table)];
  });
  const exports = [
    ...shape.functions.map((_, i) => [...name(`f${i}`), 0, ...u32(shape.importedFunctions + i)]),
    ...shape.tables.map((_, i) => [...name(`t${i}`), 1, i]),
    ...shape.globals.map((_, i) => [...name(`g${i}`), 3, i]),
    ...(shape.memories.length > 0 ? [[...name("memory"), 2, 0]] : []),
  ];
  const data = shape.memories.length > 0 ? shape.data : [];
  const sections: [id: number, items: Bytes[]][] = [
    [1, [...times(shape.types - 1, [0x60, 1, 0x7f, 0]), [0x60, 0, 1, 0x7f]]],
    [2, imports],
    [3, shape.functions.map(() => u32(shape.types - 1))],
    [4, tables],
    [5, own.map(limitsOf)],
    [6, shape.globals.map(value => [0x7f, 1, 0x41, value, 0x0b])],
    [7, exports],
    [10, shape.functions.map(value => sized([0, 0x41, value, 0x0b]))],
    [11, data.map(({ at, bytes }) => [0, 0x41, at, 0x0b, ...sized(bytes)])],
  ];
  const present = sections.filter(([, items]) => items.length > 0).map(([id, items]) => section(id, items));
  for (const at of shape.customs) present.splice(at, 0, custom(`custom ${at}`, [at]));
  return wasm(...present);
}

/** The imports without the memory. */
const otherImports = (bytes: Uint8Array) => readInterface(bytes)?.imports.filter(one => one.kind !== "memory");

function exportsOf(bytes: Uint8Array, shape: Shape): WebAssembly.Exports {
  const [one] = shape.memories;
  const maximum = one?.more === undefined ? {} : { maximum: one.initial + one.more };
  const env = { memory: new WebAssembly.Memory({ initial: one?.initial ?? 0, ...maximum }) };
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  return new WebAssembly.Instance(module, { env, actor: { f: () => 0 } }).exports;
}

/** What can be seen of an instance: the answers of its functions, its globals, the sizes of its tables, its memory. */
function observed(bytes: Uint8Array, shape: Shape): unknown[] {
  const exported = exportsOf(bytes, shape);
  return Object.entries(exported).map(([key, value]) => {
    if (value instanceof WebAssembly.Memory) return [key, new Uint8Array(value.buffer).slice(0, 128)];
    if (value instanceof WebAssembly.Table) return [key, value.length];
    return [key, value instanceof WebAssembly.Global ? value.value : call(exported, key)];
  });
}

function grows(table: WebAssembly.Table, by: number): boolean {
  try {
    table.grow(by);
    return true;
  } catch {
    return false;
  }
}

/** The elements of all tables together after each has grown as far as it can. */
function elementsAtMost(bytes: Uint8Array, shape: Shape): number {
  let elements = 0;
  for (const table of Object.values(exportsOf(bytes, shape))) {
    if (!(table instanceof WebAssembly.Table)) continue;
    for (let by = 2 ** 20; by >= 1; by /= 2) while (grows(table, by));
    elements += table.length;
  }
  return elements;
}

describe("of any module", () => {
  const initialOf = (shape: Shape) => shape.tables.reduce((sum, table) => sum + table.initial, 0);

  test("what comes back imports its memory, is else what it was, and has tables within the limit; or it is refused for what it has", () => {
    fc.assert(
      fc.property(shapes, fc.nat({ max: 600 }), (shape, tableElements) => {
        const bytes = moduleOf(shape);
        expect(WebAssembly.validate(bytes)).toBe(true);
        const before = bytes.slice();
        const isTooMuch = initialOf(shape) > tableElements;
        if (shape.memories.length > 1 || isTooMuch) {
          expect(refusal(bytes, { tableElements })).toMatch(shape.memories.length > 1 ? /memories/ : /tableElements/);
          return;
        }
        const confined = confine(bytes, { tableElements });
        expect(bytes).toEqual(before);
        const memories = readInterface(bytes)?.imports.filter(one => one.kind === "memory") ?? [];
        const imported = readInterface(confined)?.imports.filter(one => one.kind === "memory") ?? [];
        expect(imported.map(one => `${one.module}.${one.name}`)).toEqual(shape.memories.map(() => "env.memory"));
        if (memories.length > 0) expect(imported).toEqual(memories);
        expect(otherImports(confined)).toEqual(otherImports(bytes));
        expect(readInterface(confined)?.exports).toEqual(readInterface(bytes)?.exports);
        expect(observed(confined, shape)).toEqual(observed(bytes, shape));
        expect(elementsAtMost(confined, shape)).toBeLessThanOrEqual(tableElements);
        expect(confine(confined, { tableElements })).toBe(confined);
        expect(WebAssembly.validate(countReductions(confined))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("with bytes changed anywhere, a module that is valid stays so, and one that is not becomes none", () => {
    let changed = 0;
    const change = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(shapes, fc.array(change, { minLength: 1, maxLength: 3 }), (shape, changes) => {
        const bytes = moduleOf(shape);
        for (const { at, to } of changes) bytes[8 + (at % (bytes.length - 8))] = to;
        let confined: Uint8Array;
        try {
          confined = confine(bytes, { tableElements: 600 });
        } catch (error) {
          expect(error).toBeInstanceOf(Unconfinable);
          return;
        }
        if (confined !== bytes) changed++;
        expect(WebAssembly.validate(confined as Uint8Array<ArrayBuffer>)).toBe(WebAssembly.validate(bytes));
      }),
      { numRuns: 1000 },
    );
    // Otherwise the test would prove nothing.
    expect(changed).toBeGreaterThan(50);
  });
});
