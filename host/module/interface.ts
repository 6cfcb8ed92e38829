/**
 * Reads the imports and exports of a module with their types: the signatures of functions and the
 * sizes of memories, which `WebAssembly.Module.imports` and `exports` do not tell. It is right only
 * for a module that the engine accepts.
 */

import type { Signature } from "../wire/abi.ts";
import { type Cursor, Undecodable } from "./cursor.ts";
import {
  eachType,
  Form,
  KIND_NAMES,
  Kind,
  type Limits,
  readExport,
  readImport,
  readLimits,
  type TypeDeclaration,
} from "./declarations.ts";
import { Section, sectionsOf } from "./sections.ts";
import { valueTypeName } from "./value-type.ts";

export interface MemoryType {
  readonly initialPages: number;
  readonly maximumPages: number | undefined;
}

export interface ImportType {
  readonly module: string;
  readonly name: string;
  readonly kind: WebAssembly.ImportExportKind;
  /** Of a function. */
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

/** Undefined where the module uses a part of the format that isopod does not know. */
export function readInterface(bytes: Uint8Array): Interface | undefined {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

function read(bytes: Uint8Array): Interface {
  const types: Signature[] = [];
  const functions: Signature[] = [];
  const memories: MemoryType[] = [];
  const imports: ImportType[] = [];
  const exports: ExportType[] = [];
  const signatureOf = (body: Cursor, type: number) => types[type] ?? body.fail("has a function of no type");
  for (const { id, body } of sectionsOf(bytes)) {
    if (id === Section.type) eachType(body, type => types.push(signatureText(type)));
    else if (id === Section.import) {
      body.each(() => {
        const { module, name, kind, type, limits } = readImport(body);
        const found = { module, name, kind: KIND_NAMES[kind] };
        if (kind === Kind.function) {
          const signature = signatureOf(body, type);
          functions.push(signature);
          imports.push({ ...found, signature });
        } else if (kind === Kind.memory && limits !== undefined) {
          const memory = memoryType(limits);
          memories.push(memory);
          imports.push({ ...found, memory });
        } else imports.push(found);
      });
    } else if (id === Section.function) body.each(() => functions.push(signatureOf(body, body.u32())));
    else if (id === Section.memory) body.each(() => memories.push(memoryType(readLimits(body, "memory"))));
    else if (id === Section.export) {
      body.each(() => {
        const { name, kind, index } = readExport(body);
        const found = {
          name,
          kind: KIND_NAMES[kind] ?? body.fail("exports something of a kind that isopod does not know"),
        };
        if (kind === Kind.function) exports.push({ ...found, signature: functions[index] });
        else if (kind === Kind.memory) exports.push({ ...found, memory: memories[index] });
        else exports.push(found);
      });
    }
  }
  return { imports, exports };
}

function signatureText({ form, parameters, results }: TypeDeclaration): Signature {
  if (form !== Form.function) return form === Form.struct ? "a struct" : "an array";
  const list = (types: readonly number[]) => `(${types.map(valueTypeName).join(", ")})`;
  return `${list(parameters)} -> ${results.length === 1 ? valueTypeName(results[0]) : list(results)}`;
}

function memoryType({ initial, maximum }: Limits): MemoryType {
  return { initialPages: initial, maximumPages: Number.isFinite(maximum) ? maximum : undefined };
}
