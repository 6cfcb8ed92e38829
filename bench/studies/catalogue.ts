/**
 * Every instruction that `load` accepts, with its operands and its result, so that `loops.ts` can
 * make loops of them. No instruction traps: divisors are odd, addresses are in the first page, and
 * truncated numbers fit.
 */

/** `i` i32, `I` i64, `f` f32, `d` f64, `v` v128. */
export type Type = "i" | "I" | "f" | "d" | "v";

export interface Instruction {
  /** Its class and its opcode, for the tables. */
  readonly name: string;
  readonly code: readonly number[];
  /** The operands, the topmost last; `a` is an address in the first page. */
  readonly takes: string;
  /** The result. Empty: there is none. */
  readonly gives: Type | "";
  /** Code that changes the topmost operand first, so that the instruction does not trap. */
  readonly tame?: readonly number[];
}

export const u32 = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
};

/** The pairs of a text such as `94-98 122`. */
function ranges(text: string): readonly (readonly [from: number, to: number])[] {
  return text.split(" ").map(range => {
    const [from, to = from] = range.split("-").map(Number);
    return [from, to];
  });
}

const all: Instruction[] = [];

function add(
  prefix: number,
  from: number,
  to: number,
  takes: string,
  gives: Type | "",
  more: Partial<Instruction> & { readonly after?: readonly number[] } = {},
): void {
  for (let opcode = from; opcode <= to; opcode++) {
    const code = [...(prefix === 0 ? [opcode] : [prefix, ...u32(opcode)]), ...(more.after ?? [])];
    const name = prefix === 0 ? `0x${opcode.toString(16)}` : `0x${prefix.toString(16)} ${opcode}`;
    all.push({ name, code, takes, gives, ...(more.tame !== undefined && { tame: more.tame }) });
  }
}

// Numbers.
const ODD_I32 = [0x41, 0xff, 0x00, 0x71, 0x41, 3, 0x72]; // & 127 | 3
const ODD_I64 = [0x42, 0xff, 0x00, 0x83, 0x42, 3, 0x84];
add(0, 0x45, 0x45, "i", "i");
add(0, 0x46, 0x4f, "ii", "i");
add(0, 0x50, 0x50, "I", "i");
add(0, 0x51, 0x5a, "II", "i");
add(0, 0x5b, 0x60, "ff", "i");
add(0, 0x61, 0x66, "dd", "i");
add(0, 0x67, 0x69, "i", "i");
add(0, 0x6a, 0x6c, "ii", "i");
add(0, 0x6d, 0x70, "ii", "i", { tame: ODD_I32 });
add(0, 0x71, 0x78, "ii", "i");
add(0, 0x79, 0x7b, "I", "I");
add(0, 0x7c, 0x7e, "II", "I");
add(0, 0x7f, 0x82, "II", "I", { tame: ODD_I64 });
add(0, 0x83, 0x8a, "II", "I");
add(0, 0x8b, 0x91, "f", "f");
add(0, 0x92, 0x98, "ff", "f");
add(0, 0x99, 0x9f, "d", "d");
add(0, 0xa0, 0xa6, "dd", "d");
add(0, 0xa7, 0xa7, "I", "i");
// The absolute value of the float, at most 1000.
const SMALL_F32 = [0x8b, 0x43, 0, 0, 0x7a, 0x44, 0x96, 0xfc, 1, 0xb3];
const SMALL_F64 = [0x99, 0x44, 0, 0, 0, 0, 0, 0x40, 0x8f, 0x40, 0xa4, 0xfc, 3, 0xb8];
add(0, 0xa8, 0xa9, "f", "i", { tame: SMALL_F32 });
add(0, 0xaa, 0xab, "d", "i", { tame: SMALL_F64 });
add(0, 0xac, 0xad, "i", "I");
add(0, 0xae, 0xaf, "f", "I", { tame: SMALL_F32 });
add(0, 0xb0, 0xb1, "d", "I", { tame: SMALL_F64 });
add(0, 0xb2, 0xb3, "i", "f");
add(0, 0xb4, 0xb5, "I", "f");
add(0, 0xb6, 0xb6, "d", "f");
add(0, 0xb7, 0xb8, "i", "d");
add(0, 0xb9, 0xba, "I", "d");
add(0, 0xbb, 0xbb, "f", "d");
add(0, 0xbc, 0xbc, "f", "i");
add(0, 0xbd, 0xbd, "d", "I");
add(0, 0xbe, 0xbe, "i", "f");
add(0, 0xbf, 0xbf, "I", "d");
add(0, 0xc0, 0xc1, "i", "i");
add(0, 0xc2, 0xc4, "I", "I");
add(0xfc, 0, 1, "f", "i");
add(0xfc, 2, 3, "d", "i");
add(0xfc, 4, 5, "f", "I");
add(0xfc, 6, 7, "d", "I");

