/**
 * What a recorded actor's guest calls instead of its port. It calls the port, and writes what came of it into the
 * actor's reel. So does the turn, which first writes what has come into the mailbox since the last one. Whoever
 * sends to the actor does nothing more than for any other.
 *
 * What the actor receives is not written: a replay receives the same from the same mailbox.
 */
import { FROM_LO, ITEM_HEADER, KIND, LENGTH, OUTSIDE, REASON, REF, TAG } from "./mail-words.ts";
import { are2, below, copyOut, guestLoad32, guestStore8, guestStore32, load } from "./memory.ts";
import { from, next } from "./search.ts";
import {
  portDemonitor,
  portLink,
  portMonitor,
  portRequest,
  portSend,
  portTurn,
  portUnlink,
  tapeBegins,
  tapeFull,
  tapeLong,
  tapePaid,
  tapePays,
  tapeRests,
  tapeSeat,
} from "./tape-outside.ts";
import {
  ANSWERS,
  ANSWERS_ONE,
  HAS_REF,
  ITEM,
  KNOWN_SENDER,
  MAX_LOGGED_BYTES,
  MAX_OPERATION,
  MEANWHILE,
  OF_DEMONITOR,
  OF_LINK,
  OF_MONITOR,
  OF_REQUEST,
  OF_SEND,
  OF_UNLINK,
  REEL_AT,
  REEL_BYTES,
  REEL_RESTS,
  REEL_SEEN,
  REEL_SENDERS,
  REEL_TAIL,
  SENDERS_BYTES,
  TIMEOUT,
  TURN,
} from "./tape-words.ts";
import {
  COUNT,
  FLAGS,
  HEAD,
  IS_HANDLER,
  LO,
  ORDERED,
  OVER,
  PAYS,
  SAVED,
  TAIL,
  TIMED,
  WANT,
  WANT_ANSWER,
} from "./words.ts";

/** The actor that has the instance: its record, the first word of its pid, and its reel. */
let record: i32 = 0;
let recordLo: i32 = 0;
let reel: i32 = 0;

/** An actor has the instance from now on. */
export function sit(self: i32, lo: i32, at: i32): void {
  record = self;
  recordLo = lo;
  reel = at;
}

/** Gives the actor its turn. */
export function turn(self: i32): i32 {
  if (self !== record || load((self + LO) | 0) !== recordLo) tapeSeat(self);
  const flags = load((self + FLAGS) | 0);
  if ((flags & PAYS) !== 0 || load((self + WANT) | 0) === WANT_ANSWER) tapeBegins(self);
  const isOver = (flags & IS_HANDLER) === 0 && load((self + TIMED) | 0) === OVER;
  if (load((self + ORDERED) | 0) !== guestLoad32((reel + REEL_SEEN) | 0)) noteItems(self, isOver);
  else if (isOver) noteByte(TIMEOUT);
  noteByte(TURN);
  const left = portTurn(self);
  guestStore32((reel + REEL_TAIL) | 0, load((self + TAIL) | 0));
  if ((flags & PAYS) !== 0 || guestLoad32((reel + REEL_RESTS) | 0) !== 0) tapeRests(self);
  return left;
}

