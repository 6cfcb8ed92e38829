// Sends numbered messages without a receive between them. Arguments: the receiver, how many, and how: see `sendOne`.

import {
  args,
  Pid,
  Reader,
  receive,
  receiveWithin,
  Sent,
  sendNamed,
  sendRaw,
  sendTag,
  sendText,
  Writer,
} from "isopod/guest";

const BY_TEXT = 1;
const BY_NAME = 2;
const BY_WRITER = 3;
const BY_BYTES = 4;
const DONE: i32 = 1_000_000;

const writer = new Writer();
const room = memory.data(8, 8);
let to: Pid = 0;
let count: i32 = 0;
let how: u32 = 0;

function begin(): void {
  const given = new Reader(args());
  to = given.pid();
  count = given.u32();
  how = given.u32();
}

/** Floods, and tells how many messages were accepted. */
export function run(): void {
  begin();
  sendTag(to, DONE + flood());
}

/** Floods when it is asked to, by the tag 1. */
export function asked(): void {
  begin();
  while (receive().tag !== 1) {}
  sendTag(to, DONE + flood());
}

/** Waits with a timeout before it floods, and after. Tells whether it waited in vain both times. */
export function timed(): void {
  begin();
  const before = receiveWithin(10) === null;
  flood();
  const after = receiveWithin(20) === null;
  sendTag(to, DONE + (before ? 1 : 0) + (after ? 2 : 0));
}

/** Floods from deep in a recursion. The sum needs all frames. */
export function deep(): void {
  begin();
  sendTag(to, DONE + recurse(0));
}

function recurse(depth: i32): i32 {
  if (depth === count) return 0;
  const status = sendOne(depth);
  return recurse(depth + 1) + (status === Sent.Accepted ? 1 : 0);
}

/** Floods by a function that a loop of the library calls through a table. */
export function each(): void {
  begin();
  const numbers = new Array<i32>(count);
  for (let i = 0; i < count; i++) numbers[i] = i;
  numbers.forEach(i => {
    sendOne(i);
  });
  sendTag(to, DONE + count);
}

function flood(): i32 {
  let accepted = 0;
  for (let i = 0; i < count; i++) if (sendOne(i) === Sent.Accepted) accepted++;
  return accepted;
}

function sendOne(i: i32): Sent {
  if (how === BY_TEXT) return sendText(to, i.toString(), i);
  if (how === BY_NAME) return sendNamed("observer", new Uint8Array(3), i);
  if (how === BY_WRITER) return writer.reset().i32(i).send(to, i);
  store<i32>(room, i);
  if (how === BY_BYTES) return sendRaw(to, room, 8, i);
  return sendTag(to, i);
}

/** Floods, and computes between the messages. */
export function busy(): void {
  begin();
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < 2_000; j++) sum += Math.sqrt(j + sum);
    sendOne(i);
  }
  sendTag(to, DONE + (sum > 0 ? count : 0));
}
