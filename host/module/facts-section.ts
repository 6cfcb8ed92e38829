/**
 * The custom section in which `isopod build --trusted` notes what the host would find out by reading a
 * module's bytes. So a host that may not compile, or gets the module compiled, has the same facts.
 *
 * It proves nothing: anyone can write such a section. It is read only where the embedder says that it
 * trusts the module. Then it is compared with what the engine tells, so that a module which another tool
 * has changed afterwards is noticed.
 */
import { GLOBALS_EXPORT, LIMIT_EXPORT, SCRATCH_EXPORT } from "../wire/abi.ts";
import { LoadError } from "../wire/errors.ts";
import { FACTS_SECTION, type ModuleFacts } from "./facts.ts";
import type { Footprint } from "./footprint.ts";
import type { ExportType, ImportType } from "./interface.ts";

/** It goes up when a host would take the facts of an older build for something else. */
export const FACTS_VERSION = 2;

/** The facts as JSON has them. */
export interface Written {
  readonly version: number;
  readonly imports: readonly ImportType[];
  readonly exports: readonly ExportType[];
  readonly footprint: Footprint;
  readonly ownsMemory: boolean;
  readonly storeLimit?: number;
  readonly scratch: number;
  readonly leftGlobal: number;
  readonly parkedGlobal: number;
  readonly movableGlobals?: number;
  /** In hexadecimal digits. It is the hash of the module without this section. */
  readonly hash?: string;
}

/** The facts of a module that the embedder trusts. Throws a LoadError where they cannot be used. */
export function factsIn(name: string, module: WebAssembly.Module): ModuleFacts {
  const { version: _, hash, ...written } = read(name, module);
  const { storeLimit, movableGlobals } = written;
  const facts = {
    ...written,
    module,
    storeLimit,
    movableGlobals,
    hash: hash === undefined ? undefined : bytesOf(hash),
  };
  const difference = differenceOf(facts);
  if (difference !== undefined) {
    throw new LoadError(
      `${name} is not what isopod build --trusted has written: it ${difference}. Run other tools before isopod build, which takes .wasm files, too`,
    );
  }
  return facts;
}

function read(name: string, module: WebAssembly.Module): Written {
  const [section, second] = WebAssembly.Module.customSections(module, FACTS_SECTION);
  const remedy = "build it with isopod build --trusted of this version, or load its bytes without trusted";
  if (section === undefined) {
    throw new LoadError(`${name} has no section ${FACTS_SECTION}, so it cannot be loaded as trusted: ${remedy}`);
  }
  let written: unknown;
  try {
    written = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(section));
  } catch {
    written = undefined;
  }
  if (second !== undefined || !isWritten(written)) {
    throw new LoadError(`${name} has a damaged section ${FACTS_SECTION}, so it cannot be loaded as trusted: ${remedy}`);
  }
  if (written.version !== FACTS_VERSION) {
    throw new LoadError(
      `${name} has a section ${FACTS_SECTION} of version ${String(written.version)}, and this isopod reads version ${FACTS_VERSION}: ${remedy}`,
    );
  }
  return written;
}

/** Whether it has what this version writes, if it is of this version. */
function isWritten(value: unknown): value is Written {
  if (typeof value !== "object" || value === null || !("version" in value)) return false;
  const { version, imports, exports, footprint } = value as Partial<Written>;
  return (
    version !== FACTS_VERSION || (Array.isArray(imports) && Array.isArray(exports) && typeof footprint === "object")
  );
}

/** How the module differs from its facts; undefined: it does not. */
function differenceOf({
  module,
  imports,
  exports,
  movableGlobals,
  storeLimit,
  scratch,
}: ModuleFacts): string | undefined {
  const imported = WebAssembly.Module.imports(module);
  const known = new Set(imports.map(({ module, name, kind }) => [module, name, kind].join()));
  const strange = imported.find(({ module, name, kind }) => !known.has([module, name, kind].join()));
  if (strange !== undefined) return `imports ${strange.module}.${strange.name}, which its facts do not name`;
  if (imported.length !== imports.length) return `has ${imported.length} imports, and its facts name ${imports.length}`;
  const kinds = new Map(exports.map(({ name, kind }) => [name, kind]));
  kinds.set(GLOBALS_EXPORT, "function");
  const exported = WebAssembly.Module.exports(module);
  const added = exported.find(({ name, kind }) => kinds.get(name) !== kind);
  if (added !== undefined) return `exports ${added.name}, which its facts do not name`;
  const needed = [
    ...((movableGlobals ?? 0) > 0 ? [GLOBALS_EXPORT] : []),
    ...(storeLimit === undefined ? [] : [LIMIT_EXPORT]),
    ...(scratch === 0 ? [] : [SCRATCH_EXPORT]),
  ];
  const missing = needed.find(needed => !exported.some(({ name }) => name === needed));
  return missing === undefined ? undefined : `no longer exports ${missing}`;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], digits => Number.parseInt(digits, 16));
}
