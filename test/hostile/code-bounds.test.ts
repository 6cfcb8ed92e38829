/**
 * Code that costs the engine more than the guest: compile bombs, and exceptions that a guest keeps.
 * Loading refuses both, at the bounds that docs/security.md gives.
 */

import binaryen from "binaryen";
import { describe, expect, test, vi } from "vitest";
import type { Actor } from "../../host/actor/actor.ts";
import { exit, fault } from "../../host/actor/fault.ts";
import { LoadError } from "../../host/index.ts";
import { BOUNDS, MAX_IN_MODULE } from "../../host/module/code-bounds.ts";
import { BLOCK, BRANCH } from "../../host/module/figures.ts";
import { guest } from "../support/wat.ts";
import { Arena } from "./arena.ts";
import { MANY_FEATURES } from "./attackers.ts";
import { HEADER, I32, I64, name, section, u32, vector } from "./fuzz/encode.ts";

vi.setConfig({ testTimeout: 60_000 });

type Bytes = readonly number[];

const END = 0x0b;
const VOID = 0x40;
/** A condition, then a branch out of the innermost block. */
const BR_IF = [0x20, 0, 0x0d, 0];
const IF = [0x20, 0, 0x04, VOID];

function times(count: number, item: Bytes): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < count; i++) for (const byte of item) bytes.push(byte);
  return bytes;
}

interface Function {
  readonly code: Bytes;
  /** Of type i32. */
  readonly locals?: number;
}

/** Functions of type `() -> ()`, of which the last is `run`, and more types. */
function wasm(functions: readonly Function[], types: readonly Bytes[] = []): Uint8Array<ArrayBuffer> {
  const bodies = functions.map(({ code, locals = 0 }) => {
    const before = locals === 0 ? [0] : [1, ...u32(locals), I32];
    return [...u32(before.length + code.length + 1), before, code, END];
  });
  const sections = [
    section(1, vector([[0x60, 0, 0], ...types])),
    section(2, vector([[...name("env"), ...name("memory"), 2, 0, 1]])),
    section(3, vector(functions.map(() => [0]))),
    section(7, vector([[...name("run"), 0, ...u32(functions.length - 1)]])),
    section(10, vector(bodies.map(body => body.flat()))),
    section(0, [...name("name"), ...section(1, vector([[0, ...name("bomb\u202e")]]))]),
  ];
  return Uint8Array.from([...HEADER, ...sections.flat()]);
}

async function accepted(bytes: Uint8Array): Promise<void> {
  await using arena = await Arena.open();
  for (const reductions of ["count", "none"] as const) await arena.runtime.load(bytes, { name: "bomb", reductions });
}

async function refused(bytes: Uint8Array<ArrayBuffer>, names: RegExp): Promise<void> {
  await using arena = await Arena.open();
  for (const reductions of ["count", "none"] as const) {
    const error = await arena.runtime.load(bytes, { name: "bomb", reductions }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LoadError);
    expect((error as LoadError).message).toMatch(names);
  }
  expect(await arena.served()).toBe(true);
}

