/**
 * Makes a guest that imports `actor.park` able to block in every engine: Binaryen's Asyncify pass teaches its functions to
 * unwind into, and rewind from, a small stack in the guest's own memory, and a wrapper around each entry drives that.
 *
 * Guarantee: one suspension and resumption is one call of `resume:E`, and a parked guest is nothing but its memory, the globals
 * exported as `global:NAME`, and what the host has put aside of a stack that is longer than its room (see `overflow.ts`).
 */
import type binaryen from "binaryen";
import { STACK, YIELD_END, YIELD_EXPORT } from "../../host/wire/abi.ts";
import { longestStack } from "./frames.ts";
import { FAR_END } from "./layout.ts";
import { putFramesAside } from "./overflow.ts";
import { DATA, HEADER_BYTES, NORMAL, REWINDING, type Room, RUNTIME, STATE, UNWINDING } from "./pass.ts";

type Binaryen = typeof binaryen;

/** Where a module's data may begin at the earliest, in bytes, unless it says more; below it stands the stack of a parked guest. */
export const MEMORY_BASE = FAR_END;

/** Below this many bytes not even one frame of each of a few functions would fit. */
const MIN_STACK_BYTES = 128;

const CAN_PARK = "isopod/canPark"; // 1 while an entry runs: the only time that `park` may suspend
const PARKED = "isopod/parked"; // 0, or the number of the entry whose stack is in memory
const RESULT = "isopod/result"; // what `park` will return
const YIELDED = "isopod/yielded"; // 1 where it was `yield`, and not `park`, that unwound the stack
const ASK = "isopod/ask"; // the import `yield`, under which the host says whether to unwind
const REFUSE = "isopod/refuse"; // the import, under which the host refuses to park

export interface AsyncifyOptions {
  /** First byte behind the guest's parked stack; where its static data begins. Default: `MEMORY_BASE`. */
  memoryBase?: number;
  /** Room beside what the guest touches anyway. Used instead where every stack that the guest can park fits into it. */
  near?: Room;
  /** `yield` unwinds too: the guest can be preempted. Default: false, and it is called as a plain import. */
  yields?: boolean;
}

/**
 * Instruments `module` in place.
 *
 * A module that does not import `actor.park`, or has no entry to resume, only gets its mutable globals exported.
 *
 * @param b the Binaryen that `module` belongs to; asc hands its own to a transform
 * @throws {RangeError} if `memoryBase` leaves no room for a stack
 */
export function asyncify(b: Binaryen, module: binaryen.Module, options: AsyncifyOptions = {}): void {
  const end = options.memoryBase ?? MEMORY_BASE;
  const parks = importsOf(b, module, "park").length > 0;
  const yields = options.yields === true && importsOf(b, module, "yield").length > 0;
  if (entriesOf(b, module).length > 0 && (parks || yields)) {
    // What yields needs no room of its own: the host saves what the stack is written over.
    if (parks && end < STACK + HEADER_BYTES + MIN_STACK_BYTES) {
      throw new RangeError(
        `the stack of a parked guest needs the memory below --memoryBase, which is ${end}: use --memoryBase ${MEMORY_BASE}`,
      );
    }
    instrument(b, module, yields ? "actor.park,actor.yield" : "actor.park");
    // Asked here, while the code is as the pass has made it.
    const text = module.emitText();
    const longest = longestStack(
      text,
      entriesOf(b, module).map(({ target }) => target),
    );
    const fits = ({ from, to }: Room) => longest <= to - from - HEADER_BYTES;
    const { near } = options;
    // What yields unwinds to where the ABI says.
    const room = near !== undefined && !yields && fits(near) ? near : { from: STACK, to: end };
    // What yields without it has no room of its own: the host gives it as much as it has.
    if (parks && !fits(room)) putFramesAside(b, module, text, room);
    addGlobals(b, module, room);
    for (const name of importsOf(b, module, "park")) replacePark(b, module, name, room);
    if (yields) {
      module.addGlobal(YIELDED, b.i32, true, module.i32.const(0));
      for (const name of importsOf(b, module, "yield")) replaceYield(b, module, name);
    }
    // Asked again, because the optimizer may have merged equal functions.
    entriesOf(b, module).forEach((entry, index) => {
      addResume(b, module, entry, index + 1, yields, room);
    });
    guardMatch(b, module, "match");
    guardMatch(b, module, "match_first");
  }
  exportGlobals(b, module);
}

/** Internal names of the imports `actor.<base>`: one for each source file that declares it. */
export function importsOf(b: Binaryen, module: binaryen.Module, base: string): string[] {
  const names: string[] = [];
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const info = b.getFunctionInfo(module.getFunctionByIndex(i));
    if (info.module === "actor" && info.base === base) names.push(info.name);
  }
  return names;
}

