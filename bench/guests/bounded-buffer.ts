// Savina's bounded buffer: a manager between producers and consumers. It asks a producer for an
// item only if there is room.

import { args, forward, Pid, Reader, receive, sendRaw, sendTag } from "isopod/guest";
import { born, nextRandom, Round, sumOf, tell, toConductor } from "./shared/round";

const PRODUCE: i32 = 1;
const ITEM: i32 = 2;
const AVAILABLE: i32 = 3;
const ENDED: i32 = 4;
const LEAVE: i32 = 5;
const room: usize = memory.data(8, 8);

/** First in, first out. */
class Queue<T> {
  private items: T[] = [];
  private head: i32 = 0;

  get length(): i32 {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T {
    const item = this.items[this.head++];
    if (this.head === this.items.length) {
      this.items.length = 0;
      this.head = 0;
    }
    return item;
  }
}

/** The conductor is the manager. */
export function run(): void {
  const round = new Round();
  const size = round.parameter();
  const producers = round.parameter();
  const consumers = round.parameter();
  const each = round.parameter();
  const cost = round.parameter();
  round.begin();
  const makers = new StaticArray<Pid>(producers);
  const eaters = new StaticArray<Pid>(consumers);
  for (let i = 0; i < producers; i++) makers[i] = born("producer", toConductor().u32(each).u32(cost));
  for (let i = 0; i < consumers; i++) eaters[i] = born("consumer", toConductor().u32(cost));

  // When the buffer is full, each producer may still send one item.
  const capacity = max<i32>(1, size - producers);
  const items = new Queue<f64>();
  const patient = new Queue<Pid>();
  const idle = new Queue<Pid>();
  for (let i = 0; i < consumers; i++) idle.push(eaters[i]);
  for (let i = 0; i < producers; i++) sendTag(makers[i], PRODUCE);
  let producing = producers;
  while (producing > 0 || idle.length < consumers) {
    const message = receive();
    if (message.tag === ITEM) {
      const producer = message.from;
      if (idle.length > 0) forward(idle.shift(), message);
      else items.push(message.f64At(0));
      if (items.length >= capacity) patient.push(producer);
      else sendTag(producer, PRODUCE);
    } else if (message.tag === AVAILABLE) {
      if (items.length === 0) {
        idle.push(message.from);
      } else {
        item(message.from, items.shift());
        if (patient.length > 0) sendTag(patient.shift(), PRODUCE);
      }
    } else if (message.tag === ENDED) {
      producing--;
    }
  }
  for (let i = 0; i < consumers; i++) sendTag(eaters[i], LEAVE);
  round.end(sumOf(consumers));
}

export function producer(): void {
  const options = new Reader(args());
  const manager = options.pid();
  let left = options.u32();
  const cost = options.u32();
  let last: f64 = 0;
  for (; left > 0; left--) {
    receive();
    last = work(last, cost);
    item(manager, last);
  }
  receive();
  sendTag(manager, ENDED);
}

export function consumer(): void {
  const options = new Reader(args());
  const manager = options.pid();
  const cost = options.u32();
  let last: f64 = 0;
  let consumed = 0;
  while (true) {
    const message = receive();
    if (message.tag === LEAVE) break;
    last = work(last + message.f64At(0), cost);
    consumed++;
    sendTag(manager, AVAILABLE);
  }
  tell(manager, consumed);
}

function item(to: Pid, value: f64): void {
  store<f64>(room, value);
  sendRaw(to, room, 8, ITEM);
}

/** Savina's work on an item: `cost` hundred logarithms, or one where the cost is 0. */
function work(term: f64, cost: i32): f64 {
  let random = cost;
  let sum = term;
  for (let left = cost === 0 ? 1 : cost * 100; left > 0; left--) {
    random = nextRandom(random);
    sum += Math.log(1.0 / (random + 1) + 0.01);
  }
  return sum;
}
