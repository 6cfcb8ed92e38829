/**
 * What each instruction is charged, in ticks. A reduction is 64 ticks: a round of an empty loop.
 *
 * Guarantee: no mix of instructions in a loop makes a reduction take more than four times as long
 * as that, in either tier of V8. `npm run bench:weights` measures the weights, and tries random
 * mixes. Two things take longer than their weights: memory beyond the caches, and arithmetic with
 * denormals. The clock bounds them (host/turns/preempt.ts).
 */

/** The ticks of a reduction. */
export const TICKS = 64;
/** For each parameter and result of a call, and each value that a branch carries. */
export const TICKS_PER_VALUE = 4;
/**
 * A call of an import weighs so much more than another call, because it may take 80 ns. The host
 * charges imports that do more.
 */
export const IMPORT_TICKS = 2560;

/**
 * What a check of the store limit (write-checks.ts) weighs. It takes at most 0.25 ns in the baseline
 * tier and 0.65 ns optimized.
 */
export const CHECK_TICKS = 24;

/** Instructions of the same weight. An opcode with a prefix stands as prefix × 4096 + number. */
export type WeightClass = readonly [
  what: string,
  ticks: number,
  baselineNs: number,
  optimizedNs: number,
  opcodes: readonly (number | readonly [first: number, last: number])[],
];

/**
 * The nanoseconds are those of the slowest instruction in a class, with the instructions that put
 * its operands on the stack (x64, Xeon Sapphire Rapids, Node 26.10, V8 14.6). For comparison, a
 * round of an empty loop, counted, takes 0.97 ns in the baseline tier and 0.65 ns optimized.
 */
