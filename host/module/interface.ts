/**
 * Reads from a WebAssembly binary what `WebAssembly.Module.imports` and `exports` do not tell: the types of functions and the sizes of
 * memories. It looks at five sections and believes that the engine has validated the rest.
 */

import type { Signature } from "../wire/abi.ts";
import { Section } from "./sections.ts";

export interface MemoryType {
  readonly initialPages: number;
  readonly maximumPages: number | undefined;
  readonly shared: boolean;
  readonly is64: boolean;
}

export interface ImportType {
  readonly module: string;
  readonly name: string;
  readonly kind: WebAssembly.ImportExportKind;
  /** Of a function whose type is a plain function type. */
  readonly signature?: Signature;
  readonly memory?: MemoryType;
}

export interface ExportType {
  readonly name: string;
  readonly kind: WebAssembly.ImportExportKind;
  readonly signature?: Signature;
  readonly memory?: MemoryType;
}

export interface Interface {
  readonly imports: readonly ImportType[];
  readonly exports: readonly ExportType[];
}

const kinds = ["function", "table", "memory", "global", "tag"] as WebAssembly.ImportExportKind[];
const valueTypes: Record<number, string> = { 127: "i32", 126: "i64", 125: "f32", 124: "f64", 123: "v128" };
const TypeForm = { function: 0x60, struct: 0x5f, array: 0x5e, sub: 0x50, subFinal: 0x4f, recursive: 0x4e } as const;
/** The two reference types that are followed by a heap type. */
const REFERENCE = [0x63, 0x64];

/** The imports and exports of a valid module with their types; undefined where it uses a part of the format that is not known here. */
export function readInterface(bytes: Uint8Array): Interface | undefined {
  try {
    return new Reader(bytes).interface();
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

/** The bytes use a part of the format that this reader does not know. */
class Unreadable extends Error {}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 8;
  readonly #types: Signature[] = [];
  readonly #functions: Signature[] = [];
  readonly #memories: MemoryType[] = [];
  readonly #imports: ImportType[] = [];
  readonly #exports: ExportType[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  interface(): Interface {
    while (this.#at < this.#bytes.length) {
      const id = this.#byte();
      const size = this.#u32();
      const end = this.#at + size;
      if (id === Section.type) this.#each(() => this.#typeGroup());
      else if (id === Section.import) this.#each(() => this.#import());
      else if (id === Section.function) this.#each(() => this.#functions.push(this.#typeAt(this.#u32())));
      else if (id === Section.memory) this.#each(() => this.#memories.push(this.#memoryType()));
      else if (id === Section.export) this.#each(() => this.#export());
      this.#at = end;
    }
    return { imports: this.#imports, exports: this.#exports };
  }

  #import(): void {
    const module = this.#name();
    const name = this.#name();
    const kind = this.#kind();
    if (kind === "function") {
      const signature = this.#typeAt(this.#u32());
      this.#functions.push(signature);
      this.#imports.push({ module, name, kind, signature });
    } else if (kind === "memory") {
      const memory = this.#memoryType();
      this.#memories.push(memory);
      this.#imports.push({ module, name, kind, memory });
    } else {
      if (kind === "table") {
        this.#valueType();
        this.#limits();
      } else if (kind === "global") {
        this.#valueType();
        this.#byte();
      } else {
        this.#byte();
        this.#u32();
      }
      this.#imports.push({ module, name, kind });
    }
  }

  #export(): void {
    const name = this.#name();
    const kind = this.#kind();
    const index = this.#u32();
    if (kind === "function") this.#exports.push({ name, kind, signature: this.#functions[index] });
    else if (kind === "memory") this.#exports.push({ name, kind, memory: this.#memories[index] });
    else this.#exports.push({ name, kind });
  }

  /** One type, or several that refer to each other. */
  #typeGroup(): void {
    const form = this.#byte();
    if (form === TypeForm.recursive) this.#each(() => this.#type(this.#byte()));
    else this.#type(form);
  }

  #type(form: number): void {
    let inner = form;
    if (form === TypeForm.sub || form === TypeForm.subFinal) {
      this.#each(() => this.#u32());
      inner = this.#byte();
    }
    if (inner === TypeForm.function) {
      const parameters = this.#list(() => this.#valueType());
      const results = this.#list(() => this.#valueType());
      this.#types.push(
        `(${parameters.join(", ")}) -> ${results.length === 1 ? results[0] : `(${results.join(", ")})`}`,
      );
    } else if (inner === TypeForm.struct) {
      this.#each(() => this.#fieldType());
      this.#types.push("a struct");
    } else if (inner === TypeForm.array) {
      this.#fieldType();
      this.#types.push("an array");
    } else {
      throw new Unreadable();
    }
  }

  /** A storage type, which may be packed (i8, i16), and whether it can be set. */
  #fieldType(): void {
    this.#valueType();
    this.#byte();
  }

  #typeAt(index: number): Signature {
    const type = this.#types[index];
    if (type === undefined) throw new Unreadable();
    return type;
  }

  #valueType(): string {
    const byte = this.#byte();
    // A heap type is a signed number, of which only the length matters here.
    if (REFERENCE.includes(byte)) return `ref ${this.#u32()}`;
    return valueTypes[byte] ?? `ref ${byte}`;
  }

  #memoryType(): MemoryType {
    const { flags, minimum, maximum } = this.#limits();
    return { initialPages: minimum, maximumPages: maximum, shared: (flags & 2) !== 0, is64: (flags & 4) !== 0 };
  }

  #limits(): { flags: number; minimum: number; maximum: number | undefined } {
    const flags = this.#byte();
    return { flags, minimum: this.#u32(), maximum: (flags & 1) !== 0 ? this.#u32() : undefined };
  }

  #kind(): WebAssembly.ImportExportKind {
    const kind = kinds[this.#byte()];
    if (kind === undefined) throw new Unreadable();
    return kind;
  }

  #each(read: () => void): void {
    for (let left = this.#u32(); left > 0; left--) read();
  }

  #list<T>(read: () => T): T[] {
    const list: T[] = [];
    this.#each(() => list.push(read()));
    return list;
  }

  #name(): string {
    const length = this.#u32();
    this.#at += length;
    return new TextDecoder().decode(this.#bytes.subarray(this.#at - length, this.#at));
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Unreadable();
    return byte;
  }

  /** LEB128; 64-bit limits beyond 2^53 do not occur in what an engine accepts. */
  #u32(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}
