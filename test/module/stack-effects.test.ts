/** The table of stack effects agrees with the engine, which validates each instruction with operands of all types. */
import { expect, test } from "vitest";
import { Cursor } from "../../host/module/cursor.ts";
import { stackEffect } from "../../host/module/stack-effects.ts";
import { F32, F64, HEADER, I32, I64, section, u32, vector } from "../hostile/fuzz/encode.ts";

const V128 = 0x7b;
const FUNCREF = 0x70;
const NUMBERS = [I32, I64, F32, F64, V128];
const CONSTANTS: Readonly<Record<number, readonly number[]>> = {
  [I32]: [0x41, 0],
  [I64]: [0x42, 0],
  [F32]: [0x43, 0, 0, 0, 0],
  [F64]: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  [V128]: [0xfd, 12, ...Array(16).fill(0)],
  [FUNCREF]: [0xd0, FUNCREF],
};
const MOST_OPERANDS = 3;

/** Whether the engine takes a function of these instructions, in a module that has everything they can refer to. */
function isValid(code: readonly number[]): boolean {
  const body = [1, 1, I32, ...code, 0x0b];
  const sections = [
    section(1, vector([[0x60, 0, 0]])),
    section(3, vector([[0]])),
    section(4, vector([[FUNCREF, 0, 1]])),
    section(5, vector([[3, 1, 1]])),
    section(6, vector([[I32, 1, 0x41, 0, 0x0b]])),
    section(9, vector([[1, 0, ...vector([[0]])]])),
    section(12, u32(1)),
    section(10, vector([[...u32(body.length), ...body]])),
    section(11, vector([[1, 0]])),
  ];
  return WebAssembly.validate(Uint8Array.from([...HEADER, ...sections.flat()]));
}

/** All lists of so many types. The first one varies fastest. */
function* operandsOf(count: number, types: readonly number[]): Generator<readonly number[]> {
  for (let number = 0; number < types.length ** count; number++) {
    yield Array.from({ length: count }, (_, index) => types[Math.floor(number / types.length ** index) % types.length]);
  }
}

/** The effect that the engine accepts. Undefined where none of the operands that are tried fit. */
function measured(instruction: readonly number[], types: readonly number[]): number | undefined {
  for (let count = 0; count <= MOST_OPERANDS; count++) {
    for (const operands of operandsOf(count, types)) {
      const code = [...operands.flatMap(type => CONSTANTS[type]), ...instruction];
      for (const results of [0, 1]) if (isValid([...code, ...Array(results).fill(0x1a)])) return results - count;
    }
  }
  return undefined;
}

function effectOf(instruction: readonly number[]): number {
  return stackEffect(instruction[0], new Cursor(Uint8Array.from(instruction), 1));
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

function vectorImmediates(opcode: number): readonly number[] {
  if (opcode <= 11 || opcode === 92 || opcode === 93) return [0, 0];
  if (opcode === 12 || opcode === 13) return Array(16).fill(0);
  if (opcode >= 21 && opcode <= 34) return [0];
  return opcode >= 84 && opcode <= 91 ? [0, 0, 0] : [];
}

/** Each instruction in the forms that its immediates may have, of which the engine takes one. */
const instructions: readonly (readonly (readonly number[])[])[] = [
  ...[0x01, 0x1a, 0x1b, ...range(0x45, 0xc4), 0xd1].map(opcode => [[opcode]]),
  [[0x1c, 1, I32]],
  ...[0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0xd2].map(opcode => [[opcode, 0]]),
  ...range(0x28, 0x3e).map(opcode => [[opcode, 0, 0]]),
  [[0x41, 0]],
  [[0x42, 0]],
  [CONSTANTS[F32]],
  [CONSTANTS[F64]],
  [[0xd0, FUNCREF]],
  ...range(0, 7).map(opcode => [[0xfc, opcode]]),
  ...range(8, 17).map(opcode => [[0xfc, opcode, ...([8, 10, 12, 14].includes(opcode) ? [0, 0] : [0])]]),
  ...range(0, 0x113).map(opcode => [[0xfd, ...u32(opcode), ...vectorImmediates(opcode)]]),
  [[0xfe, 3, 0]],
  ...[0, 1, 2, ...range(0x10, 0x4e)].map(opcode => range(0, 3).map(alignment => [0xfe, opcode, alignment, 0])),
];

test("what each instruction does to the operand stack is what the engine says", { timeout: 120_000 }, () => {
  let known = 0;
  for (const forms of instructions) {
    for (const form of forms) {
      const ofTables = form[0] === 0x26 || form[0] === 0xd1 || (form[0] === 0xfc && form[1] >= 14);
      const effect = measured(form, ofTables ? [I32, FUNCREF] : NUMBERS);
      if (effect === undefined) continue;
      known++;
      expect([form, effectOf(form)]).toEqual([form, effect]);
    }
  }
  // All but those numbers of vector instructions that mean nothing.
  expect(known).toBeGreaterThanOrEqual(480);
});