// Memory: an address in the first page.
const ADDRESS = [0x41, 0xf8, 0xff, 0x03, 0x71]; // & 0xfff8
const AT = [0, 0];
const loads: readonly (readonly [number, number, Type])[] = [
  [0x28, 0x28, "i"],
  [0x29, 0x29, "I"],
  [0x2a, 0x2a, "f"],
  [0x2b, 0x2b, "d"],
  [0x2c, 0x2f, "i"],
  [0x30, 0x35, "I"],
];
for (const [from, to, type] of loads) add(0, from, to, "i", type, { tame: ADDRESS, after: AT });
const stores: readonly (readonly [number, number, Type])[] = [
  [0x36, 0x36, "i"],
  [0x37, 0x37, "I"],
  [0x38, 0x38, "f"],
  [0x39, 0x39, "d"],
  [0x3a, 0x3b, "i"],
  [0x3c, 0x3e, "I"],
];
for (const [from, to, type] of stores) add(0, from, to, `a${type}`, "", { after: AT });
add(0, 0x3f, 0x3f, "", "i", { after: [0] });
const NOTHING = [0x1a, 0x41, 0];
add(0, 0x40, 0x40, "i", "i", { after: [0], tame: NOTHING });

// Vectors.
add(0xfd, 0, 0, "i", "v", { tame: ADDRESS, after: AT });
add(0xfd, 1, 10, "i", "v", { tame: ADDRESS, after: AT });
add(0xfd, 11, 11, "av", "", { after: AT });
add(0xfd, 12, 12, "", "v", { after: Array(16).fill(7) });
add(0xfd, 13, 13, "vv", "v", { after: [31, 0, 5, 9, 17, 3, 2, 1, 30, 12, 4, 22, 8, 6, 19, 11] });
add(0xfd, 14, 14, "vv", "v");
for (const [opcode, type] of [
  [15, "i"],
  [16, "i"],
  [17, "i"],
  [18, "I"],
  [19, "f"],
  [20, "d"],
] as const)
  add(0xfd, opcode, opcode, type, "v");
for (const [opcode, takes, gives] of [
  [21, "v", "i"],
  [22, "v", "i"],
  [23, "vi", "v"],
  [24, "v", "i"],
  [25, "v", "i"],
  [26, "vi", "v"],
  [27, "v", "i"],
  [28, "vi", "v"],
  [29, "v", "I"],
  [30, "vI", "v"],
  [31, "v", "f"],
  [32, "vf", "v"],
  [33, "v", "d"],
  [34, "vd", "v"],
] as const)
  add(0xfd, opcode, opcode, takes, gives, { after: [1] });
add(0xfd, 35, 76, "vv", "v");
add(0xfd, 77, 77, "v", "v");
add(0xfd, 78, 81, "vv", "v");
add(0xfd, 82, 82, "vvv", "v");
add(0xfd, 83, 83, "v", "i");
add(0xfd, 84, 87, "av", "v", { after: [...AT, 1] });
add(0xfd, 88, 91, "av", "", { after: [...AT, 1] });
add(0xfd, 92, 93, "i", "v", { tame: ADDRESS, after: AT });
for (const [from, to] of ranges(
  "94-98 103-106 116-117 122 124-129 135-138 148 160-161 167-170 192-193 199-202 224-225 227 236-237 239 248-255 0x101-0x104",
))
  add(0xfd, from, to, "v", "v");
