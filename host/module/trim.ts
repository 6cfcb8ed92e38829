/**
 * Takes from a module what the host never asks its instances for. The engine makes an object for each export of each instance, some 340 bytes for a function and
 * 100 for a global (V8 14, x64): more than all else that an actor of a small module costs beside its memory.
 *
 * In the place of all mutable globals comes one function, which moves them to the instance's memory or from there: so they can be put back, also those that
 * the module does not export itself.
 */
import { ENTRY_TYPE, exportTypes, GLOBALS_EXPORT, LEFT_EXPORT, resumeExport } from "../wire/abi.ts";
import { Copies } from "./copies.ts";
import { type Cursor, Undecodable } from "./cursor.ts";
import { eachType, Form, Kind, readExport, readGlobalType, readImport } from "./declarations.ts";
import { isCollector } from "./entries.ts";
import { walk } from "./instructions.ts";
import { type ExportType, type Interface, readInterface } from "./interface.ts";
import { Output } from "./output.ts";
import { HEADER_BYTES, type Part, Section, sectionsOf } from "./sections.ts";
import { I32 } from "./value-type.ts";
import { IGNORE } from "./visitor.ts";

/** Bytes of memory for each global. */
export const GLOBAL_BYTES = 8;
/** More are not moved: the code for it should stay small beside the module's own. */
const MAX_GLOBALS = 512;

/** By the byte of a type: its load and its store. What is not here cannot be moved. */
const MOVES: Readonly<Record<number, readonly [load: number, store: number]>> = {
  127: [0x28, 0x36], // i32
  126: [0x29, 0x37], // i64
  125: [0x2a, 0x38], // f32
  124: [0x2b, 0x39], // f64
};

/** A module that the engine has compiled. */
export interface Compiled {
  readonly module: WebAssembly.Module;
  /** As it was before exports were taken from it. */
  readonly interface: Interface | undefined;
  /** What it was compiled from, and what of that came from where; as it was given where nothing could be taken from it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly copies: Copies | undefined;
  /** How many globals `isopod:globals` moves; -1: there are some that it cannot. */
  readonly globals: number;
}

/**
 * Compiles bytes, without the exports that the host has no use for. Rejects with what the engine says of bytes that are no module.
 *
 * @param isValid the bytes are known to be a module
 */
export async function compileTrimmed(bytes: Uint8Array<ArrayBuffer>, isValid = false): Promise<Compiled> {
  // What is no module shall not become one.
  const known = isValid || WebAssembly.validate(bytes) ? readInterface(bytes) : undefined;
  const copies = new Copies();
  const trimmed = known === undefined ? undefined : trim(bytes, functionsOf(known), copies);
  if (trimmed !== undefined) {
    try {
      const module = await WebAssembly.compile(trimmed.bytes);
      return { module, interface: known, copies, ...trimmed };
    } catch {
      // An export may be what permits `ref.func`, and without a memory nothing can be moved. The module as it was is valid.
    }
  }
  return { module: await WebAssembly.compile(bytes), interface: known, bytes, copies: undefined, globals: -1 };
}

/** Names of the functions that the host may call. An entry that waits by Asyncify is called by another name. */
function functionsOf({ exports }: Interface): ReadonlySet<string> {
  const names = new Set(exports.filter(({ kind }) => kind === "function").map(({ name }) => name));
  // `run` is an entry as others are; what else has a meaning is called by its own name.
  const isMeant = (name: string) =>
    name !== "run" && (Object.hasOwn(exportTypes, name) || name.startsWith(resumeExport("")));
  const isCalled = ({ name, kind, signature }: ExportType) =>
    kind === "function" &&
    name !== GLOBALS_EXPORT &&
    (isMeant(name) || (signature === ENTRY_TYPE && !names.has(resumeExport(name)) && !isCollector(name, names)));
  return new Set(exports.filter(isCalled).map(({ name }) => name));
}

/** A valid module with only those of its exports that have these names. */
export function withExports(bytes: Uint8Array, names: readonly string[]): Uint8Array<ArrayBuffer> {
  const out = new Output(bytes.length + 8);
  out.copy(bytes, 0, HEADER_BYTES);
  for (const { id, body, from, to } of sectionsOf(bytes)) {
    if (id === Section.export) writeExports(out, bytes, body, name => names.includes(name));
    else out.copy(bytes, from, to);
  }
  return out.finish();
}

