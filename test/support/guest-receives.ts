/** The receives of guests that are written in TypeScript. Each answer is checked against a plain array. */

import { type Receive, wants } from "./guest-programs.ts";
import type { KernelGuests } from "./kernel-guests.ts";
import { bears, hasTag, type Item } from "./kernel-items.ts";
import { insist, word } from "./kernel-memory.ts";
import { CANARY, checkShown, type Guest, type Waiting } from "./shown-items.ts";
import * as W from "./words.ts";

/** Below this, a predicate is asked about all items in one turn. */
const ASKED_BYTES_A_TURN = 262_144;

/** A guest receives, and gets an answer, or waits. */
export function receive(guests: KernelGuests, me: Guest, asked: Receive): void {
  const wanted = {
    any: 0,
    tag: asked.tag,
    ref: me.refs[asked.which % Math.max(1, me.refs.length)] ?? -5,
    match: asked.predicate,
  };
  // A predicate without a header can look at bytes only.
  const info = asked.how === "match" && asked.info === 0 ? 1 : asked.info;
  const waiting: Waiting = {
    ...{ ...asked, info: info * 64, wanted: wanted[asked.how], asked: 0, paid: guests.paid },
    asksAgain: me.held?.how !== asked.how || me.held.wanted !== wanted[asked.how],
  };
  if (waiting.asksAgain) me.held = undefined;
  else waiting.asked = me.mailbox.indexOf((me.held as { item: Item }).item);
  me.last = asked;
  me.waiting = waiting;
  me.isOver = false;
  new Uint8Array(me.memory.buffer).fill(CANARY);
  const { pointer, capacity, timeoutMs } = waiting;
  const window = [waiting.info, pointer, capacity, timeoutMs] as const;
  const isSpent = word(guests.memory, me.record + W.BUDGET) <= 0;
  const answer =
    waiting.how === "any"
      ? me.kernel.recv(...window)
      : waiting.how === "match"
        ? me.kernel.recvMatch(...window, waiting.wanted)
        : me.kernel.recvTag(...window, waiting.wanted);
  if (answer !== W.PARK) {
    me.waiting = undefined;
    insist(answer !== W.TIMEOUT_OVER || timeoutMs === 0 || me.isHandler, "a receive does not wait for its time");
    answered(guests, me, waiting, answer, false);
    return;
  }
  insist(!me.isHandler, "a receive in a handler answers that it has to park");
  insist(timeoutMs !== 0 || isSpent, "a poll answers that it has to park");
  const isLong = me.mailbox.reduce((sum, { payload }) => sum + payload.length + 32, 0) > ASKED_BYTES_A_TURN;
  insist(
    isSpent || (isLong && waiting.how === "match") || wantedPlace(me, waiting) < 0,
    "a receive passes what it wants",
  );
}

/** Where in its mailbox the item is that a receive wants; -1: there is none. */
export function wantedPlace(me: Guest, receive: Waiting): number {
  if (receive.how === "any") return me.mailbox.length - 1 >= 0 ? 0 : -1;
  if (receive.how === "tag") return me.mailbox.findIndex(item => hasTag(item, receive.wanted));
  if (receive.how === "ref") return me.mailbox.findIndex(item => bears(item, receive.wanted));
  return me.mailbox.findIndex(item => wants(receive.wanted, item, item.payload.subarray(0, receive.capacity)));
}

/** A receive has got its answer: there and then, or by its park. */
export function answered(guests: KernelGuests, me: Guest, receive: Waiting, answer: number, isLater: boolean): void {
  const place = wantedPlace(me, receive);
  const isAsked = receive.how === "match";
  if (answer === W.TIMEOUT_OVER) {
    insist(place < 0, "a receive finds nothing, and there is something");
    insist(!isLater || receive.timeoutMs === 0 || me.isOver, "a receive ends before its time");
    checkShown(me, undefined, receive.info, receive.pointer, receive.capacity, isAsked);
    return;
  }
  const item = me.mailbox[place];
  insist(
    item !== undefined && item.payload.length === answer,
    `a receive answers ${answer}, and wants the item ${place}`,
  );
  checkShown(me, item, receive.info, receive.pointer, receive.capacity, isAsked);
  if (me.at === 3 && !isLater) checkPaid(guests, me, receive, place, Math.min(answer, receive.capacity));
  if (answer <= receive.capacity) guests.take(me, place);
  else me.held = { item, how: receive.how, wanted: receive.wanted };
}

/** What is passed and copied has its price. What arrives while an actor is parked is passed for nothing. */
function checkPaid(
  guests: KernelGuests,
  me: Guest,
  { how, paid, asksAgain }: Waiting,
  place: number,
  copied: number,
): void {
  const isPassed = (how === "tag" || how === "match") && asksAgain;
  const passed = isPassed ? me.mailbox.slice(0, place).reduce((sum, { payload }) => sum + 32 + payload.length, 0) : 0;
  insist(guests.paid - paid >= (passed >> 5) + (copied >> 6), "a receive has cost too little");
}

/** Takes out all items that bear a ref. */
export function flush(me: Guest, ref: number): void {
  for (;;) {
    const at = me.kernel.findRef(me.record, me.kernel.startFor(me.record, ref), ref);
    const place = me.mailbox.findIndex(item => bears(item, ref));
    insist((at === 0) === place < 0, "a flush finds another item");
    if (at === 0) return;
    me.kernel.remove(me.record, at);
    const [item] = me.mailbox.splice(place, 1);
    if (me.held?.item === item) me.held = undefined;
    if (me.waiting !== undefined && place < me.waiting.asked) me.waiting.asked--;
  }
}
