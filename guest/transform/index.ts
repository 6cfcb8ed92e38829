/**
 * The AssemblyScript transform for guests: what `isopod build` uses, and `asc --transform` can.
 *
 * Guarantee: whatever guest it compiles can block in a receive in every engine (see `asyncify.ts`), and one that uses the
 * guest library's selective receive exports the library's `match`, without a line of boilerplate in the guest.
 */
import type * as asc from "assemblyscript/asc";
import { Transform } from "assemblyscript/transform";
import type binaryen from "binaryen";
import { shrinkAllocator } from "./allocator.ts";
import { asyncify, exportGlobals, importsOf } from "./asyncify.ts";
import { FAR_END, layoutBefore, moveReferences, nameOverflow, STACK_SIZE } from "./layout.ts";
import type { ParkWay } from "./park.ts";
import { keepAllFrames, keepAllocatingFrames, keepPlaces } from "./places.ts";

export type { ParkWay } from "./park.ts";

// The stub has no types that TypeScript can resolve. asc copies `program` and `binaryen` onto the prototype.
const Base = Transform as abstract new () => asc.Transform;

/** asc wants the class as the default export, and makes the instance itself. */
export default class GuestTransform extends Base {
  /** A subclass may say `"jspi"`: then the code stays as it is, and needs an engine that has JSPI. */
  park: ParkWay = "asyncify";

  constructor() {
    super();
    // asc reads its library after it has made the transforms.
    shrinkAllocator();
  }

  override afterCompile(module: binaryen.Module): void {
    keepPlaces(this.binaryen, module);
    if (this.program.options.debugInfo) keepAllFrames(this.binaryen, module);
    else keepAllocatingFrames(this.binaryen, module);
    exportMatch(this.binaryen, module);
    const { memoryBase, stackSize } = this.program.options;
    // Who calls asc by hand may have asked for a stack where asc puts it.
    const layout = stackSize === STACK_SIZE ? layoutBefore(memoryBase) : undefined;
    if (layout !== undefined) moveReferences(this.binaryen, module, layout);
    else nameOverflow(this.binaryen, module, stackSize);
    if (this.park === "jspi") exportGlobals(this.binaryen, module);
    else asyncify(this.binaryen, module, layout ? { memoryBase: FAR_END, near: layout.near } : { memoryBase });
  }
}

/**
 * Exports the library's `match`, and `matchFirst` as `match_first`: the functions of these names in a file beside the `actor.ts` that declares `recv_match`.
 * They are known by that neighbour because their path varies: `~lib/isopod/guest/match/match`, `../../guest/match/match`.
 * The compiler has them only where the library's `takeMatch` refers to them, that is where `recv_match` is called.
 */
function exportMatch(b: typeof binaryen, module: binaryen.Module): void {
  const match = ofLibrary(b, module, "match");
  const exported = module.getExport("match");
  // A guest that answers for itself answers alone.
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
