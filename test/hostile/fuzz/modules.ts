/**
 * Random modules, from a list of choices. They are valid WebAssembly: what the engine refuses at
 * once tells nothing of the host. Whether they keep to docs/abi.md is another matter; most do.
 */
import { actorImportTypes, envImportTypes } from "../../../host/wire/abi.ts";
import { WASI_MODULE, wasiTypes } from "../../support/wasi-types.ts";
import { Body, type FunctionType, type Surroundings } from "./body.ts";
import type { Choices } from "./choices.ts";
import { EXNREF, F32, F64, HEADER, I32, I64, name, s32, section, u32, vector } from "./encode.ts";

export interface MadeModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** It has nothing that could run for long: no loop, and no call of its own functions. */
  readonly tame: boolean;
}

const FUNCREF = 0x70;
const valueTypes: Readonly<Record<string, number>> = { i32: I32, i64: I64, f32: F32, f64: F64 };

function typeOf(signature: string): FunctionType {
  const [parameters, results] = signature.split(" -> ").map(side => side.match(/[if]\d\d/g) ?? []);
  return { parameters: parameters.map(text => valueTypes[text]), results: results.map(text => valueTypes[text]) };
}

interface ImportedFunction {
  readonly module: string;
  readonly name: string;
  readonly type: FunctionType;
}

const offered: readonly ImportedFunction[] = [
  ...Object.entries(actorImportTypes).map(([key, type]) => ({ module: "actor", name: key, type: typeOf(type) })),
  ...Object.entries(envImportTypes).map(([key, type]) => ({ module: "env", name: key, type: typeOf(type) })),
];

/** Functions of an embedder who offers them. */
const offeredBesides: readonly ImportedFunction[] = Object.entries(wasiTypes).map(([key, type]) => ({
  module: WASI_MODULE,
  name: key,
  type: typeOf(type),
}));

/** The exports that mean something to the host, and two that mean nothing. */
const roles: readonly (readonly [name: string, type: string])[] = [
  ["run", "() -> ()"],
  ["handle", "(i32) -> ()"],
  ["match", "(i32, i32, i32) -> i32"],
  ["match_first", "(i32, i32, i32) -> i32"],
  ["_start", "() -> ()"],
  ["resume:run", "(i32) -> i32"],
  ["other", "() -> ()"],
  ["helper", "(i64, f32) -> f64"],
];

export function makeModule(choices: Choices): MadeModule {
  const tame = choices.oneIn(2);
  return { bytes: Uint8Array.from([...HEADER, ...new Maker(choices, tame).sections()]), tame };
}

class Maker {
  readonly #choices: Choices;
  readonly #types: number[][] = [];
  readonly #imports: readonly ImportedFunction[];
  readonly #own: readonly { readonly name: string; readonly type: FunctionType }[];
  readonly #around: Surroundings;
  readonly #memory: number[];
  readonly #memoryIsImported: boolean;
  readonly #tables: number[][];
  /** What the exceptions of each tag carry. */
  readonly #tags: readonly (readonly number[])[];
  readonly #isExotic: boolean;

