/** Messages between actors: how fast they are sent, queued and received. */
import { actor, dispatch, share, since, summing } from "./actors.js";

/** Sends bytes back and forth: a copy of the array, or with the parameter `move` the array itself. */
export async function pingPong({ pairs, bytes, messages, move }) {
  const trips = share(messages, 2 * pairs);
  const fresh = move === 1 ? ball => ball : ball => ball.slice();
  const { reference: reports, total } = summing(2 * pairs);
  const pings = Array.from({ length: pairs }, () => {
    const pong = actor((received, ball, { self, sender }) => {
      dispatch(sender, fresh(ball), self);
      if (received + 1 === trips) dispatch(reports, trips);
      return received + 1;
    }, 0);
    return actor((received, ball, { self }) => {
      if (received < trips) dispatch(pong, fresh(ball), self);
      else dispatch(reports, received);
      return received + 1;
    }, 0);
  });
  const began = performance.now();
  // The first ball starts a ping. Its state becomes 1, the number of the ball that comes back next.
  for (const ping of pings) dispatch(ping, new Uint8Array(bytes).fill(7));
  const received = await total;
  return { ...since(began, 2 * pairs * trips, received), payload: move === 1 ? "moved" : "copied" };
}

export async function fanIn({ senders, messages }) {
  const each = share(messages, senders);
  const { reference: reports, total } = summing(1);
  const receiver = counter(senders * each, reports);
  const sending = Array.from({ length: senders }, () =>
    actor((_state, count) => {
      for (let number = 0; number < count; number++) dispatch(receiver, number);
    }),
  );
  const began = performance.now();
  for (const sender of sending) dispatch(sender, each);
  return since(began, senders * each, await total);
}

export async function fanOut({ receivers, messages }) {
  const each = share(messages, receivers);
  const { reference: reports, total } = summing(receivers);
  const receiving = Array.from({ length: receivers }, () => counter(each, reports));
  const sender = actor((_state, count) => {
    for (let number = 0; number < count; number++) {
      for (const receiver of receiving) dispatch(receiver, number);
    }
  });
  const began = performance.now();
  dispatch(sender, each);
  return since(began, receivers * each, await total);
}

/** An actor that reports when this many messages have arrived. */
function counter(expected, reports) {
  return actor(received => {
    if (received + 1 === expected) dispatch(reports, expected);
    return received + 1;
  }, 0);
}

/**
 * Savina's thread ring. After the last hop a message to leave goes round once, and each reports the
 * tokens it received.
 */
export async function threadRing({ actors, hops }) {
  const began = performance.now();
  const { reference: reports, total } = summing(actors);
  const handler = (state, message) => {
    switch (message.type) {
      case "next":
        return { ...state, next: message.next };
      case "token":
        if (message.left === 1) dispatch(state.next, { type: "leave", left: actors });
        else dispatch(state.next, { type: "token", left: message.left - 1 });
        return { ...state, received: state.received + 1 };
      case "leave":
        dispatch(reports, state.received);
        if (message.left > 1) dispatch(state.next, { type: "leave", left: message.left - 1 });
        return state;
    }
  };
  const ring = Array.from({ length: actors }, () => actor(handler, { received: 0 }));
  ring.forEach((each, i) => {
    dispatch(each, { type: "next", next: ring[(i + 1) % actors] });
  });
  dispatch(ring[0], { type: "token", left: hops });
  return since(began, hops, await total);
}

/** Savina's counting actor: a producer sends increments to a counter, and then asks for the count. */
export async function counting({ messages }) {
  const began = performance.now();
  const { reference: reports, total } = summing(1);
  const counted = actor((count, message) => {
    if (message.type === "increment") return count + 1;
    dispatch(message.to, count);
    return count;
  }, 0);
  const producer = actor((_state, count) => {
    for (let i = 0; i < count; i++) dispatch(counted, { type: "increment" });
    dispatch(counted, { type: "retrieve", to: reports });
  });
  dispatch(producer, messages);
  return since(began, messages, await total);
}
