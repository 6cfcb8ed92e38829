/**
 * Random bodies of functions, always well typed. Each choice costs fuel, so that no body is long.
 */
import type { Choices } from "./choices.ts";
import { EXNREF, F32, F64, I32, I64, s32, u32, vector } from "./encode.ts";

export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

/** What a body may refer to. There is a memory, and one passive or active segment of data. */
export interface Surroundings {
  /** No loop, and no call but of imports. */
  readonly tame: boolean;
  /** All of them, the imported ones first. */
  readonly functions: readonly FunctionType[];
  readonly imported: number;
  /** The types of the globals, all of which can be set. */
  readonly globals: readonly number[];
  readonly tables: number;
  /** What the exceptions of each tag carry. */
  readonly tags: readonly (readonly number[])[];
  /** It catches by `try`, not by `try_table`, and keeps no references to exceptions. */
  readonly hasLegacyExceptions: boolean;
  readonly typeIndex: (type: FunctionType) => number;
}

const VOID = 0x40;
const END = 0x0b;
const LOCALS = [I32, I64, F32, F64];

/** Numbers that stand at an edge of something. */
const edges = [0, 1, -1, 2, 8, 64, 100, 1024, 65_500, 65_536, 131_072, 2 ** 31 - 1, -(2 ** 31), -65_536];

/** Operators of two operands of one type, and what turns another type into it. */
const operators: Readonly<Record<number, readonly number[]>> = {
  [I32]: [0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x77, 0x46, 0x47, 0x48, 0x49],
  [I64]: [0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x89],
  [F32]: [0x92, 0x93, 0x94, 0x95, 0x96, 0x98],
  [F64]: [0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa6],
};
const conversions: Readonly<Record<number, readonly (readonly [from: number, code: readonly number[]])[]>> = {
  [I32]: [
    [I64, [0xa7]],
    [F32, [0xa8]],
    [F64, [0xfc, 2]],
    [I64, [0x50]],
  ],
  [I64]: [
    [I32, [0xac]],
    [F64, [0xb0]],
    [F32, [0xfc, 4]],
  ],
  [F32]: [
    [I32, [0xb2]],
    [F64, [0xb6]],
  ],
  [F64]: [
    [I32, [0xb7]],
    [I64, [0xb9]],
    [F32, [0xbb]],
  ],
};
const loads: Readonly<Record<number, number>> = { [I32]: 0x28, [I64]: 0x29, [F32]: 0x2a, [F64]: 0x2b };
const stores: Readonly<Record<number, number>> = { [I32]: 0x36, [I64]: 0x37, [F32]: 0x38, [F64]: 0x39 };

export class Body {
  readonly #choices: Choices;
  readonly #around: Surroundings;
  readonly #type: FunctionType;
  /** By enclosing block, innermost last: whether a branch to it carries nothing. */
  readonly #labels: boolean[] = [];
  #fuel = 40;

  constructor(choices: Choices, around: Surroundings, type: FunctionType) {
    this.#choices = choices;
    this.#around = around;
    this.#type = type;
  }

  bytes(): number[] {
    const types = this.#around.hasLegacyExceptions ? LOCALS : [...LOCALS, EXNREF];
    const locals = vector(types.map(type => [1, type]));
    return [...locals, ...this.#statements(6), ...this.#type.results.flatMap(type => this.#expression(type)), END];
  }

  #statements(most: number): number[] {
    return this.#choices.list(most, () => this.#statement()).flat();
  }

