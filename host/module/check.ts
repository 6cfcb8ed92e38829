/**
 * Checks the imports and exports of a module against the ABI (docs/abi.md) and the functions of the
 * embedder. A module that passes can be linked, unless its types are unknown. What fails throws a
 * LoadError that says what the module has and what it could have.
 */
import {
  actorImportTypes,
  ENTRY_TYPE,
  envImportTypes,
  exportTypes,
  insteadOf,
  RESUME_TYPE,
  resumeExport,
} from "../wire/abi.ts";
import { LoadError } from "../wire/errors.ts";
import type { ExportType, ImportType } from "./interface.ts";

/** The functions of the embedder. */
export interface Offers {
  /** The names of those that guests import, by module. */
  readonly imported: ReadonlyMap<string, readonly string[]>;
  /** The full names of those that guests ask: `db.get`. */
  readonly asked: ReadonlySet<string>;
}

export interface Checked {
  /** For messages. */
  readonly name: string;
  readonly imports: readonly ImportType[];
  readonly exports: ReadonlyMap<string, ExportType>;
  /** Its memory was its own before the host made it an import. */
  readonly ownsMemory: boolean;
  /** The names of the functions that can be run. */
  readonly entries: readonly string[];
}

const NO_MEMORY = "has no memory that the host can reach; import it as env.memory or export it as memory";
/** Types of functions that take and give numbers only. */
const NUMBERS_ONLY = /^[if0-9, ()>-]*$/;

export function checkInterface(module: Checked, offers: Offers): void {
  const { name, exports, ownsMemory } = module;
  const exportsMemory = exports.get("memory")?.kind === "memory";
  if (ownsMemory && !exportsMemory) throw new LoadError(`${name} ${NO_MEMORY}`);
  for (const found of module.imports) checkImport(name, found, offers);
  checkExports(module);
  if (!module.imports.some(({ kind }) => kind === "memory")) {
    throw new LoadError(
      exportsMemory
        ? `${name} has a memory of its own, which the host cannot limit because the module is compiled already: load its bytes`
        : `${name} ${NO_MEMORY}`,
    );
  }
  if (module.entries.length === 0) {
    throw new LoadError(
      `${name} has nothing to run: export run of type ${ENTRY_TYPE} or handle of type ${exportTypes.handle}`,
    );
  }
}

function checkImport(of: string, { module, name, kind, signature }: ImportType, offers: Offers): void {
  if (module === "env" && name === "memory" && kind === "memory") return;
  const full = `${module}.${name}`;
  const types = module === "actor" ? actorImportTypes : module === "env" ? envImportTypes : undefined;
  const expected = types !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;
  const isEmbedders = offers.imported.get(module)?.includes(name) === true;
  if (expected === undefined && !isEmbedders) {
    if (offers.asked.has(full)) {
      throw new LoadError(
        `${of} imports ${full} (a ${kind}), which guests do not import but ask: call actor.ask with this name`,
      );
    }
    const instead = module === "env" ? insteadOf(name) : undefined;
    throw new LoadError(
      `${of} imports ${full} (a ${kind}), which is not offered here; ${instead ?? `there ${offered(module, offers)}`}`,
    );
  }
  if (kind !== "function") {
    throw new LoadError(`${of} imports ${full} as a ${kind}; it is a function ${expected ?? ""}`.trimEnd());
  }
  if (signature === undefined) return;
  if (isEmbedders) {
    if (NUMBERS_ONLY.test(signature)) return;
    throw new LoadError(
      `${of} imports ${full} with type ${signature}; functions of the embedder take and give numbers only`,
    );
  }
  if (signature !== expected) {
    throw new LoadError(`${of} imports ${full} with type ${signature}; it has type ${expected}`);
  }
}

/** Says what a guest could import instead. */
function offered(module: string, offers: Offers): string {
  if (module === "actor") return `are ${Object.keys(actorImportTypes).join(", ")}`;
  if (module === "env") return `are memory, ${Object.keys(envImportTypes).join(", ")}`;
  const names = offers.imported.get(module);
  if (names !== undefined && names.length > 0) return `are ${names.join(", ")}`;
  return `are the modules ${["actor", "env", ...modulesOf(offers)].join(", ")} (see docs/abi.md)`;
}

function modulesOf({ imported }: Offers): string[] {
  return [...imported].flatMap(([module, names]) => (names.length === 0 ? [] : [module]));
}

function checkExports({ name, exports }: Checked): void {
  const check = (exported: string, expected: string) => {
    const found = exports.get(exported);
    if (found === undefined) return;
    if (found.kind !== "function") {
      throw new LoadError(`${name} exports ${exported} as a ${found.kind}; it must be a function ${expected}`);
    }
    if (found.signature !== undefined && found.signature !== expected) {
      throw new LoadError(`${name} exports ${exported} with type ${found.signature}; it must have type ${expected}`);
    }
  };
  for (const [exported, expected] of Object.entries(exportTypes)) check(exported, expected);
  const resumes = [...exports.keys()].filter(exported => exported.startsWith(resumeExport("")));
  for (const exported of resumes) check(exported, RESUME_TYPE);
}
