// Asks, answers and waits as it is told, and notes what comes of it. Commands are messages with the tag COMMAND: steps of 3 bytes, what to do and two
// numbers. The first one is none: it brings the pids of all. Its own refs, and those who have asked it, have numbers in the order in which they came.

import {
  Kind,
  Message,
  Pid,
  receiveTag,
  receiveTagWithin,
  receiveWithin,
  sendRaw,
  sendTag,
  Writer,
} from "isopod/guest";
import * as actor from "isopod/guest/actor";
import { fresh } from "isopod/guest/message";
import * as window from "isopod/guest/window";

const COMMAND: i32 = 100;
const REQUEST = 0;
const AWAIT = 1;
const DEMONITOR = 2;
const TAKE = 3;
const REPLY = 4;
const SEND = 5;
const MONITOR = 6;
const MAKE_REF = 7;
const DROP_REF = 8;
const SERVE = 9;
const END = 10;
const CRASH = 11;
const LINK = 12;
const TAKE_TAG = 13;

const refs: i32[] = [];
const askers: Pid[] = [];
const asked: i32[] = [];
const notes = new Writer();
let count: u32 = 0;

export function run(): void {
  const first = receiveTag(COMMAND);
  const observer = first.from;
  const reader = first.reader();
  const peers = new StaticArray<Pid>(reader.u32());
  for (let i = 0; i < peers.length; i++) peers[i] = reader.pid();
  const room = memory.data(8, 8);
  while (true) {
    const steps = receiveTag(COMMAND).bytes();
    for (let i = 0; i < steps.length; i += 3) {
      const what: i32 = steps[i];
      const a: i32 = steps[i + 1];
      const b: i32 = steps[i + 2];
      const peer = peers[a % peers.length];
      const lo = peer as i32;
      const hi = (peer >> 32) as i32;
      store<u32>(room, ++count);
      if (what === REQUEST) remember(what, actor.request(lo, hi, b, room, 4 + b));
      else if (what === MONITOR) remember(what, actor.monitor(lo, hi));
      else if (what === MAKE_REF) remember(what, actor.make_ref());
      else if (what === DROP_REF) note(what, actor.drop_ref(refAt(a)), 0);
      else if (what === DEMONITOR) note(what, actor.demonitor(refAt(a), b & 1), 0);
      else if (what === LINK) note(what, actor.link(lo, hi), 0);
      else if (what === SEND) note(what, sendRaw(peer, room, 4 + 500 * (a / peers.length), b), 0);
      else if (what === AWAIT) waitFor(refAt(a), b);
      else if (what === TAKE) {
        const item = receiveWithin(0);
        if (item === null) note(what, -1, 0);
        else took(what, item);
      } else if (what === TAKE_TAG) {
        const item = receiveTagWithin(b, 0);
        if (item === null) note(what, -1, 0);
        else took(what, item);
      } else if (what === REPLY) {
        const asker = askers.length === 0 ? -1 : askers.length - 1 - (a % askers.length);
        if (asker >= 0) note(what, sendRaw(askers[asker], room, 4 + b, asked[asker]), asker);
      } else if (what === SERVE) {
        // Answers what is there, and waits a little for more.
        for (let served = 0; served < b; served++) {
          const item = receiveWithin(5);
          if (item === null) break;
          took(what, item);
          if (item.ref !== 0 && item.kind === Kind.Message) note(what, sendTag(item.from, item.ref), 0);
        }
      } else if (what === END) return;
      else if (what === CRASH) unreachable();
    }
    // All that was noted so far goes with each, so that the last one has all.
    notes.send(observer, 0);
  }
}

function remember(what: i32, ref: i32): void {
  if (ref < -1023) refs.push(ref);
  note(what, ref < -1023 ? 0 : ref, refs.length);
}

function refAt(index: i32): i32 {
  // The latest ones are the most interesting: 0 is the last.
  return refs.length === 0 ? 0 : refs[refs.length - 1 - (index % refs.length)];
}

function waitFor(ref: i32, milliseconds: i32): void {
  let n = actor.recv_tag(window.info, window.ptr, window.cap, milliseconds > 20 ? -1 : milliseconds, ref);
  if (n === -2) n = actor.park();
  if (n < 0) note(AWAIT, n, 0);
  else took(AWAIT, fresh());
}

function took(what: i32, item: Message): void {
  const isRequest = item.kind === Kind.Message && item.ref !== 0;
  if (isRequest) {
    askers.push(item.from);
    asked.push(item.ref);
  }
  const mine = item.kind === Kind.Message ? item.tag : item.ref;
  notes
    .u8(what as u8)
    .u8(item.kind as u8)
    .i32(mine < 0 ? -1 - refs.indexOf(mine) : mine)
    .u64(item.from)
    .u8(isRequest ? 1 : 0)
    .u32(item.reason)
    .u32(item.length)
    .u32(item.kind === Kind.Message && item.length >= 4 ? item.u32At(0) : 0);
}

function note(what: i32, answer: i32, number: i32): void {
  notes
    .u8(what as u8)
    .i32(answer)
    .i32(number);
}