for (const [from, to] of ranges("99-100 131-132 163-164 195-196")) add(0xfd, from, to, "v", "i");
for (const [from, to] of ranges(
  "101-102 110-115 118-121 123 130 133-134 142-147 149-153 155-159 174 177 181-186 188-191 206 209 213-223 228-235 240-247 0x100 0x10d-0x112",
))
  add(0xfd, from, to, "vv", "v");
for (const [from, to] of ranges("107-109 139-141 171-173 203-205")) add(0xfd, from, to, "vi", "v");
add(0xfd, 0x105, 0x10c, "vvv", "v");
add(0xfd, 0x113, 0x113, "vvv", "v");

// Atomics, of memory that is not shared.
const aligned = (opcode: number) => {
  const i32 = [2, 3, 0, 1, 0, 1, 2];
  return [i32[(opcode - 0x10) % 7], 0];
};
add(0xfe, 0, 0, "ai", "i", { after: [2, 8] });
add(0xfe, 3, 3, "", "", { after: [0] });
for (let opcode = 0x10; opcode <= 0x4e; opcode++) {
  const group = Math.floor((opcode - 0x10) / 7);
  const type: Type = [0, 2, 3].includes((opcode - 0x10) % 7) ? "i" : "I";
  // Only the topmost operand can be changed first, so stores and the like get their address as a constant.
  if (group === 0) add(0xfe, opcode, opcode, "i", type, { tame: ADDRESS, after: aligned(opcode) });
  else if (group === 1) add(0xfe, opcode, opcode, `a${type}`, "", { after: aligned(opcode) });
  else if (group < 8) add(0xfe, opcode, opcode, `a${type}`, type, { after: aligned(opcode) });
  else add(0xfe, opcode, opcode, `a${type}${type}`, type, { after: aligned(opcode) });
}

const [BLOCK, END, VOID] = [0x02, 0x0b, 0x40];
const statement = (name: string, takes: string, gives: Type | "", ...code: number[]) =>
  all.push({ name, code, takes, gives });

