/**
 * Savina's bounded buffer: a manager between producers and consumers. It asks a producer for an
 * item only if there is room.
 */
import { actor, dispatch, since, summing } from "./actors.js";
import { Queue } from "./queue.js";
import { nextRandom } from "./random.js";

export async function boundedBuffer({ buffer, producers, consumers, items, cost }) {
  const began = performance.now();
  const { reference: reports, total } = summing(consumers);
  const eaters = Array.from({ length: consumers }, () => consumer(cost, reports));
  const manager = actor(manage, {
    // When the buffer is full, each producer may still send one item.
    room: Math.max(1, buffer - producers),
    items: new Queue(),
    producers: new Queue(),
    waiting: new Queue([...eaters]),
    consumers: eaters,
    producing: producers,
  });
  for (let i = 0; i < producers; i++) dispatch(producer(items, cost), { type: "produce" }, manager);
  return since(began, producers * items, await total);
}

/** Changes the state in place. */
function manage(state, message, { self, sender }) {
  switch (message.type) {
    case "item":
      take(state, message, sender, self);
      return state;
    case "available":
      feed(state, sender, self);
      break;
    case "ended":
      state.producing--;
      break;
  }
  if (state.producing === 0 && state.waiting.length === state.consumers.length) {
    for (const consumer of state.consumers) dispatch(consumer, { type: "leave" }, self);
  }
  return state;
}

function take({ items, producers, waiting, room }, item, producer, self) {
  const consumer = waiting.shift();
  if (consumer === undefined) items.push(item);
  else dispatch(consumer, item, self);
  if (items.length >= room) producers.push(producer);
  else dispatch(producer, { type: "produce" }, self);
}

function feed({ items, producers, waiting }, consumer, self) {
  const item = items.shift();
  if (item === undefined) {
    waiting.push(consumer);
    return;
  }
  dispatch(consumer, item, self);
  const producer = producers.shift();
  if (producer !== undefined) dispatch(producer, { type: "produce" }, self);
}

function producer(items, cost) {
  return actor(
    ({ left, last }, _message, { self, sender }) => {
      if (left === 0) {
        dispatch(sender, { type: "ended" }, self);
        return { left, last };
      }
      const value = work(last, cost);
      dispatch(sender, { type: "item", value }, self);
      return { left: left - 1, last: value };
    },
    { left: items, last: 0 },
  );
}

function consumer(cost, reports) {
  return actor(
    ({ consumed, last }, message, { self, sender }) => {
      if (message.type === "leave") {
        dispatch(reports, consumed);
        return { consumed, last };
      }
      const value = work(last + message.value, cost);
      dispatch(sender, { type: "available" }, self);
      return { consumed: consumed + 1, last: value };
    },
    { consumed: 0, last: 0 },
  );
}

/** Savina's work on an item: 100 times `cost` logarithms, or one if the cost is 0. */
function work(term, cost) {
  let random = cost;
  let sum = term;
  for (let left = cost === 0 ? 1 : cost * 100; left > 0; left--) {
    random = nextRandom(random);
    sum += Math.log(1 / (random + 1) + 0.01);
  }
  return sum;
}
