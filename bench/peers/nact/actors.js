/** What all scenarios need of actors: names, an end when one of them fails, and somebody to report to. */
import { dispatch, spawn, start, stop } from "nact";

const system = start();
/** Those of this round, but for the ones that have stopped themselves. */
const living = new Set();
let born = 0;

/**
 * Spawns an actor below the system. It has a name of ours: those that nact makes up are random numbers of 31 bits, of which two are the same
 * in one of fifty crowds of ten thousand.
 */
export function actor(handler, initialState) {
  const reference = spawn(system, handler, `actor-${born++}`, { initialState, onCrash });
  living.add(reference);
  return reference;
}

/** Spawns an actor whose end is seen: `afterStop` is called when nact has stopped it. */
export function mortal(handler, afterStop) {
  return spawn(system, handler, `actor-${born++}`, { onCrash, afterStop });
}

export function stopAll() {
  for (const reference of living) stop(reference);
  living.clear();
}

/** Forgets the actors of this round, which go on living. */
export function leaveAlive() {
  living.clear();
}

/** An actor that adds up so many numbers; `total` is their sum, once all have come. */
export function summing(reports) {
  const { promise: total, resolve } = Promise.withResolvers();
  const reference = actor(
    ({ sum, left }, number) => {
      if (left === 1) resolve(sum + number);
      return { sum: sum + number, left: left - 1 };
    },
    { sum: 0, left: reports },
  );
  return { reference, total };
}

/** What comes of a round that began then. */
export function since(began, operations, check) {
  return { operations, elapsedMs: performance.now() - began, check };
}

/** What each of so many does of a total. */
export const share = (total, actors) => Math.max(1, Math.floor(total / actors));

/** By default nact prints the error to stdout, where the answers go, and stops the actor, for which the others would wait. */
function onCrash(_message, error) {
  console.error(error);
  process.exit(1);
}

export { dispatch, stop };
