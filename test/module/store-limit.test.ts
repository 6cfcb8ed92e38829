/**
 * The store limit holds for each instruction that writes memory: up to it the module does what it
 * did, and behind it the instruction traps.
 */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { catalogue, type Type } from "../../bench/studies/catalogue.ts";
import { Cursor, Undecodable } from "../../host/module/cursor.ts";
import { walk } from "../../host/module/instructions.ts";
import { limitStores, storeLimitOf } from "../../host/module/store-limit.ts";
import { V128 } from "../../host/module/value-type.ts";
import { IGNORE } from "../../host/module/visitor.ts";
import { LIMIT_SLACK } from "../../host/wire/abi.ts";
import { Body } from "../hostile/fuzz/body.ts";
import { Choices } from "../hostile/fuzz/choices.ts";
import { F32, F64, HEADER, I32, I64, name, s32, section, u32, vector } from "../hostile/fuzz/encode.ts";

const PAGE = 65_536;
const MEMORY_BYTES = 2 * PAGE;
/** The first value of the limit. */
const FIRST = PAGE + 1003;
const END = 0x0b;

/** By the first byte of the opcode: from, to. An opcode in none of the lists fails the first test. */
type Opcodes = Readonly<Record<number, readonly (readonly [first: number, last: number])[]>>;
const WRITES: Opcodes = {
  0: [[0x36, 0x3e]], // stores
  252: [
    [8, 8], // memory.init
    [10, 11], // memory.copy, memory.fill
  ],
  253: [
    [11, 11], // v128.store
    [88, 91], // stores of a lane
  ],
  254: [[0x17, 0x4e]], // atomic stores, and all that reads and writes
};
const WRITES_NOTHING: Opcodes = {
  0: [
    [0x00, 0x15], // control, calls
    [0x18, 0x1c],
    [0x1f, 0x26], // locals, globals, tables
    [0x28, 0x35], // loads
    [0x3f, 0x44], // memory.size, memory.grow, constants
    [0x45, 0xc4], // numbers
    [0xd0, 0xd6], // references
  ],
  252: [
    [0, 7], // truncations
    [9, 9], // data.drop
    [12, 17], // tables
  ],
  253: [
    [0, 10],
    [12, 87],
    [92, 0x113],
  ],
  254: [
    [0, 3], // notify, wait, fence
    [0x10, 0x16], // loads
  ],
};

const opcodesIn = (lists: Opcodes, prefix: number) =>
  (lists[prefix] ?? []).flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));

/** Whether `walk` knows the instruction, and how often it tells that it writes. */
function told(prefix: number, opcode: number): { isKnown: boolean; writes: number } {
  const code = prefix === 0 ? [opcode] : [prefix, ...u32(opcode)];
  let writes = 0;
  let isKnown = true;
  try {
    // What follows passes for any immediates, and ends the expression.
    walk(new Cursor(Uint8Array.from([...code, ...Array(40).fill(0), ...Array(40).fill(END)])), {
      ...IGNORE,
      writes: from => {
        expect(from).toBe(0);
        writes++;
      },
    });
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    isKnown = !/does not know/.test(error.message);
  }
  return { isKnown, writes };
}

describe("of the instructions that isopod knows", () => {
  test.each([
    [0, 256],
    [0xfc, 64],
    [0xfd, 512],
    [0xfe, 256],
  ])("with the prefix %i, each is known to write memory or not to, and is told so", (prefix, count) => {
    const writes = new Set(opcodesIn(WRITES, prefix));
    const others = new Set(opcodesIn(WRITES_NOTHING, prefix));
    const wrong: string[] = [];
    for (let opcode = 0; opcode < count; opcode++) {
      if (prefix === 0 && opcode >= 0xfc && opcode <= 0xfe) continue;
      const found = told(prefix, opcode);
      const isRight = writes.has(opcode)
        ? found.writes === 1
        : found.writes === 0 && (!found.isKnown || others.has(opcode));
      if (!isRight) wrong.push(`${opcode.toString(16)}: ${JSON.stringify(found)}`);
    }
    expect(wrong).toEqual([]);
  });

  test("each that writes memory is tried below", () => {
    const all = [0, 0xfc, 0xfd, 0xfe].flatMap(prefix => opcodesIn(WRITES, prefix).map(opcode => key(prefix, opcode)));
    expect(written.map(({ name }) => name).sort()).toEqual(all.sort());
  });
});