// Calls, tables, references, exceptions and others. They refer to the functions, tables and
// memories of `loops.ts`.
statement("nop", "", "", 0x01);
statement("drop", "i", "", 0x1a);
statement("select", "iii", "i", 0x1b);
statement("select f64", "ddi", "d", 0x1b);
statement("select v128", "vvi", "v", 0x1c, 1, 0x7b);
statement("local.set", "i", "i", 0x21, 1, 0x20, 1);
statement("local.tee", "i", "i", 0x22, 1);
statement("global.get", "", "i", 0x23, 0);
statement("global.set", "i", "", 0x24, 0);
statement("block", "", "", BLOCK, VOID, END);
statement("br", "", "", BLOCK, VOID, 0x0c, 0, END);
statement("br_if", "i", "", 0x41, 16, 0x71, 0x04, VOID, 0x23, 0, 0x41, 1, 0x6a, 0x24, 0, END);
statement(
  "br_table",
  "i",
  "",
  ...[0x21, 1, BLOCK, VOID, BLOCK, VOID, BLOCK, VOID],
  ...[0x20, 1, 0x41, 3, 0x71, 0x0e, 2, 0, 1, 2, END],
  ...[0x20, 1, 0x21, 1, END, 0x23, 0, 0x24, 0, END],
);
statement("call", "", "i", 0x10, 1);
statement("call, 16 parameters", "", "i", ...Array(16).fill([0x20, 1]).flat(), 0x10, 2);
statement("call of an import", "", "i", 0x10, 0);
statement("call_indirect", "", "i", 0x41, 0, 0x11, 0, 0);
statement("call_indirect of an import", "", "i", 0x41, 1, 0x11, 0, 0);
statement("call_ref", "", "i", 0xd2, 1, 0x14, 0);
statement("call_ref of an import", "", "i", 0xd2, 0, 0x14, 0);
statement("return_call", "", "i", 0x10, 3);
statement("return_call_indirect", "", "i", 0x10, 4);
statement("return_call_ref", "", "i", 0x10, 5);
statement("return_call of an import", "", "i", 0x10, 6);
statement("ref.null", "", "", 0xd0, 0x70, 0x1a);
statement("ref.is_null", "", "i", 0xd0, 0x70, 0xd1);
statement("ref.func", "", "", 0xd2, 1, 0x1a);
statement("table.get", "", "i", 0x41, 0, 0x25, 0, 0xd1);
statement("table.get of externref", "", "i", 0x41, 0, 0x25, 1, 0xd1);
statement("table.set", "", "", 0x41, 2, 0xd2, 1, 0x26, 0);
statement("table.set of an import", "", "", 0x41, 2, 0xd2, 0, 0x26, 0);
statement("table.set of null", "", "", 0x41, 2, 0xd0, 0x70, 0x26, 0);
statement("table.set of externref", "", "", 0x41, 2, 0xd0, 0x6f, 0x26, 1);
statement("table.size", "", "i", 0xfc, 16, 0);
statement("table.grow 0", "", "i", 0xd0, 0x70, 0x41, 0, 0xfc, 15, 0);
statement("table.fill 0", "", "", 0x41, 2, 0xd0, 0x70, 0x41, 0, 0xfc, 17, 0);
statement("table.fill 8", "", "", 0x41, 2, 0xd2, 1, 0x41, 8, 0xfc, 17, 0);
statement("table.copy 0", "", "", 0x41, 2, 0x41, 4, 0x41, 0, 0xfc, 14, 0, 0);
statement("table.copy 8", "", "", 0x41, 2, 0x41, 4, 0x41, 8, 0xfc, 14, 0, 0);
statement("table.init 0", "", "", 0x41, 2, 0x41, 0, 0x41, 0, 0xfc, 12, 1, 0);
statement("table.init 4", "", "", 0x41, 2, 0x41, 0, 0x41, 4, 0xfc, 12, 1, 0);
statement("elem.drop", "", "", 0xfc, 13, 2);
statement("data.drop", "", "", 0xfc, 9, 1);
statement("memory.init 0", "", "", 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0);
statement("memory.init 3", "", "", 0x41, 0, 0x41, 0, 0x41, 3, 0xfc, 8, 0, 0);
statement("memory.copy 0", "", "", 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 10, 0, 0);
statement("memory.copy 63", "", "", 0x41, 0, 0x41, 1, 0x41, 63, 0xfc, 10, 0, 0);
statement("memory.copy 8192", "", "", 0x41, 0, 0x41, 1, 0x41, 0x80, 0xc0, 0, 0xfc, 10, 0, 0);
statement("memory.fill 0", "", "", 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0);
statement("memory.fill 63", "", "", 0x41, 0, 0x41, 1, 0x41, 63, 0xfc, 11, 0);
statement("memory.fill 8192", "", "", 0x41, 0, 0x41, 1, 0x41, 0x80, 0xc0, 0, 0xfc, 11, 0);
statement("try_table", "", "", BLOCK, VOID, 0x1f, VOID, 1, 0x02, 0, END, END);
statement("throw, caught by try_table", "", "", BLOCK, VOID, 0x1f, VOID, 1, 0x02, 0, 0x08, 0, END, END);
statement(
  "throw and throw_ref",
  "",
  "",
  ...[BLOCK, VOID, 0x1f, VOID, 1, 0x02, 0],
  ...[BLOCK, 0x69, 0x1f, VOID, 1, 0x03, 0, 0x08, 0, END, 0x00, END],
  ...[0x0a, END, END],
);
export const LEGACY = all.length;
statement("try", "", "", 0x06, VOID, 0x19, END);
statement("throw, caught by try", "", "", 0x06, VOID, 0x08, 0, 0x19, END);
statement("throw and rethrow", "", "", 0x06, VOID, 0x06, VOID, 0x08, 0, 0x19, 0x09, 0, END, 0x19, END);
statement("throw and delegate", "", "", 0x06, VOID, 0x06, VOID, 0x08, 0, 0x18, 0, 0x19, END);

export const catalogue: readonly Instruction[] = all;