export const weightClasses: readonly WeightClass[] = [
  [
    "constants, locals, drop, nop, block, loop, end",
    1,
    0.1,
    0.0,
    [[0x0, 0x3], 0x5, 0xb, 0x1a, [0x20, 0x22], [0x41, 0x44], 0xd0],
  ],
  [
    "add, subtract, and, or, xor, sign extension, wrap",
    6,
    0.6,
    0.3,
    [[0x6a, 0x6b], [0x71, 0x73], [0x7c, 0x7d], [0x83, 0x85], 0xa7, [0xac, 0xad], [0xc0, 0xc4]],
  ],
  [
    "globals, memory.size, table.size, references tested",
    8,
    0.4,
    0.1,
    [[0x23, 0x24], 0x3f, 0xd1, [0xd3, 0xd4], 0xfc010],
  ],
  ["stores", 8, 0.1, 0.1, [[0x36, 0x3e], 0xfd00b]],
  ["return, else, catch, delegate", 4, 0.0, 0.0, [0x7, 0xf, [0x18, 0x19]]],
  ["br", 24, 1.1, 0.0, [0xc]],
  [
    "shifts",
    16,
    0.4,
    0.6,
    [
      [0x74, 0x76],
      [0x86, 0x88],
    ],
  ],
  [
    "rotations",
    32,
    2.0,
    0.6,
    [
      [0x77, 0x78],
      [0x89, 0x8a],
    ],
  ],
  [
    "comparisons of integers, counts of bits, multiplication, select",
    24,
    1.9,
    0.9,
    [[0x1b, 0x1c], [0x45, 0x5a], [0x67, 0x69], 0x6c, [0x79, 0x7b], 0x7e],
  ],
  ["division of integers of 32 bits", 128, 5.2, 5.3, [[0x6d, 0x70]]],
  ["division of integers of 64 bits", 160, 6.4, 6.4, [[0x7f, 0x82]]],
  [
    "float: absolute value, negation",
    8,
    0.4,
    0.3,
    [
      [0x8b, 0x8c],
      [0x99, 0x9a],
    ],
  ],
  [
    "float: addition, subtraction",
    16,
    0.8,
    0.6,
    [
      [0x92, 0x93],
      [0xa0, 0xa1],
    ],
  ],
  [
    "float: multiplication, comparisons, minimum, maximum, copysign, reinterpretation",
    36,
    4.1,
    3.1,
    [[0x5b, 0x66], 0x94, [0x96, 0x98], 0xa2, [0xa4, 0xa6], [0xbc, 0xbf]],
  ],
  [
    "float: rounding, conversion from integers and between floats",
    72,
    4.7,
    4.8,
    [
      [0x8d, 0x90],
      [0x9b, 0x9e],
      [0xb2, 0xbb],
    ],
  ],
  [
    "float: division, square root, conversion to integers",
    128,
    15.8,
    12.5,
    [0x91, 0x95, 0x9f, 0xa3, [0xa8, 0xab], [0xae, 0xb1], [0xfc000, 0xfc007]],
  ],
  [
    "loads",
    48,
    3.5,
    3.5,
    [
      [0x28, 0x35],
      [0xfe010, 0xfe016],
    ],
  ],
  ["conditional branches: if, br_if, br_on_null", 48, 0.5, 0.3, [0x4, 0xd, [0xd5, 0xd6]]],
  ["br_table", 64, 1.0, 0.1, [0xe]],
  ["call, and what it calls where that is too short to pay itself", 160, 7.2, 0.0, [0x10, 0x12]],
  ["call through a table or a reference", 1280, 14.1, 4.7, [0x11, [0x13, 0x15]]],
  ["ref.func, table.get, data.drop, elem.drop", 64, 3.4, 2.0, [0x25, 0xd2, 0xfc009, 0xfc00d]],
  ["table.set", 7168, 419.8, 171.2, [0x26]],
  ["memory.grow", 2048, 54.9, 50.9, [0x40]],
  ["memory.init", 1536, 41.7, 44.2, [0xfc008]],
  ["memory.copy, memory.fill", 384, 18.1, 0.0, [[0xfc00a, 0xfc00b]]],
  ["table.init, table.copy, table.grow, table.fill", 384, 15.4, 14.1, [0xfc00c, [0xfc00e, 0xfc00f], 0xfc011]],
  ["try, try_table", 16, 0.7, 0.0, [0x6, 0x1f]],
  ["throw, rethrow, throw_ref", 10240, 200.6, 292.2, [[0x8, 0xa]]],
  [
    "vector: bits, addition, negation, minimum and maximum of integers, abs, shuffles, extension",
    8,
    0.8,
    0.6,
    [
      [0xfd04d, 0xfd051],
      [0xfd060, 0xfd061],
      [0xfd06e, 0xfd073],
      [0xfd076, 0xfd079],
      0xfd07b,
      [0xfd080, 0xfd081],
      [0xfd087, 0xfd093],
      [0xfd096, 0xfd099],
      0xfd09b,
      [0xfd0a0, 0xfd0a1],
      [0xfd0a7, 0xfd0ae],
      0xfd0b1,
      [0xfd0b6, 0xfd0b9],
      0xfd0c1,
      [0xfd0c7, 0xfd0cb],
      [0xfd0cd, 0xfd0ce],
      0xfd0d1,
      [0xfd0e0, 0xfd0e1],
      [0xfd0ec, 0xfd0ed],
    ],
  ],
  ["vector: constants", 12, 0.5, 0.5, [0xfd00c]],
  [
    "vector: addition and subtraction of floats, selection, swizzles, lanes replaced",
    16,
    0.8,
    0.7,
    [
      [0xfd00d, 0xfd00e],
      0xfd017,
      0xfd01a,
      0xfd01c,
      0xfd01e,
      0xfd020,
      0xfd022,
      0xfd052,
      [0xfd0e4, 0xfd0e5],
      [0xfd0f0, 0xfd0f1],
      0xfd100,
    ],
  ],
  [
    "vector: comparisons of integers, splats, lanes extracted, narrowing",
    28,
    3.7,
    3.5,
    [
      [0xfd00f, 0xfd016],
      [0xfd018, 0xfd019],
      0xfd01b,
      0xfd01d,
      0xfd01f,
      0xfd021,
      [0xfd023, 0xfd040],
      [0xfd065, 0xfd066],
      [0xfd085, 0xfd086],
      0xfd0c0,
      0xfd0cc,
      [0xfd0d6, 0xfd0db],
      [0xfd109, 0xfd10c],
    ],
  ],
  [
    "vector: tests of all lanes, comparison and multiplication of floats, shifts of bytes, dot products",
    48,
    3.4,
    1.9,
    [
      [0xfd041, 0xfd04c],
      0xfd053,
      [0xfd05e, 0xfd05f],
      [0xfd062, 0xfd064],
      [0xfd06b, 0xfd06d],
      [0xfd07c, 0xfd07f],
      [0xfd083, 0xfd084],
      0xfd095,
      [0xfd0a3, 0xfd0a4],
      0xfd0ba,
      [0xfd0c3, 0xfd0c4],
      0xfd0e6,
      [0xfd0ea, 0xfd0eb],
      0xfd0f2,
      [0xfd0f6, 0xfd0f7],
      0xfd0fa,
      [0xfd0fe, 0xfd0ff],
      0xfd101,
      0xfd103,
      [0xfd105, 0xfd108],
      [0xfd10d, 0xfd112],
    ],
  ],
  [
    "vector: loads",
    56,
    3.8,
    3.8,
    [
      [0xfd000, 0xfd00a],
      [0xfd054, 0xfd057],
      [0xfd05c, 0xfd05d],
    ],
  ],
  ["vector: stores of a lane", 16, 0.5, 0.3, [[0xfd058, 0xfd05b]]],
  [
    "vector: rounding, long multiplication",
    72,
    2.8,
    2.6,
    [
      [0xfd067, 0xfd06a],
      [0xfd074, 0xfd075],
      0xfd07a,
      0xfd082,
      0xfd094,
      [0xfd09c, 0xfd09f],
      [0xfd0bc, 0xfd0bf],
      [0xfd0dc, 0xfd0df],
    ],
  ],
  ["vector: multiplication of 32 and 64 bits, dot product with addition", 96, 3.7, 3.5, [0xfd0b5, 0xfd0d5, 0xfd113]],
  [
    "vector: division, square root, minimum and maximum of floats, conversion",
    168,
    6.6,
    6.4,
    [
      0xfd0e3,
      [0xfd0e7, 0xfd0e9],
      0xfd0ef,
      [0xfd0f3, 0xfd0f5],
      [0xfd0f8, 0xfd0f9],
      [0xfd0fb, 0xfd0fd],
      0xfd102,
      0xfd104,
    ],
  ],
  ["atomic: stores, and all that reads and writes", 320, 11.0, 11.0, [[0xfe017, 0xfe04e]]],
  ["atomic: fence, wait, notify", 640, 25.2, 24.5, [[0xfe000, 0xfe003]]],
];

const plain = new Uint16Array(256);
const miscellaneous = new Uint16Array(32);
const vector = new Uint16Array(0x114);
const atomic = new Uint16Array(0x4f);
const tables: Readonly<Record<number, Uint16Array>> = { 0: plain, 252: miscellaneous, 253: vector, 254: atomic };

for (const [, ticks, , , opcodes] of weightClasses) {
  for (const range of opcodes) {
    const [first, last] = typeof range === "number" ? [range, range] : range;
    for (let opcode = first; opcode <= last; opcode++) tables[opcode >>> 12][opcode & 0xfff] = ticks;
  }
}

/** Weights by opcode. No module that is counted has an opcode without a weight. */
export const weights = { plain, miscellaneous, vector, atomic } as const;