function key(prefix: number, opcode: number): string {
  return prefix === 0 ? `0x${opcode.toString(16)}` : `0x${prefix.toString(16)} ${opcode}`;
}

/** An instruction that writes memory. */
interface Writing {
  readonly name: string;
  /** The operands above the address. */
  readonly operands: readonly number[];
  /** The type of the topmost. */
  readonly type: string;
  /** The instruction with this offset. */
  readonly code: (offset: number) => readonly number[];
  readonly gives: Type | "";
  /** Bytes that it writes. Undefined where an operand says how many. */
  readonly bytes: number | undefined;
  readonly isAtomic: boolean;
}

const CONSTANTS: Readonly<Record<Type, readonly number[]>> = {
  i: [0x41, ...s32(0x7a3b5c1d)],
  I: [0x42, ...s32(0x1b2c3d4e)],
  f: [0x43, 0x11, 0x22, 0x33, 0x44],
  d: [0x44, 1, 2, 3, 4, 5, 6, 7, 0x3f],
  v: [0xfd, 12, ...Array.from({ length: 16 }, (_, i) => i + 0x31)],
};
const LENGTH = 1; // the parameter

const isWriting = new Set(
  [0, 0xfd, 0xfe].flatMap(prefix => opcodesIn(WRITES, prefix).map(opcode => key(prefix, opcode))),
);
const written: readonly Writing[] = [
  ...catalogue
    .filter(({ name }) => isWriting.has(name))
    .map(({ name, takes, gives, code }): Writing => {
      const isLane = /^0xfd (88|89|90|91)$/.test(name);
      // The code ends in the alignment and the offset, which is 0, and for a lane in its number.
      const before = code.slice(0, isLane ? -2 : -1);
      return {
        name,
        operands: [
          // What comes first of two is compared with what is in memory.
          ...(takes.length > 2 ? found(takes[1], bytesOf(name)) : []),
          ...CONSTANTS[takes[takes.length - 1] as Type],
        ],
        type: takes[takes.length - 1],
        code: offset => [...before, ...u32(offset), ...(isLane ? [1] : [])],
        gives,
        bytes: bytesOf(name),
        isAtomic: name.startsWith("0xfe"),
      };
    }),
  ...(
    [
      ["0xfc 8", [0xfc, 8, 0, 0]],
      ["0xfc 10", [0xfc, 10, 0, 0]],
      ["0xfc 11", [0xfc, 11, 0]],
    ] as const
  ).map(
    ([name, code]): Writing => ({
      name,
      // From near the beginning of the data, or of memory; or the byte 3.
      operands: [0x41, 3, 0x20, LENGTH],
      type: "i",
      code: () => code,
      gives: "",
      bytes: undefined,
      isAtomic: false,
    }),
  ),
];

/** The constant that an instruction of so many bytes finds in memory. */
function found(type: string, bytes: number): readonly number[] {
  let rest = BigInt.asIntN(type === "I" ? 64 : 32, BigInt(`0x${"a5".repeat(bytes)}`));
  const code = [type === "I" ? 0x42 : 0x41];
  for (; rest < -64n || rest > 63n; rest >>= 7n) code.push(Number(rest & 0x7fn) | 0x80);
  return [...code, Number(rest & 0x7fn)];
}

function bytesOf(name: string): number {
  const plain = { "0x36": 4, "0x37": 8, "0x38": 4, "0x39": 8, "0x3a": 1, "0x3b": 2, "0x3c": 1, "0x3d": 2, "0x3e": 4 };
  const vectors = { "0xfd 11": 16, "0xfd 88": 1, "0xfd 89": 2, "0xfd 90": 4, "0xfd 91": 8 };
  const known: Readonly<Record<string, number>> = { ...plain, ...vectors };
  return known[name] ?? [4, 8, 1, 2, 1, 2, 4][(Number(name.slice(5)) - 0x17) % 7];
}

