/**
 * Makes modules whose `run(n)` executes a loop n times. The body is made of the instructions of
 * `catalogue.ts`.
 */
import { type Instruction, type Type, u32 } from "./catalogue.ts";

/** The local of each type. Local 0 is the number of rounds left. */
const locals: Readonly<Record<Type, number>> = { i: 1, I: 2, f: 3, d: 4, v: 5 };

const vector = (items: readonly (readonly number[])[]) => [...u32(items.length), ...items.flat()];
const section = (id: number, body: readonly number[]) => [id, ...u32(body.length), ...body];
const name = (text: string) => [...u32(text.length), ...new TextEncoder().encode(text)];
const code = (...bytes: number[]) => [...u32(bytes.length), ...bytes];

/**
 * Code that turns a value of a type into an i32, so that it can be mixed into local 1. The compiler
 * then cannot drop or hoist it.
 */
const MIXES: Readonly<Record<Type, readonly number[]>> = {
  i: [],
  I: [0xa7],
  f: [0xbc],
  d: [0xbd, 0xa7],
  v: [0xfd, 27, 2],
};

/** Pushes the operands, runs the instruction, and keeps the result in the local of its type. */
export function use({ takes, gives, tame = [], code }: Instruction): number[] {
  const operands = [...takes].flatMap(type => (type === "a" ? [0x41, 32] : [0x20, locals[type as Type]]));
  return [...operands, ...tame, ...code, ...keep(takes, gives)];
}

function keep(takes: string, gives: Type | ""): number[] {
  if (gives === "") return [];
  if (takes.includes(gives)) return [0x21, locals[gives]];
  return [0x22, locals[gives], ...MIXES[gives], 0x20, 1, 0x73, 0x21, 1, ...back(takes)];
}

/** Changes an operand whose type the result does not have, so that it differs in the next round. */
function back(takes: string): number[] {
  const type = takes[0];
  if (type === "I") return [0x20, 1, 0xac, 0x21, 2];
  if (type === "f")
    return [0x20, 1, 0x41, 0xff, 0xff, 0xff, 3, 0x71, 0x41, 0x80, 0x80, 0x80, 0x98, 3, 0x72, 0xbe, 0x21, 3];
  if (type === "d") return [0x20, 1, 0xb7, 0x21, 4];
  if (type === "v") return [0x20, 5, 0x20, 1, 0xfd, 28, 2, 0x21, 5];
  return [];
}

/**
 * A module with this loop body. It imports `host.cheap`, and has all tables, memories and functions
 * that the catalogue refers to.
 */
export function loopOf(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const I32 = 0x7f;
  const unary = [0x60, 0, 1, I32];
  const types = [unary, [0x60, 0, 0], [0x60, 1, I32, 0], [0x60, ...vector(Array(16).fill([I32])), 1, I32]];
  const run = [
    ...vector([
      [1, I32],
      [1, 0x7e],
      [1, 0x7d],
      [1, 0x7c],
      [1, 0x7b],
    ]),
    // Ordinary values, no edge cases.
    ...[0x41, 0xd5, 0xaa, 1, 0x21, 1, 0x42, 0xb9, 0xe0, 0x7c, 0x21, 2, 0x43, 0, 0, 0xc0, 0x3f, 0x21, 3],
    ...[0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x21, 4, 0x41, 77, 0xfd, 17, 0x21, 5],
    ...[0x03, 0x40, ...body, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b],
    // Uses all locals, so that the compiler keeps them.
    ...[
      0x20, 1, 0x20, 2, 0xa7, 0x73, 0x20, 3, 0xbc, 0x73, 0x20, 4, 0xbd, 0xa7, 0x73, 0x20, 5, 0xfd, 27, 0, 0x73, 0x24, 0,
      0x0b,
    ],
  ];
  const functions = [
    code(0, 0x41, 5, 0x0b),
    code(0, 0x20, 3, 0x0b),
    code(0, 0x12, 1, 0x0b),
    code(0, 0x41, 0, 0x13, 0, 0, 0x0b),
    code(0, 0xd2, 1, 0x15, 0, 0x0b),
    code(0, 0x12, 0, 0x0b),
    code(...run),
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...name("host"), ...name("cheap"), 0, 0]])),
    ...section(3, vector([[0], [3], [0], [0], [0], [0], [2]])),
    ...section(
      4,
      vector([
        [0x70, 1, 16, 16],
        [0x6f, 1, 16, 16],
      ]),
    ),
    ...section(5, vector([[1, 2, 2]])),
    ...section(13, vector([[0, 1]])),
    ...section(6, vector([[I32, 1, 0x41, 3, 0x0b]])),
    ...section(7, vector([[...name("run"), 0, 7]])),
    ...section(
      9,
      vector([
        [0, 0x41, 0, 0x0b, ...vector([[1], [0], [1], [1]])],
        [1, 0, ...vector([[1], [1], [0], [1]])],
        [1, 0, ...vector([[1]])],
        [3, 0, ...vector([[0], [1]])],
      ]),
    ),
    ...section(12, [2]),
    ...section(10, vector(functions)),
    ...section(
      11,
      vector([
        [1, ...name("abcdefgh")],
        [1, ...name("abc")],
      ]),
    ),
  ]);
}
