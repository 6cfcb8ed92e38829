/**
 * Lets a guest that imports `actor.park` wait in every engine. Binaryen's Asyncify pass makes its
 * functions unwind into a small stack in the guest's memory, and rewind from it. A wrapper around
 * each entry controls that.
 *
 * Guarantee: each suspension and resumption is one call of `resume:E`. The state of a parked guest
 * is its memory, the globals exported as `global:NAME`, and the frames that the host keeps of a
 * stack that is too long (`overflow.ts`).
 */
import type binaryen from "binaryen";
import { PARKED_EXPORT, STACK, YIELD_END, YIELD_EXPORT } from "../../host/wire/abi.ts";
import { type Entry, entriesOf, importsOf } from "./entries.ts";
import { longestStack } from "./frames.ts";
import { canGiveWay, replaceFloods, separateFloods } from "./gives-way.ts";
import { FAR_END } from "./layout.ts";
import { raiseByFrames } from "./limit.ts";
import { putFramesAside } from "./overflow.ts";
import {
  DATA,
  HEADER_BYTES,
  NORMAL,
  optimizeForPass,
  REWINDING,
  type Room,
  RUNTIME,
  runPass,
  STATE,
  UNWINDING,
} from "./pass.ts";
import { beginStack, RESULT, returnResult, setState, unwind } from "./unwinding.ts";

type Binaryen = typeof binaryen;

/**
 * The lowest address of a module's data, unless the module gives one. The stack of a parked guest
 * is below.
 */
export const MEMORY_BASE = FAR_END;

/** With fewer bytes, the frames of a few functions would not fit. */
const MIN_STACK_BYTES = 128;

const CAN_PARK = "isopod/canPark"; // 1 while an entry runs, which is the only time that `park` may suspend
const PARKED = "isopod/parked"; // the number of the entry whose stack is in memory, or 0
const YIELDED = "isopod/yielded"; // 1 if `yield` unwound the stack, and not `park`
const ASK = "isopod/ask"; // the import `yield`, which tells whether to unwind
const REFUSE = "isopod/refuse"; // the import `park`, which refuses to park

export interface AsyncifyOptions {
  /**
   * The address at which the static data begins, and the parked stack must end. Default:
   * `MEMORY_BASE`.
   */
  memoryBase?: number;
  /**
   * Room near memory that the guest touches anyway. A stack that does not fit moves to the room
   * below `memoryBase`.
   */
  near?: Room;
  /**
   * `yield` also unwinds, so that the guest can be preempted. Default: false; then `yield` is a
   * plain import.
   */
  yields?: boolean;
  /**
   * Sends that can run many times without a receive between them give way (floods.ts). Default:
   * false.
   */
  givesWay?: boolean;
}

/**
 * Instruments `module` in place.
 *
 * In a module that neither imports `actor.park` nor gives way, or has no entry to resume, it only
 * exports the mutable globals.
 *
 * @param b the Binaryen that `module` belongs to; asc passes its own to a transform
 * @throws {RangeError} if `memoryBase` leaves no room for a stack
 */
export function asyncify(b: Binaryen, module: binaryen.Module, options: AsyncifyOptions = {}): void {
  const end = options.memoryBase ?? MEMORY_BASE;
  const parks = importsOf(b, module, "park").length > 0;
  const yields = options.yields === true && importsOf(b, module, "yield").length > 0;
  const hasRoom = end >= STACK + HEADER_BYTES + MIN_STACK_BYTES;
  const mayGiveWay = options.givesWay === true && hasRoom && canGiveWay(b, module);
  if (mayGiveWay) optimizeForPass(b, module);
  const floods = mayGiveWay ? separateFloods(b, module) : [];
  const givesWay = floods.length > 0;
  if (entriesOf(b, module).length > 0 && (parks || yields || givesWay)) {
    // A guest that yields needs no room: the host saves the memory that the stack overwrites.
    if (parks && !hasRoom) {
      throw new RangeError(
        `the stack of a parked guest needs the memory below --memoryBase, which is ${end}: use --memoryBase ${MEMORY_BASE}`,
      );
    }
    if (!mayGiveWay) optimizeForPass(b, module);
    // Adds a check after every call that may reach one of these imports, also through a table.
    runPass(b, module, ["actor.park", ...(yields ? ["actor.yield"] : []), ...floods].join());
    // Computed here, because later changes would alter the code of the pass.
    const text = module.emitText();
    const longest = longestStack(
      text,
      entriesOf(b, module).map(({ target }) => target),
    );
    const far = { from: STACK, to: end };
    // A guest that yields unwinds to the address in the ABI.
    const room = options.near === undefined || yields ? far : options.near;
    const fits = longest <= room.to - room.from - HEADER_BYTES;
    // A guest that only yields has no room of its own. The host gives it as much as it needs.
    if (yields) raiseByFrames(b, module, text, STACK);
    if ((parks || givesWay) && !fits) putFramesAside(b, module, text, room, far);
    addGlobals(b, module, room);
    for (const name of importsOf(b, module, "park")) replacePark(b, module, name, room);
    if (givesWay) {
      replaceFloods(b, module, {
        before: () => returnResult(b, module),
        parks: () => unwind(b, module, room),
      });
    }
    if (yields) {
      module.addGlobal(YIELDED, b.i32, true, module.i32.const(0));
      for (const name of importsOf(b, module, "yield")) replaceYield(b, module, name);
    }
    // Read again, because the optimizer may have merged equal functions.
    entriesOf(b, module).forEach((entry, index) => {
      addResume(b, module, entry, index + 1, yields, room);
    });
    guardMatch(b, module, "match");
    guardMatch(b, module, "match_first");
  }
  exportGlobals(b, module);
}