describe("a function", () => {
  const LOCALS = 1000;
  const SET = Array.from({ length: LOCALS }, (_, index) => [0x41, 1, 0x21, ...u32(index)]).flat();
  const passing: Bytes = [
    0x60,
    ...vector(times(500, [I32]).map(type => [type])),
    ...vector(times(500, [I32]).map(type => [type])),
  ];

  /**
   * By what is bounded: a module whose last function has this much of it. The greatest step that it
   * can make is `step`.
   */
  const of: Readonly<
    Record<keyof typeof BOUNDS, readonly [step: number, make: (amount: number) => Uint8Array<ArrayBuffer>]>
  > = {
    nesting: [1, amount => wasm([{ code: [...times(amount, [0x02, VOID]), ...times(amount, [END])] }])],
    loops: [1, amount => wasm([{ code: [...times(amount, [0x03, VOID]), ...times(amount, [END])] }])],
    operands: [1, amount => wasm([{ code: [...times(amount, [0x41, 0]), ...times(amount, [0x1a])] }])],
    kept: [LOCALS, amount => wasm([{ code: times(amount / LOCALS, [0x02, VOID, END]), locals: LOCALS - BLOCK }])],
    // The ends of the block and of the function are branches, too.
    merged: [
      LOCALS,
      amount => wasm([{ code: [0x02, VOID, ...times(amount / LOCALS - 2, BR_IF), END], locals: LOCALS - BRANCH }]),
    ],
    joined: [
      LOCALS,
      amount => wasm([{ code: [0x02, VOID, ...SET, ...times(amount / LOCALS - 2, BR_IF), END], locals: LOCALS }]),
    ],
    // None is of a function: a counted module calls one at each loop, too.
    calls: [1, amount => wasm([{ code: times(amount, [0x41, 0, 0x40, 0, 0x1a]) }])],
    passed: [
      LOCALS,
      amount => {
        const code = [...times(500, [0x41, 0]), ...times(amount / LOCALS, [0x10, 1]), ...times(500, [0x1a])];
        return passes(code);
      },
    ],
  };

  /** `run` has this code, and function 1 the type of 500 parameters and as many results. */
  function passes(code: Bytes): Uint8Array<ArrayBuffer> {
    const own = [0, ...code, END];
    const other = [0, ...Array.from({ length: 500 }, (_, index) => [0x20, ...u32(index)]).flat(), END];
    return Uint8Array.from(
      [
        HEADER,
        section(1, vector([[0x60, 0, 0], passing])),
        section(2, vector([[...name("env"), ...name("memory"), 2, 0, 1]])),
        section(3, vector([[0], [1]])),
        section(7, vector([[...name("run"), 0, 0]])),
        section(10, vector([own, other].map(body => [...u32(body.length), ...body]))),
      ].flat(),
    );
  }

  describe.each(Object.entries(of))("with %s", (key, [step, make]) => {
    const [most, what] = BOUNDS[key as keyof typeof BOUNDS];

    test("is accepted at the bound", () => accepted(make(most)));

    test("is refused above it, with its index, what it has and what the bound is", () =>
      refused(
        make(most + step),
        new RegExp(
          `^bomb has a function 0.* that has (at least )?${most + step} ${what}; a function may have ${most}$`,
        ),
      ));
  });

  test("is named where the module names it, in plain characters", () =>
    refused(of.operands[1](BOUNDS.operands[0] + 1), /has a function 0 "bomb\?" that has 3001 values/));

  test("with an instruction that isopod does not know is refused, and the engine does not see it", async () => {
    await using arena = await Arena.open();
    const compile = vi.spyOn(WebAssembly, "compile");
    const validate = vi.spyOn(WebAssembly, "validate");
    try {
      // i31.get_s, of which the engine knows
      const bytes = wasm([{ code: [0x41, 0, 0xfb, 0x1c, 0xfb, 0x1d, 0x1a] }]);
      for (const reductions of ["count", "none"] as const) {
        await expect(arena.runtime.load(bytes, { name: "odd", reductions })).rejects.toThrow(
          /odd has a function 0 "bomb\?" that uses the instruction 0xfb, which isopod does not know/,
        );
      }
      expect(compile).not.toHaveBeenCalled();
      expect(validate).not.toHaveBeenCalled();
    } finally {
      compile.mockRestore();
      validate.mockRestore();
    }
  });
});

describe("functions together", () => {
  const LOCALS = 1000;
  const EACH = BOUNDS.merged[0];
  const function_ = (merged: number): Function => ({
    code: [0x02, VOID, ...times(merged / LOCALS - 2, BR_IF), END],
    locals: LOCALS - BRANCH,
  });
  const many = Array.from({ length: MAX_IN_MODULE / EACH }, () => function_(EACH));

  test("are accepted at the bound", () => accepted(wasm(many)));

  test("are refused above it", () =>
    refused(
      wasm([...many, { code: [], locals: 1 }]),
      new RegExp(`^bomb has ${MAX_IN_MODULE + BRANCH + 1} slots .* together; a module may have ${MAX_IN_MODULE}$`),
    ));
});

