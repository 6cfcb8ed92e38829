/**
 * Functions of actors for all scenarios: names, the end of the process when an actor fails, and
 * reports.
 */
import { dispatch, spawn, start, stop } from "nact";

const system = start();
/** The actors of this round that `stopAll` has to stop. */
const living = new Set();
let born = 0;

/**
 * Spawns an actor below the system, under a unique name. nact's own names are random numbers of 31
 * bits: in one of fifty crowds of 10,000 actors, two would be the same.
 */
export function actor(handler, initialState) {
  const reference = spawn(system, handler, `actor-${born++}`, { initialState, onCrash });
  living.add(reference);
  return reference;
}

/** Spawns an actor that handles one message and stops. Resolves to 1 when nact has stopped it. */
export function once(handle, message) {
  return new Promise(resolve => {
    const handler = (_state, received, { self }) => {
      handle(received);
      stop(self);
    };
    const afterStop = () => resolve(1);
    dispatch(spawn(system, handler, `actor-${born++}`, { onCrash, afterStop }), message);
  });
}

export function stopAll() {
  for (const reference of living) stop(reference);
  living.clear();
}

/** Makes `stopAll` forget the actors of this round, so that they stay alive. */
export function leaveAlive() {
  living.clear();
}

/** An actor that adds up this many numbers. `total` resolves to their sum when all have arrived. */
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

/** The result of a round that began at this time. */
export function since(began, operations, check) {
  return { operations, elapsedMs: performance.now() - began, check };
}

/** The part of a total that each actor does, rounded down. */
export const share = (total, actors) => Math.max(1, Math.floor(total / actors));

/**
 * Ends the process. By default nact prints the error to stdout, where the answers go, and the other
 * actors wait for ever.
 */
function onCrash(_message, error) {
  console.error(error);
  process.exit(1);
}

export { dispatch };
