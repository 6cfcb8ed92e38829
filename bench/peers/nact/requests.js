/**
 * Savina's requests: actors that ask another actor, and put other messages aside until the reply
 * arrives. nact has `query` for that, but it tells queries apart by random numbers of 32 bits. With
 * hundreds of them at a time, two would sometimes be the same, and one of them would never be
 * answered.
 */
import { actor, dispatch, since, summing } from "./actors.js";
import { Queue } from "./queue.js";
import { nextRandom } from "./random.js";

const FIRST_BALANCE = 1_000_000;

/** Money only goes from lower to higher accounts, so no two accounts wait for each other. */
export async function banking({ accounts: count, transactions }) {
  const began = performance.now();
  const { reference: teller, total: completed } = summing(transactions);
  const accounts = Array.from({ length: count }, () =>
    actor(waiting(account), { balance: FIRST_BALANCE, asker: undefined, aside: new Queue() }),
  );
  order(accounts, transactions, teller);
  const check = await completed;
  const { reference: reports, total } = summing(count);
  for (const each of accounts) dispatch(each, { type: "close" }, reports);
  const balances = await total;
  if (balances !== count * FIRST_BALANCE)
    throw new Error(`the balances were ${count * FIRST_BALANCE}, and are ${balances}`);
  return since(began, transactions, check);
}

function order(accounts, transactions, teller) {
  const sources = Math.max(1, Math.floor(accounts.length / 10) * 8);
  let random = 123456;
  for (let i = 0; i < transactions; i++) {
    random = nextRandom(random);
    const source = random % sources;
    random = nextRandom(random);
    const target = source + Math.max(1, random % (accounts.length - source));
    random = nextRandom(random);
    dispatch(accounts[source], { type: "transfer", target: accounts[target], amount: random % 1000 }, teller);
  }
}

function account(state, message, sender, self) {
  switch (message.type) {
    case "transfer":
      state.balance -= message.amount;
      state.asker = sender;
      dispatch(message.target, { type: "deposit", amount: message.amount }, self);
      break;
    case "deposit":
      state.balance += message.amount;
      dispatch(sender, { type: "reply" }, self);
      break;
    case "reply":
      dispatch(state.asker, 1, self);
      state.asker = undefined;
      break;
    case "close":
      dispatch(sender, state.balance, self);
      break;
  }
}

/** A worker for each series asks a computer for one term after another. */
export async function logMap({ terms, series }) {
  const began = performance.now();
  const { reference: reports, total } = summing(series);
  const workers = Array.from({ length: series }, (_, number) => {
    const computer = actor((_state, { term }, { self, sender }) => {
      dispatch(sender, { type: "reply", term: nextTerm(rate(number), term) }, self);
    });
    return actor(
      waiting((state, message, sender, self) => seriesWorker(state, message, sender, self, computer)),
      { number, term: start(number), computed: 0, asker: undefined, aside: new Queue() },
    );
  });
  for (let i = 0; i < terms; i++) {
    for (const worker of workers) dispatch(worker, { type: "next" }, reports);
  }
  for (const worker of workers) dispatch(worker, { type: "result" }, reports);
  return since(began, terms * series, await total);
}

function seriesWorker(state, message, sender, self, computer) {
  switch (message.type) {
    case "next":
      state.asker = sender;
      dispatch(computer, { type: "compute", term: state.term }, self);
      break;
    case "reply":
      state.term = message.term;
      state.computed++;
      state.asker = undefined;
      break;
    case "result":
      if (state.term !== straight(state.number, state.computed)) {
        throw new Error(`series ${state.number} ends at ${state.term}`);
      }
      dispatch(sender, state.computed, self);
      break;
  }
}

/**
 * A handler that takes only replies while the state has an asker, and puts the rest aside. It
 * changes the state in place.
 */
function waiting(handle) {
  return (state, message, { self, sender }) => {
    if (state.asker !== undefined && message.type !== "reply") {
      state.aside.push({ message, sender });
      return state;
    }
    handle(state, message, sender, self);
    while (state.asker === undefined && state.aside.length > 0) {
      const next = state.aside.shift();
      handle(state, next.message, next.sender, self);
    }
    return state;
  };
}

const rate = number => 3.46 + number * 0.0025;
const start = number => number * 0.0025;
const nextTerm = (rate, term) => rate * term * (1 - term);

function straight(number, terms) {
  let term = start(number);
  for (let i = 0; i < terms; i++) term = nextTerm(rate(number), term);
  return term;
}