export function send(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32 {
  begin();
  const answer = portSend(lo, hi, tag, pointer, length);
  note(OF_SEND, answer);
  return answer;
}

export function request(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32 {
  begin();
  const answer = portRequest(lo, hi, tag, pointer, length);
  note(OF_REQUEST, answer);
  return answer;
}

export function link(lo: i32, hi: i32): i32 {
  begin();
  const answer = portLink(lo, hi);
  note(OF_LINK, answer);
  return answer;
}

export function unlink(lo: i32, hi: i32): i32 {
  begin();
  const answer = portUnlink(lo, hi);
  note(OF_UNLINK, answer);
  return answer;
}

export function monitor(lo: i32, hi: i32): i32 {
  begin();
  const answer = portMonitor(lo, hi);
  note(OF_MONITOR, answer);
  return answer;
}

export function demonitor(ref: i32, flush: i32): i32 {
  begin();
  const answer = portDemonitor(ref, flush);
  note(OF_DEMONITOR, answer);
  return answer;
}

/** The actor calls an import: what comes into its mailbox meanwhile begins at its end. */
export function begin(): void {
  if ((load((record + FLAGS) | 0) & PAYS) !== 0) tapePays();
  guestStore32((reel + REEL_TAIL) | 0, load((record + TAIL) | 0));
}

/** The import of a number has answered. */
function note(id: i32, answer: i32): void {
  if ((load((record + FLAGS) | 0) & PAYS) !== 0) tapePaid();
  if (answer === 1) {
    noteByte(ANSWERS_ONE | id);
  } else {
    const at = room(MAX_OPERATION);
    guestStore8(at, ANSWERS | id);
    written(signed((at + 1) | 0, answer));
  }
  noteMeanwhile();
}

/** Notes the items that have come since `begin`. */
export function noteMeanwhile(): void {
  if (load((record + ORDERED) | 0) === guestLoad32((reel + REEL_SEEN) | 0)) return;
  const at = firstNew(record);
  for (let item = at; item !== 0; item = next(record, item)) {
    noteByte(MEANWHILE);
    noteItem(item);
  }
  guestStore32((reel + REEL_SEEN) | 0, load((record + ORDERED) | 0));
}

/** Notes the items that have come since the last turn. If the time of its receive is over, also when that was. */
function noteItems(self: i32, isOver: bool): void {
  // Parked, it has looked at all items before the save pointer. The first one behind it found the time over.
  const saved = isOver ? from(self, load((self + SAVED) | 0)) : 0;
  let tells = isOver;
  for (let item = firstNew(self); item !== 0; item = next(self, item)) {
    if (tells && item === saved) {
      noteByte(TIMEOUT);
      tells = false;
    }
    noteItem(item);
  }
  if (tells) noteByte(TIMEOUT);
  guestStore32((reel + REEL_SEEN) | 0, load((self + ORDERED) | 0));
}

/** The first item that was not seen. There is one, and since REEL_TAIL was noted nothing was taken out. */
function firstNew(self: i32): i32 {
  const count = (load((self + ORDERED) | 0) - guestLoad32((reel + REEL_SEEN) | 0)) | 0;
  const isAll = count === load((self + COUNT) | 0);
  return from(self, isAll ? load((self + HEAD) | 0) : guestLoad32((reel + REEL_TAIL) | 0));
}

/** Notes an item of the mailbox. */
export function noteItem(item: i32): void {
  const length = load((item + LENGTH) | 0);
  const kind = load((item + KIND) | 0);
  if ((kind & OUTSIDE) !== 0 || below(MAX_LOGGED_BYTES, length)) {
    tapeLong(item);
    return;
  }
  const begin = room((MAX_OPERATION + length) | 0);
  const at = head(begin, item, kind, length);
  copyOut(at, (item + ITEM_HEADER) | 0, length);
  written((at + length) | 0);
}

/** Writes all of an item but its payload. Answers where that goes. */
function head(begin: i32, item: i32, kind: i32, length: i32): i32 {
  const lo = load((item + FROM_LO) | 0);
  const hi = load((item + FROM_LO + 4) | 0);
  const hasRef = !are2((item + REF) | 0, 0, 0);
  const slot = (lo << 3) & (SENDERS_BYTES - 8);
  const place = (reel + REEL_SENDERS + slot) | 0;
  const isKnown = guestLoad32(place) === lo && guestLoad32((place + 4) | 0) === hi;
  guestStore8(begin, ITEM | (kind - 1) | (isKnown ? KNOWN_SENDER : 0) | (hasRef ? HAS_REF : 0));
  let at = (begin + 1) | 0;
  if (isKnown) {
    guestStore8(at, slot >> 3);
    at = (at + 1) | 0;
  } else {
    guestStore32(place, lo);
    guestStore32((place + 4) | 0, hi);
    at = number(number(at, lo), hi);
  }
  at = signed(at, load((item + TAG) | 0));
  if (hasRef) at = number(signed(at, load((item + REF) | 0)), load((item + REASON) | 0));
  return number(at, length);
}

/** Notes a long item but its payload, which the host adds. */
export function noteHead(item: i32): void {
  const kind = load((item + KIND) | 0) & ~OUTSIDE;
  written(head(room(MAX_OPERATION), item, kind, load((item + LENGTH) | 0)));
}

function noteByte(value: i32): void {
  const at = room(1);
  guestStore8(at, value);
  written((at + 1) | 0);
}

/** Where the next bytes of the log go. */
// @inline
function room(bytes: i32): i32 {
  if (below((reel + REEL_BYTES) | 0, (guestLoad32((reel + REEL_AT) | 0) + bytes) | 0)) tapeFull(reel);
  return guestLoad32((reel + REEL_AT) | 0);
}

/** The log ends here now. */
// @inline
function written(at: i32): void {
  guestStore32((reel + REEL_AT) | 0, at);
}

/** Writes a number without a sign. Answers where the next one goes. */
// @inline
function number(begin: i32, value: i32): i32 {
  let at = begin;
  let rest = value;
  while (!below(rest, 128)) {
    guestStore8(at, (rest & 127) | 128);
    at = (at + 1) | 0;
    rest = (rest >>> 7) | 0;
  }
  guestStore8(at, rest);
  return (at + 1) | 0;
}

/** Writes a number with a sign. */
// @inline
function signed(at: i32, value: i32): i32 {
  return number(at, value < 0 ? ~(value << 1) : value << 1);
}
