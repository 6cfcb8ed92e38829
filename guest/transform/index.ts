/**
 * `isopod/transform`: the AssemblyScript transform for guests. `isopod build` uses it, and `asc
 * --transform` can.
 *
 * Guarantee: every guest that it compiles can wait in a receive in every engine (`asyncify.ts`). A
 * guest that uses the library's selective receive exports the library's `match`, and needs no code
 * for that.
 *
 * This folder imports wire/ and the binary readers of module/ from host/, and Binaryen and asc from
 * npm.
 */
import type { Parser, Program } from "assemblyscript";
import type * as asc from "assemblyscript/asc";
import { Transform } from "assemblyscript/transform";
import type binaryen from "binaryen";
import { asyncify, exportGlobals } from "./asyncify.ts";
import { logFromConsole } from "./console.ts";
import { importsOf } from "./entries.ts";
import { giveWayByPark } from "./gives-way.ts";
import { settleAll } from "./graft.ts";
import { shrinkHeap } from "./heap.ts";
import { FAR_END, layoutBefore, moveReferences, nameOverflow, STACK_SIZE } from "./layout.ts";
import { exportLimit } from "./limit.ts";
import { addMessageMethods, type MessageClass } from "./message-classes.ts";
import { typesOfMessages } from "./message-types.ts";
import type { ParkWay } from "./park.ts";
import { keepAllFrames, keepAllocatingFrames, keepPlaces } from "./places.ts";

export type { ParkWay } from "./park.ts";

// TypeScript finds no types for this module. asc copies `program` and `binaryen` onto the
// prototype.
const Base = Transform as abstract new () => asc.Transform;

/** asc requires the class as the default export, and makes the instance itself. */
export default class GuestTransform extends Base {
  /**
   * A subclass may set `"jspi"`. The code then needs an engine with JSPI, and is not changed for
   * parking.
   */
  park: ParkWay = "asyncify";

  #classes: readonly MessageClass[] = [];

  constructor() {
    super();
    // Here, because asc reads its library after it has made the transforms.
    shrinkHeap();
  }

  override afterParse(parser: Parser): void {
    settleAll(parser);
    logFromConsole(parser);
    this.#classes = addMessageMethods(parser);
  }

  override afterInitialize(program: Program): void {
    this.typesOf(program);
  }

  /** Checks the fields of the message classes. Returns their TypeScript types, empty without classes. */
  protected typesOf(program: Program): string {
    return typesOfMessages(program, this.#classes);
  }

  override afterCompile(module: binaryen.Module): void {
    keepPlaces(this.binaryen, module);
    if (this.program.options.debugInfo) keepAllFrames(this.binaryen, module);
    else keepAllocatingFrames(this.binaryen, module);
    exportMatch(this.binaryen, module);
    exportLimit(this.binaryen, module);
    const { memoryBase, stackSize } = this.program.options;
    // A user who calls asc by hand may have asked for a stack where asc puts it.
    const layout = stackSize === STACK_SIZE ? layoutBefore(memoryBase) : undefined;
    if (layout !== undefined) moveReferences(this.binaryen, module, layout);
    else nameOverflow(this.binaryen, module, stackSize);
    if (this.park === "jspi") {
      giveWayByPark(this.binaryen, module);
      exportGlobals(this.binaryen, module);
    } else {
      const rooms = layout ? { memoryBase: FAR_END, near: layout.near } : { memoryBase };
      asyncify(this.binaryen, module, { ...rooms, givesWay: true });
    }
  }
}

/**
 * Exports the library's `match`, and `matchFirst` as `match_first`. They are found by the file
 * beside them, `actor.ts`, which declares `recv_match`, because their path varies:
 * `~lib/isopod/guest/match/match`, `../../guest/match/match`. The compiler includes them only where
 * the library's `takeMatch` refers to them, that is in guests that call `recv_match`.
 */
function exportMatch(b: typeof binaryen, module: binaryen.Module): void {
  const match = ofLibrary(b, module, "match");
  const exported = module.getExport("match");
  // A guest that exports its own `match` keeps it.
  if (match === undefined || (exported !== 0 && b.getExportInfo(exported).value !== match)) return;
  if (exported === 0) module.addFunctionExport(match, "match");
  const first = ofLibrary(b, module, "matchFirst");
  if (first !== undefined && module.getExport("match_first") === 0) module.addFunctionExport(first, "match_first");
}

/** The internal name of a function of the library's match.ts. */
function ofLibrary(b: typeof binaryen, module: binaryen.Module, base: string): string | undefined {
  const suffix = "actor/recv_match";
  const files = importsOf(b, module, "recv_match")
    .filter(name => name.endsWith(suffix))
    .map(name => `${name.slice(0, -suffix.length)}match/${base}`);
  return files.find(name => module.getFunction(name) !== 0);
}
