/**
 * Plays the log of a recorded actor, which lies in the tape: brings its items, gives its turns, and answers its
 * imports. What is rare is the host's: `play` returns where such an operation comes next. Nothing in the log is
 * trusted: no byte beyond its end is read, and a number that has none stops the player.
 */
import { deliver } from "./delivery.ts";
import { turnOf } from "./loop.ts";
import { placeMark, prepareMark } from "./marks.ts";
import { below, copyIn, guestLoad8, guestLoad32, guestStore32, load, store } from "./memory.ts";
import { tapeAnswer, tapeMeanwhile } from "./tape-outside.ts";
import {
  ANSWERS,
  ANSWERS_ONE,
  HAS_REF,
  ITEM,
  KIND_BITS,
  KNOWN_SENDER,
  MEANWHILE,
  OF_LINK,
  OF_MONITOR,
  OF_REQUEST,
  OF_SEND,
  OF_UNLINK,
  SENDERS_BYTES,
  TIMEOUT,
  TURN,
} from "./tape-words.ts";
import {
  ACCEPTED_GIVE_WAY,
  FREE,
  GIVING_WAY,
  MAX_INSIDE_BYTES,
  NEXT,
  NOTHING,
  OVER,
  QUEUE_LENGTH,
  READY,
  RESTRAINT,
  STAGING,
  STATE,
  TIMED,
  TIMED_LENGTH,
  TURNS_LEFT,
} from "./words.ts";

/** The senders that the log knows lie at the beginning of the tape, and the log behind them. */
const SENDERS = 0;

/** The actor that plays. */
let record: i32 = 0;
/** The next operation of the log, and its end. */
let at: i32 = 0;
let end: i32 = 0;
/** Items that were brought. */
let items: i32 = 0;
/** A number ends behind the log, or never. */
let isBroken: bool = false;

/** The log lies between two addresses of the tape. */
export function open(self: i32, from: i32, to: i32, count: i32): void {
  record = self;
  at = from;
  end = to;
  items = count;
}

/** The items that were brought are those of a checkpoint. */
export function forgetItems(): void {
  items = 0;
}

export function position(): i32 {
  return at;
}

/** The host has read what lies before this address. */
export function seek(place: i32): void {
  at = place;
}

/** How many items were brought. */
export function brought(): i32 {
  return items;
}

/** The host has brought one. */
export function countItem(): void {
  items = (items + 1) | 0;
}

/**
 * Plays at most so many turns, until so many items were brought. Answers what is left of a turn, or NOTHING: the
 * next operation is the host's, or there is nothing more to play.
 */
export function play(turns: i32, lastItem: i32): i32 {
  let left = turns;
  while (below(at, end) && left > 0) {
    const operation = guestLoad8(at);
    if (operation === TURN) {
      left = (left - 1) | 0;
      at = (at + 1) | 0;
      // No other actor has turns, so the run queue and the list of deadlines mean nothing.
      store(QUEUE_LENGTH, 0);
      store(TIMED_LENGTH, 0);
      store(TURNS_LEFT, 1);
      store((record + NEXT) | 0, 0);
      const rest = turnOf(record);
      if (rest !== NOTHING) return record | rest;
    } else if (operation === TIMEOUT) {
      at = (at + 1) | 0;
      store((record + TIMED) | 0, OVER);
      store((record + STATE) | 0, READY);
    } else if (operation < ITEM || operation >= ANSWERS || items === lastItem || !bringItem(operation)) {
      return NOTHING;
    }
  }
  return NOTHING;
}

/** Brings the next item. False: it is long or broken, so the host looks at it, and nothing has changed. */
function bringItem(operation: i32): bool {
  const begin = at;
  at = (at + 1) | 0;
  isBroken = false;
  let lo = 0;
  let hi = 0;
  let place = 0;
  if ((operation & KNOWN_SENDER) !== 0) {
    place = (SENDERS + ((read() << 3) & (SENDERS_BYTES - 8))) | 0;
    lo = guestLoad32(place);
    hi = guestLoad32((place + 4) | 0);
  } else {
    lo = read();
    hi = read();
    place = (SENDERS + ((lo << 3) & (SENDERS_BYTES - 8))) | 0;
  }
  const tag = signed();
  const ref = (operation & HAS_REF) !== 0 ? signed() : 0;
  const reason = (operation & HAS_REF) !== 0 ? read() : 0;
  const length = read();
  if (isBroken || below(MAX_INSIDE_BYTES, length) || below((end - at) | 0, length)) {
    at = begin;
    return false;
  }
  copyIn(STAGING, at, length);
  const kind = ((operation & KIND_BITS) + 1) | 0;
  if (!deliver(record, kind, tag, lo, hi, ref, reason, length, 0, false)) {
    at = begin;
    return false;
  }
  guestStore32(place, lo);
  guestStore32((place + 4) | 0, hi);
  at = (at + length) | 0;
  items = (items + 1) | 0;
  return true;
}

export function send(_lo: i32, _hi: i32, _tag: i32, _pointer: i32, _length: i32): i32 {
  const answer = answerOf(OF_SEND);
  if (answer === ACCEPTED_GIVE_WAY) store((record + TIMED) | 0, GIVING_WAY);
  meanwhile();
  return answer;
}

export function request(_lo: i32, _hi: i32, _tag: i32, _pointer: i32, _length: i32): i32 {
  return withMark(answerOf(OF_REQUEST));
}

export function monitor(_lo: i32, _hi: i32): i32 {
  return withMark(answerOf(OF_MONITOR));
}

export function link(_lo: i32, _hi: i32): i32 {
  const answer = answerOf(OF_LINK);
  meanwhile();
  return answer;
}

export function unlink(_lo: i32, _hi: i32): i32 {
  const answer = answerOf(OF_UNLINK);
  meanwhile();
  return answer;
}

/** The ref that was made has its mark before all that comes for it. */
function withMark(ref: i32): i32 {
  if (ref < 0) {
    prepareMark(record);
    placeMark(record, ref);
  }
  meanwhile();
  return ref;
}

/** What the import of a number has answered. */
function answerOf(id: i32): i32 {
  if (load((record + RESTRAINT) | 0) !== FREE || !below(at, end)) return tapeAnswer(id);
  const operation = guestLoad8(at);
  if (operation === (ANSWERS_ONE | id)) {
    at = (at + 1) | 0;
    return 1;
  }
  if (operation !== (ANSWERS | id)) return tapeAnswer(id);
  const begin = at;
  at = (at + 1) | 0;
  isBroken = false;
  const answer = signed();
  if (!isBroken) return answer;
  at = begin;
  return tapeAnswer(id);
}

function meanwhile(): void {
  if (below(at, end) && guestLoad8(at) === MEANWHILE) tapeMeanwhile();
}

/** A number without a sign. */
function read(): i32 {
  let value = 0;
  for (let shift = 0; shift < 35; shift = (shift + 7) | 0) {
    if (!below(at, end)) break;
    const byte = guestLoad8(at);
    at = (at + 1) | 0;
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
  isBroken = true;
  return 0;
}

/** A number with a sign. */
function signed(): i32 {
  const value = read();
  return (value & 1) !== 0 ? ~((value >>> 1) | 0) : (value >>> 1) | 0;
}