export interface Entry {
  /** The export's name. */
  name: string;
  /** The function's internal name. */
  target: string;
}

export function entriesOf(b: Binaryen, module: binaryen.Module): Entry[] {
  const entries: Entry[] = [];
  for (let i = 0; i < module.getNumExports(); i++) {
    const { kind, name, value } = b.getExportInfo(module.getExportByIndex(i));
    // `__collect` and its like are AssemblyScript's runtime, called by the host and not by a scheduler.
    if (kind !== b.ExternalFunction || name === "_start" || name.startsWith("__")) continue;
    const { params, results } = b.getFunctionInfo(module.getFunction(value));
    if (params === b.none && results === b.none) entries.push({ name, target: value });
  }
  return entries;
}

/** Adds a check after every call that may reach `park`, also through a table. */
function instrument(b: Binaryen, module: binaryen.Module, imports: string): void {
  optimizeForPass(b, module);
  runPass(b, module, imports);
}

export function optimizeForPass(b: Binaryen, module: binaryen.Module): void {
  // Asyncify spills every live local, so it runs on optimized code. Each option is set because they are global to the
  // process: a build must not depend on what was built before it.
  b.setOptimizeLevel(3);
  b.setShrinkLevel(0);
  b.setAlwaysInlineMaxSize(12);
  b.setFlexibleInlineMaxSize(70);
  b.setOneCallerInlineMaxSize(200);
  b.setAllowInliningFunctionsWithLoops(true);
  b.setFastMath(false);
  b.setZeroFilledMemory(false);
  module.optimize();
}

/** @param only internal names of the functions to instrument; all that need it where none is named */
export function runPass(b: Binaryen, module: binaryen.Module, imports: string, only: readonly string[] = []): void {
  b.setPassArgument("asyncify-imports", imports);
  if (only.length > 0) b.setPassArgument("asyncify-onlylist", only.join(","));
  try {
    module.runPasses(["asyncify"]);
  } finally {
    b.clearPassArguments();
  }
}

/** Adds our globals, and takes away the pass's own ways in: the stack has one fixed place. */
function addGlobals(b: Binaryen, module: binaryen.Module, { from }: Room): void {
  for (const name of RUNTIME) {
    module.removeExport(name);
    module.removeFunction(name);
  }
  // As a constant it folds into every load and store of the instrumented code.
  module.removeGlobal(DATA);
  module.addGlobal(DATA, b.i32, false, module.i32.const(from));
  for (const name of [CAN_PARK, PARKED, RESULT]) module.addGlobal(name, b.i32, true, module.i32.const(0));
}

/** Puts a function of our own in the import's place, so that every call, direct or through a table, meets it. */
function replacePark(b: Binaryen, module: binaryen.Module, name: string, { from, to }: Room): void {
  module.removeFunction(name);
  if (module.getFunction(REFUSE) === 0) module.addFunctionImport(REFUSE, "actor", "park", b.none, b.i32);
  module.addFunction(
    name,
    b.none,
    b.i32,
    [],
    module.block(null, [
      module.if(
        module.i32.eq(module.global.get(STATE, b.i32), module.i32.const(REWINDING)),
        module.block(null, [setState(module, NORMAL), module.return(module.global.get(RESULT, b.i32))]),
      ),
      module.if(
        module.i32.eqz(module.global.get(CAN_PARK, b.i32)),
        module.block(null, [module.drop(module.call(REFUSE, [], b.i32)), module.unreachable()]),
      ),
      setState(module, UNWINDING),
      beginStack(module, from, module.i64.const(BigInt(to) << 32n)),
      module.return(module.i32.const(0)),
    ]),
  );
}

/**
 * In the place of the import `yield`: asks the host, which answers with a budget, or with minus the bytes of memory that it has saved and the stack may
 * be written over. Asked again when the stack is back, it makes memory what it was.
 */
function replaceYield(b: Binaryen, module: binaryen.Module, name: string): void {
  module.removeFunction(name);
  if (module.getFunction(ASK) === 0) module.addFunctionImport(ASK, "actor", "yield", b.none, b.i32);
  const answer = () => module.local.get(0, b.i32);
  const end = module.i64.shl(module.i64.extend_u(module.i32.sub(module.i32.const(0), answer())), module.i64.const(32n));
  module.addFunction(
    name,
    b.none,
    b.i32,
    [b.i32],
    module.block(null, [
      module.if(module.i32.eq(module.global.get(STATE, b.i32), module.i32.const(REWINDING)), setState(module, NORMAL)),
      module.local.set(0, module.call(ASK, [], b.i32)),
      module.if(
        module.i32.or(
          module.i32.gt_s(answer(), module.i32.const(0)),
          module.i32.eq(answer(), module.i32.const(YIELD_END)),
        ),
        module.return(answer()),
      ),
      module.global.set(YIELDED, module.i32.const(1)),
      setState(module, UNWINDING),
      beginStack(module, STACK, end),
      module.return(module.i32.const(0)),
    ]),
  );
  if (module.getExport(YIELD_EXPORT) === 0) module.addFunctionExport(name, YIELD_EXPORT);
}

