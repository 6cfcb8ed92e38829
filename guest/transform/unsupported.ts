/**
 * Refuses modules that Binaryen's Asyncify cannot instrument, or would instrument wrongly. Modules
 * of other compilers are checked before the pass.
 *
 * Guarantee: an accepted module unwinds and rewinds correctly. For a refused module, the error
 * names the function and the reason. The list follows the sources of the pass (Asyncify.cpp,
 * Flatten.cpp). The pass fails at tail calls, at `try_table`, and at references among the variables
 * that it must save. It makes wrong code where an unwinding begins inside a `catch` or in a
 * `call_ref`, and in a module that it has instrumented before.
 */
import type binaryen from "binaryen";
import { addressesTaken, functionsOf, plain } from "./frames.ts";
import { optimizeForPass, RUNTIME, runPass, STATE } from "./pass.ts";

type Binaryen = typeof binaryen;

/** The module cannot be built as asked. The message says what to do. */
export class Unsuitable extends Error {}

/**
 * Throws where Asyncify cannot instrument the module.
 *
 * @param imports internal names of the imports that unwind
 * @throws {Unsuitable}
 */
export function refuseUnsupported(
  b: Binaryen,
  module: binaryen.Module,
  name: string,
  imports: readonly string[],
): void {
  if (RUNTIME.some(runtime => module.getExport(runtime) !== 0) || module.getGlobal(STATE) !== 0) {
    throw new Unsuitable(
      `${name} was instrumented by Asyncify already (wasm-opt --asyncify, or a compiler that calls it): build it without, because isopod does that itself`,
    );
  }
  const refuse = (found: string, what: string): never => {
    throw new Unsuitable(`${name}: ${titleOf(b, module, found)} ${what}. ${INSTEAD}`);
  };
  const text = module.emitText();
  const memories = new Set(text.match(/\(memory \$[^\s)]+/g));
  if (memories.size > 1) throw new Unsuitable(`${name} has ${memories.size} memories; an actor has one`);
  const bodies = functionsOf(text);
  const found = new Map([...bodies].map(([name, body]) => [name, contentsOf(body)]));
  const waits = reaching(found, imports, addressesTaken(text));
  // The pass assumes that any call through a table may lead to a wait.
  const instrumented = reaching(found, imports, undefined);
  for (const [name, { has, inCatch }] of found) {
    if (has.tailCall) refuse(name, "makes a tail call, which Asyncify does not support");
    if (has.callByReference) refuse(name, "calls by call_ref, which Asyncify does not support");
    if (has.tryTable && instrumented.has(name))
      refuse(name, "may wait and has a try_table, which Asyncify does not support");
    const waiting = inCatch.find(call => waits.has(call));
    if (waiting !== undefined) {
      const how = waiting === INDIRECT ? "a call through a table" : titleOf(b, module, waiting);
      refuse(name, `may wait inside a catch (by ${how}), where Asyncify cannot unwind`);
    }
  }
}

/** The end of each message: what to do instead. */
export const INSTEAD = "Change that, or leave out --park and --reductions yield: the module then waits by JSPI";

/** Stands for a call through a table. */
const INDIRECT = "(indirect)";

interface Contents {
  readonly calls: readonly string[];
  /** Its calls inside the body of a catch. */
  readonly inCatch: readonly string[];
  readonly has: { readonly tailCall: boolean; readonly callByReference: boolean; readonly tryTable: boolean };
}

/** A parenthesis outside of names. An opening one comes with the word and the name after it. */
const PARENTHESIS = /\((\S+?)(?=[\s()])(?: \$("(?:[^"\\]|\\.)*"|[^\s()]+))?|\)|"(?:[^"\\]|\\.)*"/g;

function contentsOf(body: string): Contents {
  const calls: string[] = [];
  const inCatch: string[] = [];
  const kinds = new Set<string>();
  const open: string[] = [];
  for (const [all, kind, name] of body.matchAll(PARENTHESIS)) {
    if (all === ")") open.pop();
    if (kind === undefined) continue;
    open.push(kind);
    kinds.add(kind);
    if (!/^(return_)?call(_indirect)?$/.test(kind)) continue;
    const call = kind.endsWith("_indirect") || name === undefined ? INDIRECT : plain(name);
    calls.push(call);
    if (open.includes("catch") || open.includes("catch_all")) inCatch.push(call);
  }
  const tailCall = kinds.has("return_call") || kinds.has("return_call_indirect") || kinds.has("return_call_ref");
  return {
    calls,
    inCatch,
    has: { tailCall, callByReference: kinds.has("call_ref"), tryTable: kinds.has("try_table") },
  };
}

/**
 * The functions from which one of `imports` may be reached.
 *
 * @param taken the functions that can be in a table; undefined: any function can
 */
function reaching(
  functions: ReadonlyMap<string, Contents>,
  imports: readonly string[],
  taken: readonly string[] | undefined,
): ReadonlySet<string> {
  const callers = new Map<string, string[]>();
  for (const [name, { calls }] of functions) {
    for (const call of calls) callers.set(call, [...(callers.get(call) ?? []), name]);
  }
  const found = new Set(taken === undefined ? [...imports, INDIRECT] : imports);
  for (const name of found) {
    for (const caller of callers.get(name) ?? []) found.add(caller);
    if (taken?.includes(name)) found.add(INDIRECT);
  }
  return found;
}

/** A name of the function that its author knows: an export, or else its name, or else its index. */
export function titleOf(b: Binaryen, module: binaryen.Module, name: string): string {
  for (let i = 0; i < module.getNumExports(); i++) {
    const found = b.getExportInfo(module.getExportByIndex(i));
    if (found.kind === b.ExternalFunction && found.value === name) return found.name;
  }
  return /^\d+$/.test(name) ? `function ${name}` : name;
}

/**
 * The function that has a reference among the variables that the pass must save. Undefined where
 * there is none.
 *
 * @param bytes the module before the pass
 */
export function keeperOfReference(b: Binaryen, bytes: Uint8Array<ArrayBuffer>, features: number): string | undefined {
  const module = b.readBinaryWithFeatures(bytes, features);
  optimizeForPass(b, module);
  const optimized = module.emitBinary();
  // Functions without a name are called by their numbers, which change when the module is read
  // again.
  const names = namesOf(module);
  const again = namesOf(b.readBinaryWithFeatures(optimized, features));
  // The pass may fail only for a function together with its caller. The last function that is
  // needed for a failure is named.
  const fails = (count: number) => failsAt(b, optimized, features, again.slice(0, count));
  let [passing, failing] = [0, again.length];
  if (!fails(failing)) return undefined;
  while (failing - passing > 1) {
    const middle = (passing + failing) >> 1;
    if (fails(middle)) failing = middle;
    else passing = middle;
  }
  return titleOf(b, module, names[passing]);
}

const namesOf = (module: binaryen.Module) => [...functionsOf(module.emitText()).keys()];

function failsAt(b: Binaryen, bytes: Uint8Array, features: number, names: readonly string[]): boolean {
  try {
    runPass(b, b.readBinaryWithFeatures(bytes, features), "actor.park,actor.yield", names);
    return false;
  } catch {
    return true;
  }
}
