/**
 * What a recorded actor's guest calls instead of its port. It calls the port, and writes what came of it into the
 * actor's reel. So does the turn, which first writes what has come into the mailbox since the last one. Whoever
 * sends to the actor does nothing more than for any other.
 *
 * What the actor receives is not written: a replay receives the same from the same mailbox.
 */
import {
  FROM_LO,
  IS_DEAD,
  IS_LINK,
  ITEM_HEADER,
  KIND,
  LENGTH,
  MESSAGE,
  OUTSIDE,
  REASON,
  REF,
  TAG,
} from "./mail-words.ts";
import { are2, below, copyOut, guestCopy2, guestLoad32, guestStore8, guestStore32, load } from "./memory.ts";
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
  if ((flags & IS_HANDLER) === 0 && load((self + TIMED) | 0) === OVER) noteOver(self);
  else if (newItems(self) !== 0) noteItems(self);
  noteByte(TURN);
  const left = portTurn(self);
  guestStore32((reel + REEL_TAIL) | 0, load((self + TAIL) | 0));
  if ((flags & PAYS) !== 0 || guestLoad32((reel + REEL_RESTS) | 0) !== 0) tapeRests(self);
  return left;
}

export function send(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32 {
  noteBegin();
  const answer = portSend(lo, hi, tag, pointer, length);
  note(OF_SEND, answer);
  return answer;
}

export function request(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32 {
  noteBegin();
  const answer = portRequest(lo, hi, tag, pointer, length);
  note(OF_REQUEST, answer);
  return answer;
}

export function link(lo: i32, hi: i32): i32 {
  noteBegin();
  const answer = portLink(lo, hi);
  note(OF_LINK, answer);
  return answer;
}

export function unlink(lo: i32, hi: i32): i32 {
  noteBegin();
  const answer = portUnlink(lo, hi);
  note(OF_UNLINK, answer);
  return answer;
}

export function monitor(lo: i32, hi: i32): i32 {
  noteBegin();
  const answer = portMonitor(lo, hi);
  note(OF_MONITOR, answer);
  return answer;
}

export function demonitor(ref: i32, flush: i32): i32 {
  noteBegin();
  const answer = portDemonitor(ref, flush);
  note(OF_DEMONITOR, answer);
  return answer;
}

/** The actor calls an import: what comes into its mailbox meanwhile begins at its end. */
export function begin(): void {
  noteBegin();
}

// @inline
function noteBegin(): void {
  if ((load((record + FLAGS) | 0) & PAYS) !== 0) tapePays();
  guestStore32((reel + REEL_TAIL) | 0, load((record + TAIL) | 0));
}

/** The import of a number has answered. */
// @inline
function note(id: i32, answer: i32): void {
  if ((load((record + FLAGS) | 0) & PAYS) !== 0) tapePaid();
  if (answer === 1) {
    noteByte(ANSWERS_ONE | id);
  } else {
    const at = room(MAX_OPERATION);
    guestStore8(at, ANSWERS | id);
    written(signed((at + 1) | 0, answer));
  }
  if (newItems(record) !== 0) noteMeanwhile();
}

/** Notes the items that have come since `begin`. */
export function noteMeanwhile(): void {
  if (newItems(record) === 0) return;
  for (let item = firstNew(record, newItems(record)); item !== 0; item = next(record, item)) {
    noteByte(MEANWHILE);
    noteItem(item);
  }
  guestStore32((reel + REEL_SEEN) | 0, load((record + ORDERED) | 0));
}

/** Notes the items that have come since the last turn. */
// @inline
function noteItems(self: i32): void {
  let left = newItems(self);
  let item = firstNew(self, left);
  while (true) {
    noteItem(item);
    left = (left - 1) | 0;
    if (left <= 0) break;
    item = next(self, item);
  }
  guestStore32((reel + REEL_SEEN) | 0, load((self + ORDERED) | 0));
}

/** The same, of an actor whose receive has come to the end of its time, and when that was. */
function noteOver(self: i32): void {
  // Parked, it has looked at all items before the save pointer. The first one behind it found the time over.
  const saved = from(self, load((self + SAVED) | 0));
  let tells = true;
  const left = newItems(self);
  for (let item = left === 0 ? 0 : firstNew(self, left); item !== 0; item = next(self, item)) {
    if (tells && item === saved) {
      noteByte(TIMEOUT);
      tells = false;
    }
    noteItem(item);
  }
  if (tells) noteByte(TIMEOUT);
  guestStore32((reel + REEL_SEEN) | 0, load((self + ORDERED) | 0));
}

/** How many items were not seen. */
// @inline
function newItems(self: i32): i32 {
  return (load((self + ORDERED) | 0) - guestLoad32((reel + REEL_SEEN) | 0)) | 0;
}

/** The first of so many items that were not seen. Since REEL_TAIL was noted, nothing was taken out. */
// @inline
function firstNew(self: i32, count: i32): i32 {
  const isAll = count === load((self + COUNT) | 0);
  const begin = isAll ? load((self + HEAD) | 0) : guestLoad32((reel + REEL_TAIL) | 0);
  const kind = load((begin + KIND) | 0);
  return kind === IS_DEAD || kind === IS_LINK ? from(self, begin) : begin;
}

/** Notes an item of the mailbox. */
export function noteItem(item: i32): void {
  const length = load((item + LENGTH) | 0);
  const kind = load((item + KIND) | 0);
  if (kind === MESSAGE && below(length, 128) && below(load((item + TAG) | 0), 64) && are2((item + REF) | 0, 0, 0)) {
    const slot = slotOf(load((item + FROM_LO) | 0));
    if (isKnown(slot, item)) {
      // Most are like this: the four bytes before the payload are written at once.
      const at = room((MAX_OPERATION + 128) | 0);
      const words = ITEM | KNOWN_SENDER | (slot << 5) | (load((item + TAG) | 0) << 17) | (length << 24);
      guestStore32(at, words);
      const payload = (item + ITEM_HEADER) | 0;
      if (length === 8) guestCopy2((at + 4) | 0, payload);
      else copyOut((at + 4) | 0, payload, length);
      written((at + 4 + length) | 0);
      return;
    }
  }
  if ((kind & OUTSIDE) !== 0 || below(MAX_LOGGED_BYTES, length)) {
    tapeLong(item);
    return;
  }
  const begin = room((MAX_OPERATION + length) | 0);
  const at = head(begin, item, kind, length);
  copyOut(at, (item + ITEM_HEADER) | 0, length);
  written((at + length) | 0);
}

/** Where the sender of a pid is kept, if it is known: behind REEL_SENDERS. */
// @inline
function slotOf(lo: i32): i32 {
  return (lo << 3) & (SENDERS_BYTES - 8);
}

// @inline
function isKnown(slot: i32, item: i32): bool {
  const place = (reel + REEL_SENDERS + slot) | 0;
  if (guestLoad32(place) !== load((item + FROM_LO) | 0)) return false;
  return guestLoad32((place + 4) | 0) === load((item + FROM_LO + 4) | 0);
}

/** Writes all of an item but its payload. Answers where that goes. */
// @inline
function head(begin: i32, item: i32, kind: i32, length: i32): i32 {
  const lo = load((item + FROM_LO) | 0);
  const hi = load((item + FROM_LO + 4) | 0);
  const hasRef = !are2((item + REF) | 0, 0, 0);
  const slot = slotOf(lo);
  const place = (reel + REEL_SENDERS + slot) | 0;
  const knows = isKnown(slot, item);
  guestStore8(begin, ITEM | (kind - 1) | (knows ? KNOWN_SENDER : 0) | (hasRef ? HAS_REF : 0));
  let at = (begin + 1) | 0;
  if (knows) {
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

// @inline
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
