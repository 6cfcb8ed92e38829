/** The life of an actor: spawn, run and end; and the memory of an actor that waits. */
import { actor, dispatch, leaveAlive, once, since, summing } from "./actors.js";

export async function spawnOneByOne({ count }) {
  let ended = 0;
  const began = performance.now();
  for (let i = 0; i < count; i++) ended += await once(run, "run");
  return since(began, count, ended);
}

export async function spawnStorm({ count }) {
  const began = performance.now();
  const ended = await Promise.all(Array.from({ length: count }, () => once(run, "run")));
  return since(
    began,
    count,
    ended.reduce((sum, one) => sum + one, 0),
  );
}

/** The work of an actor that only lives. */
function run() {}

/**
 * The heap of actors that wait after their first message. They stay alive, as in the other peers.
 * The time is that of spawning them.
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