/** A module with two pages, a limit, and a function of `(address, length)` for each of the codes. */
function moduleWith(codes: readonly (readonly number[])[], first = FIRST): Uint8Array<ArrayBuffer> {
  const locals = [I32, I64, F32, F64, V128].map(type => [1, type]);
  const bodies = codes.map(code => [...vector(locals), ...code, END]);
  return Uint8Array.from([
    ...HEADER,
    ...section(
      1,
      vector([
        [0x60, ...vector([[I32], [I32]]), 0],
        [0x60, ...vector([[I32]]), 0],
      ]),
    ),
    ...section(2, vector([[...name("env"), ...name("memory"), 2, 0, 2]])),
    ...section(3, vector([...codes.map(() => [0]), [1]])),
    ...section(6, vector([[I32, 1, 0x41, ...s32(first), END]])),
    ...section(
      7,
      vector([
        ...codes.map((_, i) => [...name(`run ${i}`), 0, i]),
        [...name("set"), 0, codes.length],
        [...name("isopod:limit"), 3, 0],
      ]),
    ),
    ...section(12, [1]),
    ...section(10, vector([...bodies.map(body => [...u32(body.length), ...body]), [6, 0, 0x20, 0, 0x24, 0, END]])),
    ...section(11, vector([[1, ...name("abcdefgh".repeat(40))]])),
  ]);
}

type Run = (address: number, length: number) => void;

interface Instance {
  /** In the order of the codes. */
  readonly runs: readonly Run[];
  readonly set: (limit: number) => void;
  readonly limit: WebAssembly.Global;
  readonly bytes: Uint8Array;
}

function instanceOf(module: Uint8Array<ArrayBuffer>): Instance {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } });
  const { set, "isopod:limit": limit, ...runs } = exports as Record<string, unknown>;
  return { runs: Object.values(runs), set, limit, bytes: new Uint8Array(memory.buffer) } as Instance;
}

function limited(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const limit = storeLimitOf("guest", bytes);
  if (limit === undefined) throw new Error("it has no limit");
  return limitStores(bytes, limit);
}

