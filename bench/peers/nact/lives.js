/** Lives of actors: born, run, seen to end; and what one takes that waits. */
import { actor, dispatch, leaveAlive, mortal, since, stop, summing } from "./actors.js";

export async function spawnOneByOne({ count }) {
  let ended = 0;
  const began = performance.now();
  for (let i = 0; i < count; i++) ended += await live();
  return since(began, count, ended);
}

export async function spawnStorm({ count }) {
  const began = performance.now();
  const ended = await Promise.all(Array.from({ length: count }, live));
  return since(
    began,
    count,
    ended.reduce((sum, one) => sum + one, 0),
  );
}

/** Spawns an actor that stops itself at its first message. Resolves to 1 when nact says that it has stopped. */
function live() {
  return new Promise(resolve => {
    const reference = mortal(
      (_state, _message, { self }) => stop(self),
      () => resolve(1),
    );
    dispatch(reference, "run");
  });
}

/**
 * The heap that so many actors take which wait for a message after their first. They go on living, as in the other peers. The time is that of
 * spawning them.
 */
export async function memory({ actors }) {
  const before = heapBytes();
  const began = performance.now();
  const { reference: reports, total } = summing(actors);
  for (let i = 0; i < actors; i++) {
    const parked = actor(received => {
      dispatch(reports, 1);
      return received + 1;
    }, 0);
    dispatch(parked, "run");
  }
  const played = since(began, actors, await total);
  leaveAlive();
  return { ...played, bytesEach: Math.round((heapBytes() - before) / actors) };
}

function heapBytes() {
  if (globalThis.gc === undefined)
    throw new Error("memory needs a collector that can be called: node --expose-gc peer.js");
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