describe("compile bombs", () => {
  const THOUSAND: readonly Bytes[] = times(1000, [I64]).map(type => [type]);
  const giving: Bytes = [0x60, 0, ...vector(THOUSAND)];
  const passing: Bytes = [0x60, ...vector(THOUSAND), ...vector(THOUSAND)];
  const zeros = (count: number) => times(count, [0x41, 0]);
  const drops = (count: number) => times(count, [0x1a]);
  const targets = Array.from({ length: 1001 }, (_, index) => u32(Math.min(index, 999))).flat();
  const set = Array.from({ length: 999 }, (_, index) => [0x41, 1, 0x21, ...u32(index + 1)]).flat();

  /**
   * Each is smaller than 80 KB, and would take the engine more than 156 MB, or half a second and
   * more.
   */
  test.each<[what: string, bytes: Uint8Array<ArrayBuffer>]>([
    [
      "locals, and ifs inside of each other",
      wasm([{ code: [...times(5000, IF), ...times(5000, [END])], locals: 45_000 }]),
    ],
    ["locals, and ifs behind each other", wasm([{ code: times(9000, [...IF, END]), locals: 45_000 }])],
    [
      "locals, and loops inside of each other",
      wasm([{ code: [...times(900, [0x03, VOID]), ...times(900, [END])], locals: 45_000 }]),
    ],
    ["locals, and loops behind each other", wasm([{ code: times(9000, [0x03, VOID, END]), locals: 45_000 }])],
    [
      "locals, and blocks that are left early",
      wasm([{ code: times(9000, [0x02, VOID, ...BR_IF, END]), locals: 45_000 }]),
    ],
    ["locals, and branches", wasm([{ code: [0x02, VOID, ...times(9000, BR_IF), END], locals: 45_000 }])],
    [
      "locals, and a table of branches",
      wasm([
        {
          code: [...times(1000, [0x02, VOID]), 0x20, 0, 0x0e, ...u32(1000), ...targets, ...times(1000, [END])],
          locals: 45_000,
        },
      ]),
    ],
    [
      "locals, and calls in a try",
      wasm([{ code: [0x06, VOID, ...times(9000, [0x10, 0]), 0x19, END], locals: 45_000 }]),
    ],
    [
      "locals, and try behind each other",
      wasm([{ code: times(9000, [0x06, VOID, 0x10, 0, 0x19, END]), locals: 45_000 }]),
    ],
    [
      "locals, and try_table inside of each other",
      wasm([{ code: [0x02, VOID, ...times(5000, [0x1f, VOID, 1, 2, 0]), ...times(5000, [END]), END], locals: 45_000 }]),
    ],
    [
      "locals that are set in loops inside of each other",
      wasm([{ code: [...times(9000, [0x03, VOID]), ...set, ...times(9000, [...BR_IF, END])], locals: 1000 }]),
    ],
    [
      "locals that are set in a try with many calls",
      wasm([{ code: [0x06, VOID, ...set, ...times(9000, [0x10, 0]), 0x19, END], locals: 1000 }]),
    ],
    [
      "operands, and ifs",
      wasm([{ code: [...zeros(9000), ...times(9000, [0x41, 0, 0x04, VOID, END]), ...drops(9000)] }]),
    ],
    ["operands that a call gives", callsOf(giving)],
    [
      "blocks that pass a thousand values on",
      wasm(
        [{ code: [...times(1000, [0x42, 0]), ...times(9000, [0x02, 1]), ...times(9000, [END]), ...drops(1000)] }],
        [passing],
      ),
    ],
    [
      "blocks that are said to give a thousand values",
      wasm([{ code: [0, ...times(9000, [0x02, 1, 0, END]), 0] }], [giving]),
    ],
  ])("are refused: %s", async (_, bytes) => {
    expect(bytes.length).toBeLessThan(100_000);
    await refused(bytes, /has a function 0.* that has .*; a function may have/);
  });

  /** `run` calls a function of this type, without parameters, many times. */
  function callsOf(type: Bytes): Uint8Array<ArrayBuffer> {
    const own = [0, ...times(9000, [0x10, 1]), 0x00, END];
    const other = [0, 0x00, END];
    return Uint8Array.from(
      [
        HEADER,
        section(1, vector([[0x60, 0, 0], type])),
        section(2, vector([[...name("env"), ...name("memory"), 2, 0, 1]])),
        section(3, vector([[0], [1]])),
        section(7, vector([[...name("run"), 0, 0]])),
        section(10, vector([own, other].map(body => [...u32(body.length), ...body]))),
      ].flat(),
    );
  }
});

describe("exceptions", () => {
  const FEATURES = MANY_FEATURES | binaryen.Features.Multivalue;
  const module = (parameters: string, operands: string): Uint8Array<ArrayBuffer> =>
    guest(
      `(tag $e (param ${parameters}))
       (func $throws (throw $e ${operands}))
       (func (export "run") (local $kept exnref)
         (local.set $kept (block $caught (result exnref) (try_table (catch_all_ref $caught) (call $throws)) (unreachable))))`,
      undefined,
      FEATURES,
    );
  const many = (count: number, text: string) => `${text} `.repeat(count);

  test.each([
    ["an address, as C++ does", "i32", "(i32.const 1)"],
    ["five numbers of 64 bits", many(5, "i64"), many(5, "(i64.const 1)")],
    ["ten numbers of 32 bits", many(10, "f32"), many(10, "(f32.const 1)")],
    ["ten references", many(10, "externref"), many(10, "(ref.null extern)")],
  ])("may carry %s, and be kept", async (_, parameters, operands) => {
    await using arena = await Arena.open();
    const pid = await arena.attack(module(parameters, operands));
    expect(await arena.reason(pid)).toBe("normal");
  });

  test.each([
    ["more than five numbers of 64 bits", `${many(5, "i64")} i32`, `${many(5, "(i64.const 1)")} (i32.const 1)`, 44],
    ["eleven references", many(11, "externref"), many(11, "(ref.null extern)"), 44],
    ["999 numbers", many(999, "i64"), many(999, "(i64.const 1)"), 7992],
  ])("may not carry %s", (_, parameters, operands, bytes) =>
    refused(
      module(parameters, operands),
      new RegExp(`^bomb has a tag whose exceptions carry ${bytes} bytes; an exception may carry 40`),
    ),
  );

  test("that imports throw at a guest that is ending are one and the same, so that it cannot keep many", () => {
    const instance = { guest: { place: 0 } };
    const actor = { exiting: null, restraint: 0, atFault: false, instance } as Actor;
    const thrown = (act: () => never): unknown => {
      try {
        return act();
      } catch (error) {
        return error;
      }
    };
    const first = thrown(() => fault(actor, "a bad pointer"));
    const second = thrown(() => fault(actor, "another"));
    expect(actor.exiting).toMatchObject({ kind: "crashed", message: "a bad pointer" });
    expect(second).not.toBe(first);
    expect(thrown(() => fault(actor, "a third"))).toBe(second);
    expect(thrown(() => exit(actor, { kind: "killed" }))).toBe(second);
    expect(actor.exiting).toMatchObject({ message: "a bad pointer" });
  });
});