  constructor(choices: Choices, tame: boolean) {
    this.#choices = choices;
    this.#isExotic = choices.oneIn(12);
    this.#imports = choices.list(10, () => this.#import());
    this.#own = this.#functions();
    this.#memoryIsImported = !choices.oneIn(3);
    this.#memory = limits(choices.of([1, 2, 0, 3, 4, 5, 300]), choices.of([undefined, 8, 65_536]));
    this.#tables = choices.list(2, () => [
      FUNCREF,
      ...limits(choices.of([4, 0, 1, 200]), choices.of([undefined, 500])),
    ]);
    this.#tags = choices.list(2, () => choices.of(choices.oneIn(12) ? carriedTooMuch : carried));
    this.#around = {
      tame,
      functions: [...this.#imports, ...this.#own].map(({ type }) => type),
      imported: this.#imports.length,
      globals: [I32, I64, F32, F64],
      tables: this.#tables.length,
      tags: this.#tags,
      // The engine takes no module that uses both.
      hasLegacyExceptions: choices.oneIn(3),
      typeIndex: type => this.#type(type),
    };
  }

  sections(): number[] {
    // The bodies first, because they need types of their own.
    const code = this.#own.map(({ type }) => {
      const body = new Body(this.#choices, this.#around, type).bytes();
      return [...u32(body.length), ...body];
    });
    const ownTypes = this.#own.map(({ type }) => u32(this.#type(type)));
    const imports = this.#importEntries();
    const tagTypes = this.#tags.map(parameters => [0, ...u32(this.#type({ parameters, results: [] }))]);
    const start = this.#start();
    return [
      ...section(1, vector([...this.#types, ...(this.#isExotic ? this.#choices.of(exoticTypes) : [])])),
      ...section(2, vector(imports)),
      ...section(3, vector(ownTypes)),
      ...section(4, vector(this.#tables)),
      ...section(5, vector(this.#memories())),
      ...(this.#tags.length > 0 ? section(13, vector(tagTypes)) : []),
      ...section(6, vector(globals)),
      ...section(7, vector(this.#exports())),
      ...(start === undefined ? [] : section(8, u32(start))),
      ...section(9, vector(this.#elements())),
      ...section(12, u32(1)),
      ...section(10, vector(code)),
      // A passive one: an active one may lie outside the memory, and traps then.
      ...section(
        11,
        vector([this.#choices.oneIn(4) ? [0, 0x41, ...s32(65_530), 0x0b, ...name("12345678")] : [1, ...name("abc")]]),
      ),
      ...this.#choices
        .list(1, () => section(0, [...name("name"), ...this.#choices.list(20, () => this.#choices.below(256))]))
        .flat(),
    ];
  }

  #import(): ImportedFunction {
    const found = this.#choices.of(this.#choices.oneIn(5) ? offeredBesides : offered);
    if (this.#choices.oneIn(80)) return { ...found, name: `${found.name}_` };
    if (this.#choices.oneIn(80)) return { ...found, module: "db" };
    return this.#choices.oneIn(80) ? { ...found, type: typeOf("(i64) -> i32") } : found;
  }

  /** At least one to run. */
  #functions(): { name: string; type: FunctionType }[] {
    const chosen = roles.filter((_, index) => this.#choices.below(2) === (index === 0 ? 0 : 1));
    const entries = chosen.some(([key]) => ["run", "handle", "other"].includes(key)) ? chosen : [roles[0], ...chosen];
    return entries.map(([key, type]) => ({ name: key, type: typeOf(type) }));
  }

  #type({ parameters, results }: FunctionType): number {
    const bytes = [0x60, ...vector(parameters.map(type => [type])), ...vector(results.map(type => [type]))];
    const found = this.#types.findIndex(other => other.join() === bytes.join());
    return found >= 0 ? found : this.#types.push(bytes) - 1;
  }

  #importEntries(): number[][] {
    const functions = this.#imports.map(found => [
      ...name(found.module),
      ...name(found.name),
      0,
      ...u32(this.#type(found.type)),
    ]);
    return this.#memoryIsImported ? [...functions, [...name("env"), ...name("memory"), 2, ...this.#memory]] : functions;
  }

  #memories(): number[][] {
    const own = this.#memoryIsImported ? [] : [this.#memory];
    return this.#isExotic ? [...own, ...this.#choices.of(exoticMemories)] : own;
  }

  #exports(): number[][] {
    const { imported } = this.#around;
    const functions = this.#own.map((own, index) => [...name(own.name), 0, ...u32(imported + index)]);
    const memory = this.#memoryIsImported && this.#choices.oneIn(2) ? [] : [[...name("memory"), 2, 0]];
    const kept = this.#choices.oneIn(40) ? [] : memory;
    const others = this.#choices.list(1, () => [
      ...name(this.#choices.of(["global:0", "isopod:left", "isopod:yield", "isopod:limit"])),
      3,
      0,
    ]);
    return [...functions, ...kept, ...others];
  }

  /** A start function has no parameters and no results. */
  #start(): number | undefined {
    if (!this.#choices.oneIn(6)) return undefined;
    const found = this.#around.functions.findIndex(
      ({ parameters, results }) => parameters.length + results.length === 0,
    );
    return found < 0 ? undefined : found;
  }

  #elements(): number[][] {
    if (this.#tables.length === 0) return [];
    const references = this.#choices.list(4, () => u32(this.#choices.below(this.#around.functions.length)));
    return [[0, 0x41, 0, 0x0b, ...vector(references)]];
  }
}

/** One of each type, all of them mutable. */
const globals = [
  [I32, 1, 0x41, 7, 0x0b],
  [I64, 1, 0x42, 7, 0x0b],
  [F32, 1, 0x43, 0, 0, 0, 0, 0x0b],
  [F64, 1, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b],
];

/** Up to what an exception may carry, and beyond it; the last one is a chain of exceptions. */
const carried = [[], [I32], [F64, I32], Array(5).fill(I64)];
const carriedTooMuch = [[...Array(5).fill(I64), I32], [EXNREF]];

/** What the host has no quota for: a struct, an array of itself, a recursive group. */
const exoticTypes: readonly number[][][] = [
  [[0x5f, ...vector([[I32, 1]])]],
  [[0x5e, I64, 1]],
  [
    [
      0x4e,
      ...vector([
        [0x5f, ...vector([[I32, 0]])],
        [0x50, 0, 0x60, 0, 0],
      ]),
    ],
  ],
];

/** A second memory, one of 64 bits, a shared one, one larger than there is room for. */
const exoticMemories: readonly number[][][] = [[limits(1, 2)], [[4, 1]], [[3, 1, 2]], [limits(65_536, undefined)]];

function limits(least: number, most: number | undefined): number[] {
  return most === undefined ? [0, ...u32(least)] : [1, ...u32(least), ...u32(Math.max(least, most))];
}