  #statement(): number[] {
    if (this.#fuel-- <= 0) return [0x01];
    const { tame } = this.#around;
    return this.#choices.of([
      () => this.#call(),
      () => this.#call(),
      () => this.#store(),
      () => [...this.#expression(I32), 0x04, VOID, ...this.#nested(), 0x05, ...this.#nested(), END],
      () => [0x02, VOID, ...this.#nested(), END],
      () => this.#branch(),
      () => this.#set(),
      () => this.#bulk(),
      () => (tame ? this.#call() : this.#loop([])),
      () => (tame ? this.#call() : this.#loop([0x0c, 0])),
      () => (tame ? this.#set() : this.#leaveByCall()),
      () => this.#try(),
      () => this.#throw(),
      () => [...this.#type.results.flatMap(type => this.#expression(type)), 0x0f],
      // A vector of 128 bits.
      () => [0xfd, 12, ...Array(16).fill(1), 0x1a],
      () => (this.#choices.oneIn(3) ? [0x00] : [0x01]),
    ])();
  }

  /** The inside of a block without a result. */
  #nested(): number[] {
    return this.#within(true, () => this.#statements(4));
  }

  /** Goes on while a number is not 0, or for ever. */
  #loop(end: readonly number[]): number[] {
    const again = () => (end.length > 0 ? end : [...this.#expression(I32), 0x0d, 0]);
    return [0x03, VOID, ...this.#within(true, () => [...this.#statements(4), ...again()]), END];
  }

  #within(carriesNothing: boolean, make: () => number[]): number[] {
    this.#labels.push(carriesNothing);
    const body = make();
    this.#labels.pop();
    return body;
  }

  #expression(type: number): number[] {
    if (this.#fuel-- <= 0) return constant(type, 0);
    const choices = this.#choices;
    return choices.of([
      () => constant(type, choices.of(edges)),
      () => constant(type, choices.below(1000)),
      () => [0x20, ...u32(this.#type.parameters.length + LOCALS.indexOf(type))],
      () => [0x23, ...u32(this.#around.globals.indexOf(type))],
      () => [...this.#expression(type), ...this.#expression(type), choices.of(operators[type])],
      () => {
        const [from, code] = choices.of(conversions[type]);
        return [...this.#expression(from), ...code];
      },
      () => [...this.#expression(I32), loads[type], 0, ...u32(choices.of([0, 4, 64, 70_000]))],
      () => this.#callFor(type),
      () => [...this.#expression(I32), 0x04, type, ...this.#branchOf(type), 0x05, ...this.#branchOf(type), END],
      () => (type === I32 ? this.#memorySize() : constant(type, 1)),
    ])();
  }

  /** Asked for, or changed. */
  #memorySize(): number[] {
    if (this.#choices.oneIn(2)) return [0x3f, 0];
    return [...constant(I32, this.#choices.of([0, 1, 70_000])), 0x40, 0];
  }

  /** One side of an `if` with a result. */
  #branchOf(type: number): number[] {
    return this.#within(false, () => [...this.#statements(2), ...this.#expression(type)]);
  }

  /** Calls something that has a result of this type, where there is such a thing. */
  #callFor(type: number): number[] {
    const fitting = this.#callable().filter(index => this.#around.functions[index].results.join() === String(type));
    return fitting.length === 0 ? constant(type, 3) : this.#callOf(this.#choices.of(fitting));
  }

  #call(): number[] {
    const callable = this.#callable();
    if (callable.length === 0) return [0x01];
    const index = this.#choices.of(callable);
    return [...this.#callOf(index), ...this.#around.functions[index].results.map(() => 0x1a)];
  }

  #callOf(index: number): number[] {
    const type = this.#around.functions[index];
    const given = this.#given(type);
    const direct = this.#around.tame || this.#around.tables === 0 || !this.#choices.oneIn(5);
    if (direct) return [...given, 0x10, ...u32(index)];
    return [...given, ...constant(I32, this.#choices.below(5)), 0x11, ...u32(this.#around.typeIndex(type)), 0];
  }

  #callable(): number[] {
    const { functions, imported, tame } = this.#around;
    return [...(tame ? functions.slice(0, imported) : functions).keys()];
  }

  #given({ parameters }: FunctionType): number[] {
    return parameters.flatMap(type => this.#expression(type));
  }

  /** A call that takes the place of its caller: no loop, no deeper stack, and no end. */
  #leaveByCall(): number[] {
    const { functions } = this.#around;
    const fitting = [...functions.keys()].filter(
      index => functions[index].results.join() === this.#type.results.join(),
    );
    if (fitting.length === 0) return [0x01];
    const index = this.#choices.of(fitting);
    return [...this.#given(functions[index]), 0x12, ...u32(index)];
  }

  #store(): number[] {
    const type = this.#choices.of(LOCALS);
    return [
      ...this.#expression(I32),
      ...this.#expression(type),
      stores[type],
      0,
      ...u32(this.#choices.of([0, 8, 65_534])),
    ];
  }

  #set(): number[] {
    const type = this.#choices.of(LOCALS);
    const local = [0x21, ...u32(this.#type.parameters.length + LOCALS.indexOf(type))];
    return [
      ...this.#expression(type),
      ...this.#choices.of([local, [0x24, ...u32(this.#around.globals.indexOf(type))]]),
    ];
  }

  #branch(): number[] {
    const targets = this.#labels
      .map((fits, index) => (fits ? this.#labels.length - 1 - index : -1))
      .filter(depth => depth >= 0);
    // In a tame body no label is a loop's: every branch leads on.
    if (targets.length === 0) return [0x01];
    const depth = u32(this.#choices.of(targets));
    return this.#choices.of([
      () => [...this.#expression(I32), 0x0d, ...depth],
      () => [...this.#expression(I32), 0x0e, ...vector([depth, depth]), ...depth],
    ])();
  }

  #bulk(): number[] {
    const three = [this.#expression(I32), this.#expression(I32), this.#expression(I32)].flat();
    const ofMemory = [
      [0xfc, 11, 0],
      [0xfc, 10, 0, 0],
      [0xfc, 8, 0, 0],
    ];
    // table.fill, table.copy, table.grow
    const ofTable = [
      [...constant(I32, 0), 0xd0, 0x70, ...this.#expression(I32), 0xfc, 17, 0],
      [...three, 0xfc, 14, 0, 0],
      [0xd0, 0x70, ...this.#expression(I32), 0xfc, 15, 0, 0x1a],
    ];
    return this.#around.tables > 0 && this.#choices.oneIn(2)
      ? this.#choices.of(ofTable)
      : [...three, ...this.#choices.of(ofMemory)];
  }

  /** Throws, or throws again what it keeps: null, which is a trap, if it is nothing. */
  #throw(): number[] {
    const { tags, hasLegacyExceptions } = this.#around;
    if (!hasLegacyExceptions && this.#choices.oneIn(3)) return [0x20, ...this.#kept, 0x0a];
    if (tags.length === 0) return [0x01];
    const tag = this.#choices.below(tags.length);
    return [...tags[tag].flatMap(type => this.#operand(type)), 0x08, ...u32(tag)];
  }

  /** The local that keeps an exception. */
  get #kept(): number[] {
    return u32(this.#type.parameters.length + LOCALS.length);
  }

  #operand(type: number): number[] {
    return type === EXNREF ? [0xd0, EXNREF] : this.#expression(type);
  }

  /** What is thrown inside, by an import too, is caught and forgotten, kept, or thrown on. */
  #try(): number[] {
    const { tags, hasLegacyExceptions } = this.#around;
    const tag = tags.length > 0 && this.#choices.oneIn(2) ? this.#choices.below(tags.length) : undefined;
    if (hasLegacyExceptions) return this.#legacyTry(tag);
    const keeps = this.#choices.oneIn(2);
    const values = [...(tag === undefined ? [] : tags[tag]), ...(keeps ? [EXNREF] : [])];
    // block (try_table (catch … 0) … end) … end
    const body = this.#within(values.length === 0, () => this.#nested());
    const clause = [(tag === undefined ? 2 : 0) + (keeps ? 1 : 0), ...(tag === undefined ? [] : u32(tag)), 0];
    const otherwise = values.flatMap(type => (type === EXNREF ? [0xd0, EXNREF] : constant(type, 1)));
    const type = values.length === 0 ? [VOID] : u32(this.#around.typeIndex({ parameters: [], results: values }));
    const taken = values.toReversed().flatMap(type => (type === EXNREF ? [0x21, ...this.#kept] : [0x1a]));
    return [0x02, ...type, 0x1f, VOID, 1, ...clause, ...body, END, ...otherwise, END, ...taken];
  }

  #legacyTry(tag: number | undefined): number[] {
    const body = this.#nested();
    if (this.#choices.oneIn(5)) return [0x06, VOID, ...body, 0x18, 0];
    const part = tag === undefined ? [0x19] : [0x07, ...u32(tag), ...this.#around.tags[tag].map(() => 0x1a)];
    // Another part catches everything else; what is caught may go on.
    const more = tag !== undefined && this.#choices.oneIn(2) ? [0x19, ...this.#nested()] : [];
    const again = this.#choices.oneIn(3) ? [0x09, 0] : [];
    return [0x06, VOID, ...body, ...part, ...this.#nested(), ...again, ...more, END];
  }
}

function constant(type: number, value: number): number[] {
  if (type === I32) return [0x41, ...s32(value)];
  if (type === I64) return [0x42, ...s32(value)];
  const bytes = new DataView(new ArrayBuffer(8));
  if (type === F32) bytes.setFloat32(0, value, true);
  else bytes.setFloat64(0, value, true);
  return type === F32 ? [0x43, ...new Uint8Array(bytes.buffer, 0, 4)] : [0x44, ...new Uint8Array(bytes.buffer)];
}
