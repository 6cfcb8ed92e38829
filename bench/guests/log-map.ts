// Savina's logistic map: a worker for each series asks a computer for one term after another. The
// master's requests wait in the worker's mailbox: it receives the reply first, although the
// requests came earlier.

import { args, callRaw, Message, Pid, Reader, receive, receiveTag, reply, sendTag, Writer } from "isopod/guest";
import { born, REPORT, Round, toConductor } from "./shared/round";

const NEXT: i32 = 1;
const RESULT: i32 = 2;
const START_RATE: f64 = 3.46;
const INCREMENT: f64 = 0.0025;
const room: usize = memory.data(8, 8);

/** The conductor is the master. */
export function run(): void {
  const round = new Round();
  const terms = round.parameter();
  const series = round.parameter();
  round.begin();
  const workers = new StaticArray<Pid>(series);
  for (let i = 0; i < series; i++) {
    const computer = born("computer", toConductor().f64(rateOf(i)));
    workers[i] = born("worker", toConductor().pid(computer).f64(firstOf(i)).u32(i));
  }
  for (let i = 0; i < terms; i++) {
    for (let j = 0; j < series; j++) sendTag(workers[j], NEXT);
  }
  for (let i = 0; i < series; i++) sendTag(workers[i], RESULT);

  const last = new StaticArray<f64>(series);
  let computed = 0;
  for (let i = 0; i < series; i++) {
    const result: Message = receiveTag(REPORT);
    last[result.u32At(0)] = result.f64At(8);
    computed += result.u32At(4);
  }
  // The sum of the last terms is Savina's result.
  if (sumOfAll(last) !== plainSum(series, terms)) throw new Error("the sum of the last terms is wrong");
  round.end(computed);
}

export function worker(): void {
  const options = new Reader(args());
  const master = options.pid();
  const computer = options.pid();
  let term = options.f64();
  const number = options.u32();
  let computed: u32 = 0;
  while (receive().tag === NEXT) {
    store<f64>(room, term);
    term = callRaw(computer, room, 8, -1).message.f64At(0);
    computed++;
  }
  new Writer(16).u32(number).u32(computed).f64(term).send(master, REPORT);
}

export function computer(): void {
  const options = new Reader(args());
  options.pid();
  const rate = options.f64();
  const answer = new Uint8Array(8);
  while (true) {
    const request = receive();
    store<f64>(answer.dataStart, nextTerm(rate, request.f64At(0)));
    reply(request, answer);
  }
}

function rateOf(number: i32): f64 {
  return START_RATE + number * INCREMENT;
}

function firstOf(number: i32): f64 {
  return number * INCREMENT;
}

function nextTerm(rate: f64, term: f64): f64 {
  return rate * term * (1 - term);
}

/** The sum that the actors must reach, computed without them. */
function plainSum(series: i32, terms: i32): f64 {
  const last = new StaticArray<f64>(series);
  for (let i = 0; i < series; i++) {
    last[i] = firstOf(i);
    for (let j = 0; j < terms; j++) last[i] = nextTerm(rateOf(i), last[i]);
  }
  return sumOfAll(last);
}

function sumOfAll(all: StaticArray<f64>): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < all.length; i++) sum += all[i];
  return sum;
}
