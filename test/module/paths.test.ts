/**
 * Each path through a function is charged what it runs. Small functions are charged exact amounts, as docs/reductions.md says. No path
 * through a random function is charged less than it runs, or much more: what it runs is counted by the same function with a meter before
 * each instruction.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countReductions } from "../../host/module/count.ts";
import { TICKS, weightClasses, weights } from "../../host/module/weights.ts";
import { MANY_FEATURES } from "../hostile/attackers.ts";
import { Choices } from "../hostile/fuzz/choices.ts";
import { HEADER, I32, name, s32, section, u32, vector } from "../hostile/fuzz/encode.ts";
import { assemble } from "../support/wat.ts";

const BUDGET = 2 ** 30;

/** Runs the export `run` of a module. Answers the exports, and what was charged if it was counted. */
function play(
  bytes: Uint8Array<ArrayBuffer>,
  argument = 0,
  mayThrow = false,
): { exports: WebAssembly.Exports; charged: number } {
  let given = 0;
  const imports = {
    actor: {
      yield: () => {
        given += BUDGET;
        return BUDGET;
      },
    },
    host: { cheap: () => 0 },
  } as unknown as WebAssembly.Imports;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  try {
    (exports.run as (n: number) => void)(argument);
  } catch (error) {
    if (!mayThrow || !(error instanceof WebAssembly.Exception)) throw error;
  }
  const left = exports["isopod:left"] as WebAssembly.Global | undefined;
  return { exports, charged: left === undefined ? 0 : given - left.value };
}

/** What a run of the module is charged. */
const charged = (plain: Uint8Array<ArrayBuffer>, argument = 0, mayThrow = false) =>
  play(countReductions(plain), argument, mayThrow).charged;

const wat = (body: string) =>
  assemble(`(module (import "host" "cheap" (func $cheap)) (memory 1) ${body})`, MANY_FEATURES);
/** Each takes STORE ticks. */
const stores = (count: number) => "(i32.store (i32.const 0) (i32.const 1))".repeat(count);
const STORE = 1 + 1 + 8;

describe("a function is charged", () => {
  test("24 ticks more for each store in a module with a store limit, for its check", () => {
    const limit = `(global (export "isopod:limit") (mut i32) (i32.const 1024))`;
    const ticks = 64 * (STORE + 24) + 1;
    const body = `(func (export "run") (param i32) ${stores(64)})`;
    expect(charged(wat(`${limit} ${body}`))).toBe(1 + Math.floor(ticks / TICKS));
    expect(charged(wat(body))).toBe(1 + Math.floor((64 * STORE + 1) / TICKS));
  });

  test("nothing where it is short and calls nothing", () => {
    expect(charged(wat(`(func (export "run") (param i32) ${stores(6)})`))).toBe(0);
  });

  test("1, and 1 for each 64 ticks, where it is longer", () => {
    for (const count of [7, 64, 640]) {
      const ticks = count * STORE + 1;
      expect(charged(wat(`(func (export "run") (param i32) ${stores(count)})`))).toBe(1 + Math.floor(ticks / TICKS));
    }
  });

  test("for what each instruction weighs, in particular those that call into the engine", () => {
    const weigh = (body: string, more = "") =>
      charged(wat(`${more} (func (export "run") (param i32) (nop) ${body.repeat(64)})`)) - 1;
    expect(weigh("(drop (memory.grow (i32.const 0)))")).toBe(2048 + 1 + 1);
    expect(weigh("(table.set 0 (i32.const 0) (ref.func 0))", "(table 1 funcref) (elem declare func 0)")).toBe(
      7168 + 64 + 1,
    );
    expect(weigh("(drop (ref.func 0))", "(elem declare func 0)")).toBe(64 + 1);
    expect(weigh("(block $c (try_table (catch_all $c) (throw $e)))", "(tag $e)")).toBeGreaterThanOrEqual(10_240);
    const three = "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))";
    expect(weigh(three, '(data $d "abc")')).toBe(1536 + 3);
    expect(weigh("(call $cheap)")).toBe(2560 + 160);
  });

  test("for each 64 bytes, and each element, that a bulk instruction touches, also where that is more than is left", () => {
    const bulk = (code: string, more = "") => charged(wat(`${more} (func (export "run") (param i32) ${code})`));
    const fill = (bytes: number) => bulk(`(memory.fill (i32.const 0) (i32.const 0) (i32.const ${bytes}))`);
    expect(fill(65_536) - fill(0)).toBe(1024);
    expect(fill(64 * 100) - fill(63)).toBe(100);
    const table = "(table $t 1000 funcref)";
    const elements = (count: number) =>
      bulk(`(table.fill $t (i32.const 0) (ref.null func) (i32.const ${count}))`, table);
    expect(elements(1000) - elements(0)).toBe(128_000);
  });
});