/** `resume:E(n)`: begins E, or goes on after its `park` with n. 1: it parked (again); 2: it gave way; 0: E returned. */
function addResume(
  b: Binaryen,
  module: binaryen.Module,
  entry: Entry,
  number: number,
  yields: boolean,
  { from }: Room,
): void {
  const resume = `resume:${entry.name}`;
  const top = module.i32.load(from, 4, module.i32.const(0));
  const parked = module.global.get(PARKED, b.i32);
  module.addFunction(
    resume,
    b.i32,
    b.i32,
    [],
    module.block(null, [
      module.if(
        parked,
        module.block(null, [
          // The stack in memory is another entry's: rewinding it here would run with another function's locals.
          module.if(module.i32.ne(module.global.get(PARKED, b.i32), module.i32.const(number)), module.unreachable()),
          module.global.set(RESULT, module.local.get(0, b.i32)),
          setState(module, REWINDING),
        ]),
      ),
      module.global.set(CAN_PARK, module.i32.const(1)),
      module.call(entry.target, [], b.none),
      module.global.set(CAN_PARK, module.i32.const(0)),
      module.if(
        module.global.get(STATE, b.i32),
        module.block(null, [
          // The pass writes frames without looking at the end. Where the room is not known to be enough, `putFramesAside` looks;
          // a stack that the host has made room for may still be too long. Nothing of the guest has run since, so that it may
          // have overwritten its data is never seen: this trap is the end of the instance.
          module.if(module.i32.gt_u(top, module.i32.load(from + 4, 4, module.i32.const(0))), module.unreachable()),
          setState(module, NORMAL),
          module.global.set(PARKED, module.i32.const(number)),
          ...(yields
            ? [
                module.if(
                  module.global.get(YIELDED, b.i32),
                  module.block(null, [
                    module.global.set(YIELDED, module.i32.const(0)),
                    module.return(module.i32.const(2)),
                  ]),
                ),
              ]
            : []),
          module.return(module.i32.const(1)),
        ]),
      ),
      module.global.set(PARKED, module.i32.const(0)),
      module.return(module.i32.const(0)),
    ]),
  );
  module.addFunctionExport(resume, resume);
}

/** A predicate runs while its own actor is in `recv_match`, so `park` must be refused in it and permitted again after it. */
function guardMatch(b: Binaryen, module: binaryen.Module, name: "match" | "match_first"): void {
  const ref = module.getExport(name);
  if (ref === 0) return;
  const { kind, value } = b.getExportInfo(ref);
  if (kind !== b.ExternalFunction) return;
  const { params, results } = b.getFunctionInfo(module.getFunction(value));
  if (results !== b.i32) return; // not the ABI's: the host says so when it loads the module
  const types = b.expandType(params);
  const saved = types.length;
  const answer = types.length + 1;
  module.removeExport(name);
  module.addFunction(
    `isopod/${name}`,
    params,
    results,
    [b.i32, b.i32],
    module.block(null, [
      module.local.set(saved, module.global.get(CAN_PARK, b.i32)),
      module.global.set(CAN_PARK, module.i32.const(0)),
      module.local.set(
        answer,
        module.call(
          value,
          types.map((type, index) => module.local.get(index, type)),
          b.i32,
        ),
      ),
      module.global.set(CAN_PARK, module.local.get(saved, b.i32)),
      module.return(module.local.get(answer, b.i32)),
    ]),
  );
  module.addFunctionExport(`isopod/${name}`, name);
}

/** Exports each mutable global of the module's own as `global:NAME`. */
export function exportGlobals(b: Binaryen, module: binaryen.Module): void {
  // An export is a root: no later optimizer run drops or folds what a host must copy. So what no one writes goes first.
  module.runPasses(["simplify-globals", "remove-unused-module-elements"]);
  for (let i = 0; i < module.getNumGlobals(); i++) {
    const { name, module: from, mutable } = b.getGlobalInfo(module.getGlobalByIndex(i));
    if (mutable && !from && module.getExport(`global:${name}`) === 0) module.addGlobalExport(name, `global:${name}`);
  }
}

/** An empty stack behind its header. `end`: an i64 whose higher half says where it has to end. */
function beginStack(module: binaryen.Module, from: number, end: binaryen.ExpressionRef): binaryen.ExpressionRef {
  const begin = module.i64.const(BigInt(from + HEADER_BYTES));
  return module.i64.store(from, 4, module.i32.const(0), module.i64.or(end, begin));
}

function setState(module: binaryen.Module, state: number): binaryen.ExpressionRef {
  return module.global.set(STATE, module.i32.const(state));
}