function trim(
  bytes: Uint8Array,
  keeps: ReadonlySet<string>,
  copies: Copies,
): Pick<Compiled, "bytes" | "globals"> | undefined {
  try {
    return new Trimmer(bytes, keeps, copies).trim();
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

class Trimmer {
  readonly #bytes: Uint8Array;
  readonly #keeps: ReadonlySet<string>;
  readonly #copies: Copies;
  #types = 0;
  #functions = 0;
  #globals = 0;
  /** The module's own that can be set. */
  readonly #mutable: { readonly index: number; readonly type: number }[] = [];

  constructor(bytes: Uint8Array, keeps: ReadonlySet<string>, copies: Copies) {
    this.#bytes = bytes;
    this.#keeps = keeps;
    this.#copies = copies;
  }

  trim(): Pick<Compiled, "bytes" | "globals"> {
    for (const part of sectionsOf(this.#bytes)) this.#survey(part);
    const mutable = this.#mutable;
    const moves = mutable.length <= MAX_GLOBALS && mutable.every(({ type }) => type in MOVES);
    const adds = moves && mutable.length > 0;
    const out = new Output(this.#bytes.length + 64 + 32 * mutable.length, this.#copies);
    out.copy(this.#bytes, 0, HEADER_BYTES);
    for (const part of sectionsOf(this.#bytes)) {
      const { id, body } = part;
      if (id === Section.export) this.#exports(out, body, adds);
      else if (adds && id === Section.type) this.#longer(out, part, () => out.put(Form.function, 2, I32, I32, 0));
      else if (adds && id === Section.function) this.#longer(out, part, () => out.u32(this.#types));
      else if (adds && id === Section.code) this.#longer(out, part, () => this.#move(out));
      else out.copy(this.#bytes, part.from, part.to);
    }
    return { bytes: out.finish(), globals: moves ? mutable.length : -1 };
  }

  #survey({ id, body }: Part): void {
    if (id === Section.type) eachType(body, () => this.#types++);
    else if (id === Section.import) body.each(() => this.#import(body));
    else if (id === Section.function) this.#functions += body.u32();
    else if (id === Section.global) body.each(() => this.#global(body));
  }

  /** Modules that import anything else do not pass the check of what a guest imports. */
  #import(body: Cursor): void {
    const { kind } = readImport(body);
    if (kind === Kind.function) this.#functions++;
    else if (kind !== Kind.memory) body.fail("imports what is neither a function nor a memory");
  }

  #global(body: Cursor): void {
    const { type, isMutable } = readGlobalType(body);
    walk(body, IGNORE);
    if (isMutable) this.#mutable.push({ index: this.#globals, type });
    this.#globals++;
  }

  /** Copies a section and adds to it. */
  #longer(out: Output, { id, body, to }: Part, add: () => void): void {
    out.begin(id);
    out.u32(body.u32() + 1);
    out.copy(this.#bytes, body.at, to);
    add();
    out.end();
  }

  #exports(out: Output, body: Cursor, adds: boolean): void {
    const keeps = (name: string, kind: number) =>
      kind === Kind.function ? this.#keeps.has(name) : kind === Kind.global && name === LEFT_EXPORT;
    writeExports(out, this.#bytes, body, keeps, adds ? this.#functions : undefined);
  }

  /** (func (param $at i32) (param $toMemory i32) (if (local.get $toMemory) (then …store each…) (else …load each…))) */
  #move(out: Output): void {
    out.beginBody();
    out.put(0, 0x20, 1, 0x04, 0x40);
    this.#mutable.forEach(({ index, type }, i) => {
      out.put(0x20, 0);
      out.indexed(0x23, index);
      out.put(MOVES[type][1], 0);
      out.u32(GLOBAL_BYTES * i);
    });
    out.put(0x05);
    this.#mutable.forEach(({ index, type }, i) => {
      out.put(0x20, 0, MOVES[type][0], 0);
      out.u32(GLOBAL_BYTES * i);
      out.indexed(0x24, index);
    });
    out.put(0x0b, 0x0b);
    out.endBody();
  }
}

/** The section of exports, with some of those that it has. `mover`: the index of the function that moves the globals. */
function writeExports(
  out: Output,
  bytes: Uint8Array,
  body: Cursor,
  keeps: (name: string, kind: number) => boolean,
  mover?: number,
): void {
  const kept: (readonly [from: number, to: number])[] = [];
  body.each(() => {
    const from = body.at;
    const { name, kind } = readExport(body);
    if (keeps(name, kind)) kept.push([from, body.at]);
  });
  out.begin(Section.export);
  out.u32(kept.length + (mover === undefined ? 0 : 1));
  for (const [from, to] of kept) out.copy(bytes, from, to);
  if (mover !== undefined) {
    out.name(GLOBALS_EXPORT);
    out.put(Kind.function);
    out.u32(mover);
  }
  out.end();
}
