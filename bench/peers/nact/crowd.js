/** Savina's crowds: many actors that compute a sine, or send pings to random neighbours. */
import { actor, dispatch, once, since, summing } from "./actors.js";
import { nextRandom } from "./random.js";

const THETA = 37.2;

export async function forkJoinThroughput({ actors, messages }) {
  const began = performance.now();
  const { reference: reports, total } = summing(actors);
  const workers = Array.from({ length: actors }, () =>
    actor((received, angle) => {
      compute(angle);
      if (received + 1 === messages) dispatch(reports, messages);
      return received + 1;
    }, 0),
  );
  for (let i = 0; i < messages; i++) {
    for (const worker of workers) dispatch(worker, THETA);
  }
  return since(began, actors * messages, await total);
}

export async function forkJoinCreate({ workers }) {
  const began = performance.now();
  const ended = await Promise.all(Array.from({ length: workers }, () => once(compute, THETA)));
  return since(
    began,
    workers,
    ended.reduce((sum, one) => sum + one, 0),
  );
}

function compute(angle) {
  const sine = Math.sin(angle);
  if (!(sine * sine > 0)) throw new Error(`the square of a sine is ${sine * sine}`);
}

/**
 * Each actor sends a ping to a random neighbour, waits for its pong, and repeats. Meanwhile it
 * answers the others.
 */
export async function big({ actors, pings }) {
  const began = performance.now();
  const { reference: done, total: allDone } = summing(actors);
  const { reference: reports, total } = summing(actors);
  const all = Array.from({ length: actors }, (_, id) =>
    actor((state, message) => gossip(state, message), { id, random: id, left: pings, received: 0 }),
  );

  function ask(state) {
    const random = nextRandom(state.random);
    const target = random % actors;
    dispatch(all[target], { type: "ping", from: state.id });
    return { ...state, random, target };
  }

  function gossip(state, { type, from }) {
    if (type === "begin") return ask(state);
    if (type === "leave") {
      dispatch(reports, state.received);
      return state;
    }
    const next = { ...state, received: state.received + 1 };
    if (type === "ping") {
      dispatch(all[from], { type: "pong", from: state.id });
      return next;
    }
    if (from !== state.target) throw new Error(`${state.id} expected a pong from ${state.target}, not from ${from}`);
    next.left--;
    if (next.left > 0) return ask(next);
    dispatch(done, 1);
    return next;
  }

  for (const each of all) dispatch(each, { type: "begin" });
  await allDone;
  for (const each of all) dispatch(each, { type: "leave" });
  return since(began, 2 * actors * pings, await total);
}
