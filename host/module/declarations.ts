/**
 * Reads the declarations of a module from its sections: types, imports, tables, memories, globals,
 * tags, exports and element segments. There is no other reader of them. The callers decide what a
 * module may declare.
 */
import { type Cursor, hex } from "./cursor.ts";
import { walk } from "./instructions.ts";
import { readValueType } from "./value-type.ts";
import type { Visitor } from "./visitor.ts";

/** The numbers for what can be imported and exported. */
export const Kind = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;
export const KIND_NAMES = ["function", "table", "memory", "global", "tag"] as WebAssembly.ImportExportKind[];

export const Form = { function: 0x60, struct: 0x5f, array: 0x5e, sub: 0x50, subFinal: 0x4f, recursive: 0x4e } as const;
/** i16 and i8, which only fields of structs and arrays can have. */
const PACKED = [0x77, 0x78];

/** For a struct or an array, the lists are empty. */
export interface TypeDeclaration {
  readonly form: typeof Form.function | typeof Form.struct | typeof Form.array;
  readonly parameters: readonly number[];
  readonly results: readonly number[];
  /** It is in no recursive group, and is no subtype. */
  readonly isPlain: boolean;
}

export interface Limits {
  readonly initial: number;
  /** Infinity where no maximum is declared. */
  readonly maximum: number;
  readonly isShared: boolean;
  readonly is64: boolean;
}

export interface ImportDeclaration {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
  /** The index of the type of a function or tag; -1 for others. */
  readonly type: number;
  /** Present for a table or memory. */
  readonly limits: Limits | undefined;
}

export interface TableDeclaration extends Limits {
  readonly type: number;
  /** Where its type ends. */
  readonly typeTo: number;
  /** A constant expression for the value of its elements follows. */
  readonly isFilled: boolean;
}

export interface ExportDeclaration {
  readonly name: string;
  /** Where its name ends. */
  readonly nameTo: number;
  readonly kind: number;
  readonly index: number;
}

/** Reads a section of types, also those in recursive groups, in the order of their indices. */
export function eachType(section: Cursor, see: (type: TypeDeclaration) => void): void {
  section.each(() => {
    const form = section.byte();
    if (form === Form.recursive) section.each(() => see(readType(section, section.byte(), false)));
    else see(readType(section, form, true));
  });
}

function readType(cursor: Cursor, outer: number, isAlone: boolean): TypeDeclaration {
  const isSubtype = outer === Form.sub || outer === Form.subFinal;
  if (isSubtype) cursor.each(() => cursor.u32());
  const form = isSubtype ? cursor.byte() : outer;
  const parameters: number[] = [];
  const results: number[] = [];
  if (form === Form.function) {
    cursor.each(() => parameters.push(readValueType(cursor)));
    cursor.each(() => results.push(readValueType(cursor)));
  } else if (form === Form.struct) cursor.each(() => readField(cursor));
  else if (form === Form.array) readField(cursor);
  else return cursor.fail(`has a type of the form ${hex(form)}, which isopod does not know`);
  return { form, parameters, results, isPlain: isAlone && !isSubtype };
}

function readField(cursor: Cursor): void {
  if (PACKED.includes(cursor.bytes[cursor.at])) cursor.skip(1);
  else readValueType(cursor);
  cursor.byte();
}

export function readImport(cursor: Cursor): ImportDeclaration {
  const module = cursor.name();
  const name = cursor.name();
  const kind = cursor.byte();
  let type = -1;
  let limits: Limits | undefined;
  if (kind === Kind.function) type = cursor.u32();
  else if (kind === Kind.table) limits = readTable(cursor);
  else if (kind === Kind.memory) limits = readLimits(cursor, "memory");
  else if (kind === Kind.global) readGlobalType(cursor);
  else if (kind === Kind.tag) type = readTag(cursor);
  else cursor.fail(`imports something of kind ${hex(kind)}, which isopod does not know`);
  return { module, name, kind, type, limits };
}

/** Reads the limits of a memory or table. Numbers beyond 2^53 are not exact. */
export function readLimits(cursor: Cursor, what: "memory" | "table"): Limits {
  const flags = cursor.byte();
  if (flags > 7) cursor.fail(`has a ${what} of a kind that isopod does not know`);
  const is64 = (flags & 4) !== 0;
  const number = () => (is64 ? cursor.u64() : cursor.u32());
  const initial = number();
  const maximum = (flags & 1) !== 0 ? number() : Number.POSITIVE_INFINITY;
  return { initial, maximum, isShared: (flags & 2) !== 0, is64 };
}

/** Reads a table up to the expression that fills it, if there is one. */
export function readTable(cursor: Cursor): TableDeclaration {
  const isFilled = cursor.bytes[cursor.at] === 0x40;
  if (isFilled) {
    cursor.skip(1);
    if (cursor.byte() !== 0) cursor.fail("has a table of a kind that isopod does not know");
  }
  const type = readValueType(cursor);
  const typeTo = cursor.at;
  return { type, typeTo, isFilled, ...readLimits(cursor, "table") };
}

/** Reads a global up to the expression of its first value. */
export function readGlobalType(cursor: Cursor): { readonly type: number; readonly isMutable: boolean } {
  const type = readValueType(cursor);
  return { type, isMutable: cursor.byte() === 1 };
}

/** Answers the index of the tag's type. */
export function readTag(cursor: Cursor): number {
  cursor.byte();
  return cursor.u32();
}

export function readExport(cursor: Cursor): ExportDeclaration {
  const name = cursor.name();
  const nameTo = cursor.at;
  return { name, nameTo, kind: cursor.byte(), index: cursor.u32() };
}

/**
 * Reads an element segment. Tells `visitor` about its constant expressions and about the functions
 * among its elements. Answers how many elements each instance keeps, which is 0 for a declarative
 * segment.
 */
export function readElementSegment(cursor: Cursor, visitor: Visitor): number {
  const flags = cursor.u32();
  if (flags > 7) cursor.fail("has elements of a kind that isopod does not know");
  const [isPassive, isExplicit, areExpressions] = [flags & 1, flags & 2, flags & 4];
  if (!isPassive) {
    if (isExplicit) cursor.u32();
    walk(cursor, visitor);
  }
  if (isPassive || isExplicit) {
    if (areExpressions) readValueType(cursor);
    else cursor.byte();
  }
  const count = cursor.u32();
  for (let left = count; left > 0; left--) {
    if (areExpressions) walk(cursor, visitor);
    else {
      const from = cursor.at;
      visitor.functionIndex(cursor.u32(), from);
    }
  }
  return isPassive && isExplicit ? 0 : count;
}

/** Reads the locals of a function, which stand before its instructions. Answers how many there are. */
export function readLocals(body: Cursor): number {
  let locals = 0;
  body.each(() => {
    locals += body.u32();
    readValueType(body);
  });
  return locals;
}
