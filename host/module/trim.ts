/**
 * Compiles a module without the exports that the host never uses. The engine makes an object for
 * each export of each instance: 340 bytes for a function, 100 for a global (V8 14, x64). Together
 * that is more than everything else that an actor of a small module costs beside its memory.
 *
 * The module gets one more function instead, which copies all mutable globals to the memory or
 * back. So the host can put all of them back, also those that the module does not export.
 */
import {
  ENTRY_TYPE,
  exportTypes,
  GIVES_WAY_EXPORT,
  GLOBALS_EXPORT,
  LEFT_EXPORT,
  LIMIT_EXPORT,
  PARKED_EXPORT,
  PLACE_EXPORT,
  resumeExport,
  SCRATCH_EXPORT,
} from "../wire/abi.ts";
import { Copies } from "./copies.ts";
import { type Cursor, Undecodable } from "./cursor.ts";
import { eachType, Form, Kind, readExport, readGlobalType, readImport } from "./declarations.ts";
import { isCollector } from "./entries.ts";
import { writeExports } from "./exports.ts";
import { walk } from "./instructions.ts";
import { type ExportType, type Interface, readInterface } from "./interface.ts";
import { Output } from "./output.ts";
import { HEADER_BYTES, type Part, Section, sectionsOf } from "./sections.ts";
import { I32 } from "./value-type.ts";
import { IGNORE } from "./visitor.ts";

/** How many bytes of memory each global takes. */
export const GLOBAL_BYTES = 8;
/**
 * With more mutable globals there is no such function, so that its code stays small beside the
 * module's own.
 */
const MAX_GLOBALS = 512;

/**
 * Globals that the host reads and sets one by one, which `isopod:globals` cannot, and those that say
 * where scratch memory ends and where the module notes its place.
 */
const KEPT_GLOBALS: ReadonlySet<string> = new Set([LEFT_EXPORT, LIMIT_EXPORT, SCRATCH_EXPORT, PLACE_EXPORT]);

/**
 * The load for each type of global that can be copied, and what stores all 8 bytes. Images have those
 * bytes, so none of them may be left as it was in the memory.
 */
const MOVES: Readonly<Record<number, readonly [load: number, ...store: number[]]>> = {
  127: [0x28, 0xad, 0x37], // i32: i64.extend_i32_u, i64.store
  126: [0x29, 0x37], // i64
  125: [0x2a, 0xbc, 0xad, 0x37], // f32: i32.reinterpret_f32, i64.extend_i32_u, i64.store
  124: [0x2b, 0x39], // f64
};

/** A module that the engine has compiled. */
export interface Compiled {
  readonly module: WebAssembly.Module;
  /**
   * The imports and exports before trimming. Undefined where the module uses a part of the format
   * that isopod does not know.
   */
  readonly interface: Interface | undefined;
  /**
   * The bytes after trimming; those that were given, without `copies`, where the module could not
   * be trimmed.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly copies: Copies | undefined;
  /** How many globals `isopod:globals` copies. -1 where it cannot copy all. */
  readonly globals: number;
  /** Which of them is the exported counter of reductions. -1: none is. */
  readonly left: number;
  /** Which of them says that a stack is parked. -1: none does. */
  readonly parked: number;
}

/**
 * Rejects with the engine's own error where the bytes are no module.
 *
 * @param isValid the engine is known to accept the bytes
 */
export async function compileTrimmed(bytes: Uint8Array<ArrayBuffer>, isValid = false): Promise<Compiled> {
  // Trimming must not make bytes valid that were not.
  const known = isValid || WebAssembly.validate(bytes) ? readInterface(bytes) : undefined;
  const copies = new Copies();
  const trimmed = known === undefined ? undefined : trim(bytes, functionsOf(known), copies);
  if (trimmed !== undefined) {
    try {
      const module = await WebAssembly.compile(trimmed.bytes);
      return { module, interface: known, copies, ...trimmed };
    } catch {
      // An export may have permitted a `ref.func`, or there is no memory to copy globals to. The
      // module as it was is valid.
    }
  }
  return {
    module: await WebAssembly.compile(bytes),
    interface: known,
    bytes,
    copies: undefined,
    globals: -1,
    left: -1,
    parked: -1,
  };
}

