/**
 * Whether all threads have nothing to do. Each counts what it has sent to each other one and has got from it. If
 * two rounds in which every thread was at rest have the same counts, and all that was sent has arrived, nothing is
 * under way.
 */
import type { Crew } from "./crew.ts";

/** By thread: how many signals of actors it has sent to another one, and has got from it. */
type Traffic = readonly (readonly [thread: number, sent: number, received: number])[];

/** Resolves when nothing is under way. Answers how many guests are alive. `here` waits for this thread. */
export async function settledAll({ thread, askAll }: Crew, here: () => Promise<void>): Promise<number> {
  for (let before = ""; ; ) {
    await here();
    thread.away.flush();
    const { parts, traffic } = thread;
    const others = (await askAll("settled")) as [number, [guests: number, Traffic]][];
    const all = new Map<number, Traffic>([[0, traffic], ...others.map(([at, [, traffic]]) => [at, traffic] as const)]);
    const now = JSON.stringify([...all]);
    if (now === before && haveArrived(all)) {
      return others.reduce((guests, [, [count]]) => guests + count, parts.ends.guests);
    }
    before = now;
  }
}

/** Whether all that a live thread has sent to a live one has arrived. */
function haveArrived(all: ReadonlyMap<number, Traffic>): boolean {
  const count = (at: number, other: number, which: 1 | 2) =>
    all.get(at)?.find(([thread]) => thread === other)?.[which] ?? 0;
  return [...all.keys()].every(from =>
    [...all.keys()].every(to => from === to || count(from, to, 1) === count(to, from, 2)),
  );
}
