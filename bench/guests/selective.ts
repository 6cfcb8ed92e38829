// Selective receive: `depth` other messages are in the mailbox before the wanted one. Entries:
// by_ref, by_tag, by_predicate.

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
import { born, Round, toConductor } from "./shared/round";

const JOB: i32 = 1;
const WANTED: i32 = 2;

/** Fills the mailbox with messages that no receive below wants. */
function queue(depth: i32): void {
  for (let i = 0; i < depth; i++) job(0, JOB);
}

/** Reports the round, then checks that the other messages are still there. */
function end(round: Round, found: i32, depth: i32): void {
  round.report(found);
  let left = 0;
  while (receiveWithin(0) !== null) left++;
  if (left !== depth) throw new Error("messages that were not wanted are gone");
}

function job(priority: u32, tag: i32): void {
  const room = memory.data(4, 4);
  store<u32>(room, priority);
  sendRaw(self(), room, 4, tag);
}

/** Calls a server. The reply has the ref of the call. */
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
  end(round, answered, depth);
}

export function server(): void {
  const answer = new Uint8Array(4);
  while (true) {
    const request = receive();
    store<u32>(answer.dataStart, request.u32At(0) + 1);
    reply(request, answer);
  }
}

/** Receives the message with a tag. */
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
  end(round, found, depth);
}

class Above extends Matcher {
  least: u32 = 0;

  matches(message: Message): bool {
    return message.kind === Kind.Message && message.u32At(0) > this.least;
  }
}

/** Receives the message that a predicate matches. */
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
  end(round, found, depth);
}
