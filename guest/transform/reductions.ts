/**
 * Counts the reductions of a guest that is built, and teaches it to give way where they are spent.
 *
 * Guarantee: the counting is the one that the host does of untrusted modules, in `host/module/count.ts`; here Asyncify comes after it, so that `yield` can unwind
 * the guest's stack in every engine.
 */
import type binaryen from "binaryen";
import { validateAndCount } from "../../host/module/counted.ts";
import { entriesOf, importsOf } from "./asyncify.ts";
import { refuseParking, rewritten, roomIn, teachToUnwind } from "./compiled.ts";
import { Unsuitable } from "./unsupported.ts";

type Binaryen = typeof binaryen;

/** What is done about a guest's reductions: nothing; they are counted; they are counted, and the guest can be preempted in every engine. */
export type ReductionsWay = "none" | "count" | "yield";

/**
 * A module that counts its reductions, and unwinds its stack where it gives way.
 *
 * @param bytes a module that no transform of ours has been at
 * @param memoryBase where its static data begins, as it was built; undefined where only the module itself may know
 * @throws {LoadError} where it cannot be counted, {Unsuitable} where it cannot be taught
 */
export function makePreemptible(
  b: Binaryen,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  memoryBase: number | undefined,
  debug: boolean,
): Uint8Array<ArrayBuffer> {
  const counted = validateAndCount(name, bytes);
  return rewritten(b, name, counted, debug, module => {
    const base = memoryBase ?? roomIn(b, module);
    check(b, module, name, base);
    teachToUnwind(b, module, name, counted, { yields: true, ...(base !== undefined && { memoryBase: base }) });
  });
}

function check(b: Binaryen, module: binaryen.Module, name: string, memoryBase: number | undefined): void {
  refuseParking(b, module, name);
  if (entriesOf(b, module).length === 0) {
    throw new Unsuitable(`${name} has only handlers, which cannot be preempted: use --reductions count`);
  }
  if (memoryBase === undefined && importsOf(b, module, "park").length > 0) {
    throw new Unsuitable(
      `${name} waits in receives, and has no room for its stack: build its source with --reductions yield, or use --park jspi`,
    );
  }
}