describe("a loop is charged", () => {
  const loop = (inside: string, rounds: number) => `(func (export "run") (param $n i32) (local $i i32)
    (loop $l ${inside} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${rounds})))))`;
  /** get, const, add, tee, const, lt, br_if */
  const AGAIN = 1 + 1 + 6 + 1 + 1 + 24 + 48;

  test("at its head, 1 and 1 for each 64 ticks of a round", () => {
    for (const count of [0, 1, 20]) {
      const round = 1 + Math.floor((count * STORE + AGAIN) / TICKS);
      const [some, more] = [10, 110].map(rounds => charged(wat(loop(stores(count), rounds))));
      expect(more - some).toBe(100 * round);
    }
  });

  test("for the arm that it takes, where an arm is long", () => {
    const body = loop(`(if (local.get $n) (then ${stores(640)}) (else ${stores(64)}))`, 1000);
    const round = AGAIN + 1 + 48 + 1;
    for (const [argument, count] of [
      [1, 640],
      [0, 64],
    ] as const) {
      const ticks = round + count * STORE;
      const paid = charged(wat(body), argument) / 1000;
      expect(paid).toBeGreaterThanOrEqual(ticks / TICKS);
      expect(paid).toBeLessThan(ticks / TICKS + 3);
    }
  });

  test("little for a round that is left early", () => {
    const body = loop(`(block $b (br_if $b (i32.eqz (local.get $n))) ${stores(1000)})`, 1000);
    expect(charged(wat(body), 0) / 1000).toBeLessThan(5);
    expect(charged(wat(body), 1) / 1000).toBeGreaterThan((1000 * STORE) / TICKS);
  });

  test("for the way through a br_table that is taken: an interpreter with 200 instructions pays for one", () => {
    const ways = [...Array(200).keys()];
    const cases = ways.map(way => `) ${stores(64 + way)} (br $again)`).join("\n");
    const body = `(func (export "run") (param $n i32) (local $i i32) (loop $again
      (if (i32.eq (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1001)) (then (return)))
      ${ways.map(way => `(block $w${199 - way}`).join(" ")} (br_table ${ways.map(way => `$w${way}`).join(" ")} (local.get $n))
      ${cases}))`;
    for (const way of [0, 100, 199]) {
      const paid = charged(wat(body), way) / 1000;
      const ticks = (64 + way) * STORE + 150;
      expect(paid).toBeGreaterThanOrEqual(((64 + way) * STORE) / TICKS);
      expect(paid).toBeLessThan((2 * ticks) / TICKS);
    }
  });
});

/** The bytes of one instruction, so that a meter can stand before it. */
type Code = readonly number[];

const VOID = 0x40;
const [MEMORY_ADDRESS, X, SCRATCH] = [[0x41, 8], 0, 1];
const METER = 0;
const FUEL = 1;
const STATE = 2;
const OWN = 4;

/** Makes the body of a function with many branches. Its loops and calls end, because they take fuel. */
class Maker {
  readonly #choices: Choices;
  readonly #legacy: boolean;
  /** For each label, the innermost last: whether `#branch` may branch to it. It must not, to those of loops. */
  readonly #labels: boolean[] = [];
  readonly code: Code[] = [];
  #left = 120;
  readonly #callable: number;

  constructor(choices: Choices, legacy: boolean, callable: number) {
    this.#choices = choices;
    this.#legacy = legacy;
    this.#callable = callable;
    this.#statements(8);
    this.code.push([0x0b]);
  }

  #statements(most: number): void {
    const count = this.#choices.below(most + 1);
    for (let i = 0; i < count; i++) this.#statement();
  }

  /** Puts a random number on the stack, by which the code branches. */
  #chance(): void {
    this.code.push(
      [0x23, STATE],
      [0x41, ...s32(1664525)],
      [0x6c],
      [0x41, ...s32(1013904223)],
      [0x6a],
      [0x24, STATE],
      [0x23, STATE],
      [0x41, 28],
      [0x76],
    );
  }

  #coin(): void {
    this.#chance();
    this.code.push([0x41, 1], [0x71]);
  }

  #within(isLoop: boolean, run: () => void): void {
    this.#labels.push(!isLoop);
    run();
    this.#labels.pop();
  }

  #statement(): void {
    if (--this.#left < 0) return;
    const { code } = this;
    this.#choices.of([
      () => this.#work(),
      () => this.#work(),
      () => {
        this.#coin();
        code.push([0x04, VOID]);
        this.#within(false, () => {
          this.#statements(4);
          if (this.#choices.oneIn(2)) {
            code.push([0x05]);
            this.#statements(4);
          }
        });
        code.push([0x0b]);
      },
      () => {
        code.push([0x02, VOID]);
        this.#within(false, () => this.#statements(5));
        code.push([0x0b]);
      },
      () => {
        code.push([0x03, VOID]);
        this.#within(true, () => {
          this.#statements(5);
          code.push([0x23, FUEL], [0x41, 1], [0x6b], [0x24, FUEL], [0x23, FUEL], [0x41, 0], [0x4a], [0x0d, 0]);
          this.#statements(2);
        });
        code.push([0x0b]);
      },
      () => this.#branch(),
      () => this.#branch(),
      () => {
        if (this.#callable > 0) code.push([0x10, OWN + this.#choices.below(this.#callable)]);
      },
      () => this.#try(),
      () => {
        this.#coin();
        code.push([0x04, VOID]);
        this.#within(false, () => this.#work());
        code.push([0x0f], [0x0b]);
      },
      () => {
        this.#coin();
        code.push([0x04, VOID], [0x08, 0], [0x0b]);
      },
    ])();
  }

  #work(): void {
    const count = this.#choices.of([1, 3, 10, 40]);
    for (let i = 0; i < count; i++) this.code.push(MEMORY_ADDRESS, [0x20, X], [0x36, 0, 0]);
    if (this.#choices.oneIn(4)) this.code.push([0x20, X], [0x20, SCRATCH], [0x41, 1], [0x72], [0x6e], [0x21, SCRATCH]);
  }

  #branch(): void {
    const depths = this.#labels.flatMap((fits, i) => (fits ? [this.#labels.length - 1 - i] : []));
    if (depths.length === 0) return;
    if (this.#choices.oneIn(2)) {
      this.#coin();
      this.code.push([0x0d, this.#choices.of(depths)]);
      return;
    }
    this.#chance();
    const some = Array.from({ length: 3 }, () => u32(this.#choices.of(depths)));
    this.code.push([0x0e, ...vector(some), this.#choices.of(depths)]);
    // The code behind it cannot be reached.
  }

  #try(): void {
    const { code } = this;
    if (this.#legacy) {
      code.push([0x06, VOID]);
      this.#within(false, () => this.#statements(4));
      code.push([0x19]);
      this.#within(false, () => this.#statements(2));
      code.push([0x0b]);
      return;
    }
    code.push([0x02, VOID]);
    this.#within(false, () => {
      code.push([0x1f, VOID, 1, 0x02, 0]);
      this.#within(false, () => this.#statements(4));
      code.push([0x0b]);
    });
    code.push([0x0b]);
  }
}

const weightOf = ([opcode]: Code): number => {
  // The weight of a call includes 64 ticks for a function that is too short to be charged itself.
  if (opcode === 0x10) return weights.plain[opcode] - TICKS;
  return weights.plain[opcode];
};

/** The last function is `run`. With a meter, each instruction adds its weight to a global before it runs. */
function moduleOf(bodies: readonly (readonly Code[])[], metered: boolean): Uint8Array<ArrayBuffer> {
  const own = bodies.map(code => {
    const bytes = code.flatMap(instruction =>
      metered
        ? [0x23, METER, 0x41, ...s32(weightOf(instruction)), 0x6a, 0x24, METER, ...instruction]
        : [...instruction],
    );
    const body = [...vector([[2, I32]]), ...bytes];
    return [...u32(body.length), ...body];
  });
  const globals = [0, 60, 12345].map(value => [I32, 1, 0x41, ...s32(value), 0x0b]);
  // The functions of the test begin at the index OWN.
  const nothing = [2, 0, 0x0b];
  return Uint8Array.from([
    ...HEADER,
    ...section(1, vector([[0x60, 0, 0]])),
    ...section(3, vector([...Array(OWN).fill([0]), ...bodies.map(() => [0])])),
    ...section(5, vector([[0, 1]])),
    ...section(13, vector([[0, 0]])),
    ...section(6, vector(globals)),
    ...section(
      7,
      vector([
        [...name("run"), 0, ...u32(OWN + bodies.length - 1)],
        [...name("meter"), 3, METER],
      ]),
    ),
    ...section(10, vector([...Array(OWN).fill(nothing), ...own])),
  ]);
}

describe("of random functions, with every kind of branch, loops, calls and exceptions of either generation", () => {
  test("no path is charged less than it runs, and none more than a few times as much", () => {
    let [ran, paid] = [0, 0];
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 16), { maxLength: 400, size: "max" }), fc.boolean(), (numbers, legacy) => {
        const choices = new Choices(numbers);
        const bodies: (readonly Code[])[] = [];
        for (let i = 0; i < 3; i++) bodies.push(new Maker(choices, legacy, i).code);
        const plain = moduleOf(bodies, false);
        expect(WebAssembly.validate(plain)).toBe(true);
        const meter = play(moduleOf(bodies, true), 0, true).exports.meter as WebAssembly.Global;
        const ticks = charged(plain, 0, true) * TICKS;
        // The outermost function may be too short to pay.
        expect(ticks).toBeGreaterThanOrEqual(meter.value - TICKS);
        ran += meter.value;
        paid += ticks;
      }),
      { numRuns: 500 },
    );
    console.log(`ran ${ran} ticks, charged ${paid}: ${(paid / ran).toFixed(2)} times as much`);
    expect(ran).toBeGreaterThan(100_000);
    expect(paid / ran).toBeLessThan(3);
  });
});

test("every instruction that is walked over has a weight", () => {
  const known = new Set(weightClasses.flatMap(([, , , , opcodes]) => opcodes.map(range => JSON.stringify(range))));
  expect(known.size).toBe(weightClasses.flatMap(([, , , , opcodes]) => opcodes).length);
  for (let opcode = 0x28; opcode <= 0xc4; opcode++) {
    expect([opcode, weights.plain[opcode] > 0]).toEqual([opcode, true]);
  }
  for (let opcode = 0; opcode <= 17; opcode++) expect(weights.miscellaneous[opcode]).toBeGreaterThan(0);
});
