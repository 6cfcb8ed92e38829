/**
 * Builds guests that can be preempted in every engine: they count their reductions, and `yield`
 * unwinds their stack.
 *
 * Guarantee: `host/module/count.ts` counts, as it does when the host loads an untrusted module.
 * Asyncify comes after it.
 */
import type binaryen from "binaryen";
import { validateAndCount } from "../../host/module/counted.ts";
import { refuseParking, rewritten, roomIn, teachToUnwind } from "./compiled.ts";
import { entriesOf, importsOf } from "./entries.ts";
import { Unsuitable } from "./unsupported.ts";

type Binaryen = typeof binaryen;

/**
 * `none` counts no reductions; `count` counts them; `yield` counts them, and the guest can be
 * preempted in every engine.
 */
export type ReductionsWay = "none" | "count" | "yield";

/**
 * Makes a module that counts its reductions, and unwinds its stack when it yields.
 *
 * @param bytes a module that no transform of ours has changed
 * @param memoryBase the address of its static data; undefined where only the module itself may
 * declare it
 * @throws {LoadError} where its reductions cannot be counted
 * @throws {Unsuitable} where Asyncify cannot instrument it
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
      `${name} waits in receives, but has no room for its parked stack: build its source with --reductions yield, or use --park jspi`,
    );
  }
}