/**
 * The names of the functions that the host may call. The host calls an entry that waits by Asyncify
 * by the name that resumes it.
 */
function functionsOf({ exports }: Interface): ReadonlySet<string> {
  const names = new Set(exports.filter(({ kind }) => kind === "function").map(({ name }) => name));
  // `run` is an entry like others. All other exports with a meaning are called by their own names.
  const isMeant = (name: string) =>
    name !== "run" && (Object.hasOwn(exportTypes, name) || name.startsWith(resumeExport("")));
  const isCalled = ({ name, kind, signature }: ExportType) =>
    kind === "function" &&
    name !== GLOBALS_EXPORT &&
    name !== GIVES_WAY_EXPORT &&
    (isMeant(name) || (signature === ENTRY_TYPE && !names.has(resumeExport(name)) && !isCollector(name, names)));
  return new Set(exports.filter(isCalled).map(({ name }) => name));
}

type Trimmed = Pick<Compiled, "bytes" | "globals" | "left" | "parked">;

function trim(bytes: Uint8Array, keeps: ReadonlySet<string>, copies: Copies): Trimmed | undefined {
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
  /** The store limit, which is moved first. */
  #limit = -1;
  /** The counter of reductions. */
  #left = -1;
  /** Whether a stack is parked. */
  #parked = -1;
  /** Globals of the module's own that can be set. */
  readonly #mutable: { readonly index: number; readonly type: number }[] = [];

  constructor(bytes: Uint8Array, keeps: ReadonlySet<string>, copies: Copies) {
    this.#bytes = bytes;
    this.#keeps = keeps;
    this.#copies = copies;
  }

  trim(): Trimmed {
    for (const part of sectionsOf(this.#bytes)) this.#survey(part);
    const mutable = this.#mutable.sort((a, b) => Number(b.index === this.#limit) - Number(a.index === this.#limit));
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
    const placeOf = (global: number) => (moves ? mutable.findIndex(({ index }) => index === global) : -1);
    const [left, parked] = [placeOf(this.#left), placeOf(this.#parked)];
    return { bytes: out.finish(), globals: moves ? mutable.length : -1, left, parked };
  }

  #survey({ id, body }: Part): void {
    if (id === Section.type) eachType(body, () => this.#types++);
    else if (id === Section.import) body.each(() => this.#import(body));
    else if (id === Section.function) this.#functions += body.u32();
    else if (id === Section.global) body.each(() => this.#global(body));
    else if (id === Section.export) body.each(() => this.#export(body));
  }

  #export(body: Cursor): void {
    const { name, kind, index } = readExport(body);
    if (kind === Kind.global && name === LIMIT_EXPORT) this.#limit = index;
    if (kind === Kind.global && name === LEFT_EXPORT) this.#left = index;
    if (kind === Kind.global && name === PARKED_EXPORT) this.#parked = index;
  }

  /** Modules that import anything else do not pass the check of imports (check.ts). */
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
      kind === Kind.function ? this.#keeps.has(name) : kind === Kind.global && KEPT_GLOBALS.has(name);
    writeExports(out, this.#bytes, body, keeps, adds ? this.#functions : undefined);
  }

  /**
   * Writes the function that copies the globals:
   *
   *     (func (param $at i32) (param $toMemory i32)
   *       (if (local.get $toMemory) (then …store each…) (else …load each…)))
   */
  #move(out: Output): void {
    out.beginBody();
    out.put(0, 0x20, 1, 0x04, 0x40);
    this.#mutable.forEach(({ index, type }, i) => {
      out.put(0x20, 0);
      out.indexed(0x23, index);
      out.put(...MOVES[type].slice(1), 0);
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
