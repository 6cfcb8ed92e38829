/**
 * Finds the sends of a module that can run many times without a receive between them: those in a
 * loop in which nothing can park, and those in functions that such a loop calls.
 *
 * Only these have to give way. A loop that also receives waits by itself, or has taken its items.
 * Most guests send only in such loops, and what may park costs them: a process that answers each
 * message takes 1.15 of the time if its sends may park (ping-pong, x64, Node 26).
 */
import type binaryen from "binaryen";
import { type Call, callsOf } from "./calls.ts";
import { addressesTaken } from "./frames.ts";

type Binaryen = typeof binaryen;
type Functions = ReadonlyMap<string, readonly Call[]>;

/**
 * The calls of `sends` that have to give way.
 *
 * @param sends internal names of the imports that send
 * @param parks internal names of the imports that park
 */
export function floodsIn(
  b: Binaryen,
  module: binaryen.Module,
  sends: readonly string[],
  parks: readonly string[],
): readonly Call[] {
  const functions = callsOf(b, module);
  const parking = reaching(functions, parks);
  const parkingLoops = new Set<number>();
  for (const calls of functions.values()) {
    for (const { target, loops } of calls) {
      if (parking.has(target)) for (const loop of loops) parkingLoops.add(loop);
    }
  }
  // A function that can be called through a table may be called in a loop. One that calls itself
  // repeats, too.
  const repeated = new Set(addressesTaken(module.emitText()));
  for (const name of functions.keys()) {
    if (!parking.has(name) && reaching(functions, [name], false).has(name)) repeated.add(name);
  }
  const repeats = (of: string, { loops }: Call): boolean => {
    const innermost = loops.at(-1);
    return innermost === undefined ? repeated.has(of) : !parkingLoops.has(innermost);
  };
  for (let size = -1; size !== repeated.size; ) {
    size = repeated.size;
    for (const [name, calls] of functions) {
      for (const call of calls) if (repeats(name, call)) repeated.add(call.target);
    }
  }
  return [...functions].flatMap(([name, calls]) =>
    calls.filter(call => sends.includes(call.target) && repeats(name, call)),
  );
}

/** The functions that may reach one of these, which are among them unless `included` is false. */
function reaching(functions: Functions, targets: readonly string[], included = true): ReadonlySet<string> {
  const found = new Set<string>(included ? targets : []);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [name, calls] of functions) {
      if (calls.some(({ target }) => found.has(target) || targets.includes(target))) found.add(name);
    }
  }
  return found;
}