/** The trap that a call ends with, or "". */
function trapOf(run: Run, address: number, length: number): string {
  try {
    run(address, length);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
/** All bytes are 0xa5, but the first differ from each other. */
const DIFFERENT = 512;
const untouched = Uint8Array.from({ length: MEMORY_BYTES }, (_, i) => (i < DIFFERENT ? (i & 0x7f) | 0x80 : 0xa5));

const OFFSETS = [
  0,
  1,
  8,
  63,
  64,
  65,
  FIRST - 16,
  FIRST - 1,
  FIRST,
  FIRST + 1,
  MEMORY_BYTES,
  2 ** 31,
  2 ** 32 - 16,
  2 ** 32 - 1,
];
const LENGTHS = [0, 1, 17, 256, MEMORY_BYTES, 2 ** 31, 2 ** 32 - 1];

/** Addresses around each edge, for what begins `offset` behind the address and ends `end` behind it. */
function addresses(limit: number, offset: number, end: number): readonly number[] {
  const edges = [
    0,
    limit - end,
    limit - offset,
    limit,
    limit + LIMIT_SLACK - end,
    limit + LIMIT_SLACK,
    MEMORY_BYTES - end,
    MEMORY_BYTES,
    2 ** 31,
    2 ** 32 - offset,
  ];
  const near = [...edges, 2 ** 32 - end, 2 ** 32 - 1].flatMap(edge => [-8, -1, 0, 1, 8].map(step => edge + step));
  return [...new Set(near.filter(address => address >= 0 && address < 2 ** 32))];
}

/** How the operands come to be on the stack, which decides where the check stands. */
const FORMS: Readonly<Record<string, (writing: Writing) => readonly number[]>> = {
  "a local and constants": ({ operands }) => [0x20, 0, ...operands],
  "a sum and constants": ({ operands }) => [0x20, 0, 0x41, 0, 0x6a, ...operands],
  "a local and something else": ({ operands }) => [0x20, 0, ...operands, 0x01],
  "a local and what is kept in a local, too": ({ operands, type }) => [0x20, 0, ...operands, 0x22, localOf(type)],
};
/** The locals of `moduleWith`, behind its parameters. */
const localOf = (type: string) => 2 + "iIfdv".indexOf(type);

/** Whether an access may happen. `end` is what it writes behind its address, or the length. */
const isAllowed = (address: number, end: number, limit: number, isBulk: boolean) =>
  address + (isBulk ? end : Math.max(0, end - LIMIT_SLACK)) <= limit;

/** A module as it is and with checks. Between two calls, all bytes of both memories are `untouched`. */
interface Pair {
  readonly plain: Instance;
  readonly checked: Instance;
}

describe.each(Object.entries(FORMS))("with %s as operands", (_form, form) => {
  describe.each(written)("$name", writing => {
    const { code, gives, bytes, isAtomic } = writing;
    const isBulk = bytes === undefined;
    const offsets = isBulk ? [0] : OFFSETS;
    const codes = offsets.map(offset => [...form(writing), ...code(offset), ...(gives === "" ? [] : [0x1a])]);
    /** By the first value of the limit, which no check lets through less than. */
    const pairs = new Map<number, Pair>();
    afterAll(() => pairs.clear());

    function pairOf(first: number): Pair {
      const module = moduleWith(codes, first);
      const [plain, checked] = [module, limited(module)].map(instanceOf);
      plain.bytes.set(untouched);
      checked.bytes.set(untouched);
      return { plain, checked };
    }

    /** What is wrong with a call that is allowed: it does what it does without a limit. */
    function faultOfAllowed({ plain, checked }: Pair, i: number, address: number, length: number): string {
      const trap = trapOf(checked.runs[i], address, length);
      const expected = trapOf(plain.runs[i], address, length);
      if (trap !== expected) return `traps: ${trap}, not: ${expected}`;
      if (!same(checked.bytes, plain.bytes)) return "leaves another memory";
      if (!same(checked.bytes, untouched)) {
        const behind = (checked.limit.value >>> 0) + LIMIT_SLACK;
        const isBehind = !same(checked.bytes.subarray(behind), untouched.subarray(behind));
        plain.bytes.set(untouched);
        checked.bytes.set(untouched);
        return isBehind ? "writes behind the limit" : "";
      }
      // Otherwise the comparison proves nothing.
      const from = address + offsets[i];
      const count = bytes ?? length;
      const isAligned = !isAtomic || from % count === 0;
      const mayDiffer = isAtomic && from < DIFFERENT;
      const isInside = from + count <= MEMORY_BYTES && count > 0 && count <= 256;
      return isAligned && !mayDiffer && isInside ? "writes nothing" : "";
    }

    /** What it may have written is seen after the last address, or by the next call that is allowed. */
    function faultOfRefused({ checked }: Pair, i: number, address: number, length: number): string {
      const trap = trapOf(checked.runs[i], address, length);
      return trap === "unreachable" ? "" : `traps: ${trap}`;
    }

    test.each([FIRST, FIRST + 1, FIRST + 8, MEMORY_BYTES, 0, 64])("with the limit %i", limit => {
      const first = Math.min(limit, FIRST);
      const pair = pairs.get(first) ?? pairOf(first);
      pairs.set(first, pair);
      pair.checked.limit.value = limit;
      for (const [i, offset] of offsets.entries()) {
        for (const length of isBulk ? LENGTHS : [0]) {
          const end = offset + (bytes ?? length);
          for (const address of addresses(limit, offset, end)) {
            const faultOf = isAllowed(address, end, limit, isBulk) ? faultOfAllowed : faultOfRefused;
            const fault = faultOf(pair, i, address, length);
            if (fault !== "") expect.fail(`offset ${offset}, address ${address}, length ${length}: ${fault}`);
          }
          if (!same(pair.checked.bytes, untouched)) expect.fail(`offset ${offset}, length ${length}: writes and traps`);
        }
      }
    });
  });
});

describe("the limit", () => {
  const STORE = [0x20, 0, 0x41, 1, 0x3a, 0, 0];
  const limitedStore = () => {
    const { runs, ...rest } = instanceOf(limited(moduleWith([STORE])));
    return { run: runs[0], ...rest };
  };

  test("can be raised by the module, and not lowered", () => {
    const { run, set, limit } = limitedStore();
    run(FIRST, 0);
    expect(() => run(FIRST + 1, 0)).toThrow(WebAssembly.RuntimeError);
    for (const lower of [0, FIRST - 1, -(2 ** 31)].filter(value => value >>> 0 <= FIRST)) {
      set(lower);
      expect(limit.value).toBe(FIRST);
    }
    set(FIRST + 1);
    run(FIRST + 1, 0);
    expect(() => run(FIRST + 2, 0)).toThrow(WebAssembly.RuntimeError);
    set(FIRST);
    expect(limit.value).toBe(FIRST + 1);
    set(-1);
    expect(limit.value).toBe(-1);
    set(2 ** 31 - 1);
    expect(limit.value).toBe(-1);
  });

  test("can be set by the host", () => {
    const { run, limit } = limitedStore();
    limit.value = FIRST + 100;
    run(FIRST + 100, 0);
    limit.value = FIRST;
    expect(() => run(FIRST + 99, 0)).toThrow(WebAssembly.RuntimeError);
  });

  test("may be beyond the memory: then the memory ends it", () => {
    const { run, limit } = limitedStore();
    limit.value = -1;
    run(MEMORY_BYTES - 1, 0);
    expect(() => run(MEMORY_BYTES, 0)).toThrow(WebAssembly.RuntimeError);
    expect(() => run(-1, 0)).toThrow(WebAssembly.RuntimeError);
  });
});

const TYPES = [I32, I64, F32, F64];

/** A module of a few random functions, all of them exported, which set its globals, too. */
function randomModule(choices: Choices, first: number): Uint8Array<ArrayBuffer> {
  const types: number[][] = [];
  const typeIndex = ({ parameters, results }: { parameters: readonly number[]; results: readonly number[] }) => {
    const bytes = [0x60, ...vector(parameters.map(type => [type])), ...vector(results.map(type => [type]))];
    const found = types.findIndex(other => other.join() === bytes.join());
    return found >= 0 ? found : types.push(bytes) - 1;
  };
  const functions = Array.from({ length: 1 + choices.below(3) }, () => ({
    parameters: choices.list(2, () => choices.of(TYPES)),
    results: choices.list(1, () => choices.of(TYPES)),
  }));
  const around = {
    ...{ tame: true, functions, imported: 0, globals: TYPES, tables: 0, tags: [], hasLegacyExceptions: true },
    typeIndex,
  };
  const bodies = functions.map(type => new Body(choices, around, type).bytes());
  const indices = functions.map(type => u32(typeIndex(type)));
  const zeros = [
    [0x41, 7],
    [0x42, 7],
    [0x43, 0, 0, 0, 0],
    [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  ];
  return Uint8Array.from([
    ...HEADER,
    ...section(1, vector(types)),
    ...section(2, vector([[...name("env"), ...name("memory"), 2, 0, 2]])),
    ...section(3, vector(indices)),
    ...section(6, vector([...TYPES.map((type, i) => [type, 1, ...zeros[i], END]), [I32, 1, 0x41, ...s32(first), END]])),
    ...section(7, vector([...functions.map((_, i) => [...name(`f${i}`), 0, i]), [...name("isopod:limit"), 3, 4]])),
    ...section(12, [1]),
    ...section(10, vector(bodies.map(body => [...u32(body.length), ...body]))),
    ...section(11, vector([[1, ...name("abc")]])),
  ]);
}

/** Calls each function once. Answers what it returned or threw, and the memory after it. */
function played(bytes: Uint8Array<ArrayBuffer>): { results: readonly string[]; memory: Uint8Array } {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const results: string[] = [];
  for (const [key, run] of Object.entries(exports)) {
    if (typeof run !== "function") continue;
    try {
      results.push(`${key}: ${run(...Array(run.length).fill(3n))}`);
    } catch (error) {
      try {
        results.push(`${key}: ${run(...Array(run.length).fill(70_000))}`);
      } catch {
        results.push(`${key}: ${error instanceof WebAssembly.RuntimeError ? error.message : "thrown"}`);
      }
    }
  }
  return { results, memory: new Uint8Array(memory.buffer) };
}

describe("of any functions", () => {
  const numbers = fc.array(fc.nat({ max: 2 ** 32 - 1 }), { maxLength: 300 });

  test("a limit behind all memory changes nothing", () => {
    fc.assert(
      fc.property(numbers, given => {
        const plain = randomModule(new Choices(given), -1);
        fc.pre(WebAssembly.validate(plain));
        const [before, after] = [played(plain), played(limited(plain))];
        expect(after.results).toEqual(before.results);
        expect(same(after.memory, before.memory)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("none changes a byte behind the limit, and those before it are what they were, up to the first trap", () => {
    fc.assert(
      fc.property(numbers, fc.constantFrom(0, 64, 1024, 65_500, 65_540), (given, first) => {
        const plain = randomModule(new Choices(given), first);
        fc.pre(WebAssembly.validate(plain));
        const [before, after] = [played(plain), played(limited(plain))];
        expect(after.memory.subarray(first + LIMIT_SLACK).every(byte => byte === 0)).toBe(true);
        if (before.memory.subarray(first).every(byte => byte === 0) && after.results.join() === before.results.join()) {
          expect(same(after.memory, before.memory)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
