/** The imports of guests by number, which logs name them by, and which of them a log has. */
import { actorImportTypes } from "../wire/abi.ts";

/** Imports whose answers follow from what is in the log: a replay runs them. `abort` of `env` is one, too. */
const INNER: ReadonlySet<string> = new Set([
  ...["actor.recv", "actor.recv_tag", "actor.recv_match", "actor.park", "actor.window", "actor.yield"],
  ...["actor.stack_out", "actor.stack_in", "actor.self_lo", "actor.self_hi", "actor.args", "actor.exit"],
  ...["actor.trap_exit", "env.abort", "env.memory"],
]);

export const isInner = (name: string): boolean => INNER.has(name);

/** Those of the ABI, in the order of wire/abi.ts. The embedder's functions have the numbers behind. */
export const ABI_IMPORTS: readonly string[] = [
  ...Object.keys(actorImportTypes).map(name => `actor.${name}`),
  "env.seed",
];

const numbers = new Map(ABI_IMPORTS.map((name, number) => [name, number]));

/** The number of an import. `functions`: the names of the embedder's, in their order. */
export function numberOf(name: string, functions: readonly string[]): number {
  return numbers.get(name) ?? ABI_IMPORTS.length + functions.indexOf(name);
}

/** The range of the guest's memory that an import has written, from its arguments and its answer. */
export function writtenBy(
  name: string,
  args: readonly number[],
  answer: unknown,
): readonly [at: number, bytes: number] {
  if (name === "actor.spawn" && answer === 1) return [args[7] >>> 0, 16];
  if (name === "actor.parent" && answer === 1) return [args[0] >>> 0, 8];
  if (name === "actor.whereis" && answer === 1) return [args[2] >>> 0, 8];
  if (name === "actor.members" && typeof answer === "number" && answer > 0) {
    return [args[2] >>> 0, 8 * Math.min(args[3] >>> 0, answer)];
  }
  return [0, 0];
}

/** Imports that a predicate may call. */
export const mayAsk = (name: string): boolean => ["actor.now", "actor.epoch", "actor.log", "env.seed"].includes(name);