/** Adds our globals, and removes the pass's own exports. The stack gets one fixed address. */
function addGlobals(b: Binaryen, module: binaryen.Module, { from }: Room): void {
  for (const name of RUNTIME) {
    module.removeExport(name);
    module.removeFunction(name);
  }
  // A constant folds into every load and store of the instrumented code.
  module.removeGlobal(DATA);
  module.addGlobal(DATA, b.i32, false, module.i32.const(from));
  for (const name of [CAN_PARK, PARKED, RESULT]) module.addGlobal(name, b.i32, true, module.i32.const(0));
  module.addGlobalExport(PARKED, PARKED_EXPORT);
}

/**
 * Replaces the import with a function of our own, so that every call reaches it, direct or through
 * a table.
 */
function replacePark(b: Binaryen, module: binaryen.Module, name: string, room: Room): void {
  module.removeFunction(name);
  if (module.getFunction(REFUSE) === 0) module.addFunctionImport(REFUSE, "actor", "park", b.none, b.i32);
  module.addFunction(
    name,
    b.none,
    b.i32,
    [],
    module.block(null, [
      returnResult(b, module),
      module.if(
        module.i32.eqz(module.global.get(CAN_PARK, b.i32)),
        module.block(null, [module.drop(module.call(REFUSE, [], b.i32)), module.unreachable()]),
      ),
      module.return(unwind(b, module, room)),
    ]),
  );
}

/**
 * Replaces the import `yield` with a function that asks the host. The host returns a new budget, or
 * a negative number: the guest is preempted, and the stack may overwrite so many bytes of memory,
 * which the host has saved. When the stack is back, the function asks again, and the host restores
 * the memory.
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

/**
 * Adds `resume:E(n)`, which starts E, or continues it: its `park` returns n. Returns 1 if E parked,
 * 2 if E yielded, 0 if E returned.
 */
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
          // The stack in memory belongs to another entry, and must not be rewound into this one.
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
          // The pass writes frames without checking the end of the room. `putFramesAside` checks it
          // where the room may be too small. A stack in room from the host may still be too long,
          // and has then overwritten data of the guest. No code of the guest has run since, and
          // this trap ends the instance, so no code will see the damage.
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

/**
 * Refuses `park` inside a predicate, which runs while its own actor is in `recv_match`, and permits
 * it again afterwards.
 */
function guardMatch(b: Binaryen, module: binaryen.Module, name: "match" | "match_first"): void {
  const ref = module.getExport(name);
  if (ref === 0) return;
  const { kind, value } = b.getExportInfo(ref);
  if (kind !== b.ExternalFunction) return;
  const { params, results } = b.getFunctionInfo(module.getFunction(value));
  if (results !== b.i32) return; // not the type in the ABI; the host refuses the module when it loads it
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

/** Exports each mutable global that the module defines as `global:NAME`. */
export function exportGlobals(b: Binaryen, module: binaryen.Module): void {
  // No later optimizer run removes an exported global. So globals that are never written are
  // removed first.
  module.runPasses(["simplify-globals", "remove-unused-module-elements"]);
  for (let i = 0; i < module.getNumGlobals(); i++) {
    const { name, module: from, mutable } = b.getGlobalInfo(module.getGlobalByIndex(i));
    if (mutable && !from && module.getExport(`global:${name}`) === 0) module.addGlobalExport(name, `global:${name}`);
  }
}
