// Selective receive with other messages before the one that is wanted. Entries: by_ref, by_tag, by_predicate.

import {
  call,
  Kind,
  Matcher,
  Message,
  Pid,
  receive,
  receiveMatch,
  receiveTag,
  receiveWithin,
  reply,
  self,
  sendRaw,
} from "isopod/guest";
import { born, Round, toConductor } from "./round";

const JOB: i32 = 1;
const WANTED: i32 = 2;

/** What lies in the mailbox all the time. */
function queue(depth: i32): void {
  for (let i = 0; i < depth; i++) job(0, JOB);
}

function drain(): i32 {
  let drained = 0;
  while (receiveWithin(0) !== null) drained++;
  return drained;
}

function job(priority: u32, tag: i32): void {
  const room = memory.data(4, 4);
  store<u32>(room, priority);
  sendRaw(self(), room, 4, tag);
}

/** Calls to a server. */
export function by_ref(): void {
  const round = new Round();
  const depth = round.parameter();
  const calls = round.parameter();
  const server: Pid = born("server", toConductor());
  const request = new Uint8Array(4);
  queue(depth);
  let answered = 0;
  round.begin();
  for (let i = 0; i < calls; i++) {
    store<u32>(request.dataStart, i);
    if (call(server, request, -1).message.u32At(0) === i + 1) answered++;
  }
  // The clock stops before the mailbox is emptied.
  round.report(answered);
  if (drain() !== depth) throw new Error("what was not asked for is gone");
}

export function server(): void {
  const answer = new Uint8Array(4);
  while (true) {
    const request = receive();
    store<u32>(answer.dataStart, request.u32At(0) + 1);
    reply(request, answer);
  }
}

/** Behind `depth` others comes the message with the tag. */
export function by_tag(): void {
  const round = new Round();
  const depth = round.parameter();
  const scans = round.parameter();
  queue(depth);
  let found = 0;
  round.begin();
  for (let i = 1; i <= scans; i++) {
    job(i, WANTED);
    if (receiveTag(WANTED).u32At(0) === i) found++;
  }
  round.report(found);
  if (drain() !== depth) throw new Error("what was not asked for is gone");
}

class Above extends Matcher {
  least: u32 = 0;

  matches(message: Message): bool {
    return message.kind === Kind.Message && message.u32At(0) > this.least;
  }
}

/** Behind `depth` others comes the message that the predicate wants. */
export function by_predicate(): void {
  const round = new Round();
  const depth = round.parameter();
  const scans = round.parameter();
  const above = new Above();
  queue(depth);
  let found = 0;
  round.begin();
  for (let i = 1; i <= scans; i++) {
    job(i, JOB);
    if (receiveMatch(above).u32At(0) === i) found++;
  }
  round.report(found);
  if (drain() !== depth) throw new Error("what was not asked for is gone");
}
