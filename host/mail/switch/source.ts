/**
 * The two modules of the switch (turns/switch.ts), as text. `assemble.ts` makes binary.ts of it: run `npm run switch` after a change.
 *
 * A *port* stands between one guest and its runtime. It has three memories: the records of all actors, their rings, and the guest's. It does
 * what is plain by itself, exactly as actor/receive.ts and turns/plain.ts do, and asks the host for everything else before it has changed anything.
 * The *loop* gives actors their turns, from port to port. The *gate* hands calls on to the host's functions: what a guest imports from JavaScript costs each
 * instance of it 130 bytes more than what it imports from another instance (V8 14, x64).
 */
import { actorImportTypes, envImportTypes } from "../../wire/abi.ts";
import { MESSAGE, SEND_ACCEPTED, SEND_GIVE_WAY, TIMER } from "../../wire/message.ts";
import * as slot from "../slots.ts";
import { FREE_BYTES, LEFT_TO_HOST, PAYS, TAKES_MESSAGES, TAKES_TURNS } from "./bits.ts";

/** A word of the switch's own page, as an address. */
const own = (word: number) => `(i32.const ${4 * word})`;
/** A word of a record, behind its address. */
const at = (word: number) => `offset=${4 * word}`;
/** Words of an item in a ring, as mail/mailbox.ts has them. */
const item = { tag: 4, from: 8, ref: 16, length: 24, payload: 32 };

const READY = 0;
const RUNNING = 1;
const PARKED = 2;
const ANY = 0;
const TAG = 1;
const MATCH = 2;
const REF = 3;
const ANSWER = 4;
/** The bit that TAG and REF have and no other. */
const BY_NUMBER = 1;
const FREE = 0;
const ASKING = 1;
const PARK = -2;
/** No answer of a receive. */
const ELSEWHERE = -3;
const DEAD_RECORDS_TOLERATED = 16;
const REBASE_AT = 2 ** 29;
const KEPT_CAPACITY = 16_384;
/** How many bytes of items a predicate is asked about in one turn, where the actor can wait for another. */
const ASKED_BYTES_A_TURN = 262_144;
/** How many bytes of items the first call of match_first is shown; each further one twice as many. */
const FIRST_ROOM = 512;
/** Up to this length eight bytes at a time are quicker than `memory.copy`. */
const LOOP_MAX_BYTES = 64;

/** Copies from one memory to another. */
const copy = (name: string, to: string, from: string) => `
  (func ${name} (param $to i32) (param $from i32) (param $length i32)
    (local $end i32)
    (if (i32.gt_u (local.get $length) (i32.const ${LOOP_MAX_BYTES})) (then
      (memory.copy ${to} ${from} (local.get $to) (local.get $from) (local.get $length))
      (return)))
    (local.set $end (i32.add (local.get $to) (i32.and (local.get $length) (i32.const -8))))
    (block $done (loop $next
      (br_if $done (i32.eq (local.get $to) (local.get $end)))
      (i64.store ${to} align=1 (local.get $to) (i64.load ${from} align=1 (local.get $from)))
      (local.set $to (i32.add (local.get $to) (i32.const 8)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (br $next)))
    (local.set $end (i32.add (local.get $to) (i32.and (local.get $length) (i32.const 7))))
    (block $done (loop $next
      (br_if $done (i32.eq (local.get $to) (local.get $end)))
      (i32.store8 ${to} (local.get $to) (i32.load8_u ${from} (local.get $from)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br $next))))`;

/** Where `$length` bytes from `$pointer` on are not inside the guest's memory: goes to a label. */
const unlessInside = (label: string) => `
      (br_if ${label} (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $pointer)) (i64.extend_i32_u (local.get $length)))
        (i64.shl (i64.extend_i32_u (memory.size $guest)) (i64.const 16))))`;

/** `send`, or `request`: what they ask before anything is changed, and what they do when the message is there. */
const sending = (name: string, host: string, may: string, done: string) => `
  (func (export "${name}") (param $lo i32) (param $hi i32) (param $tag i32) (param $pointer i32) (param $length i32) (result i32)
    (local $me i32) (local $to i32) (local $size i32) (local $place i32) (local $tail i32) (local $mask i32)
    (local $want i32) (local $passes i32) (local $ref i32)
    (local.set $me (global.get $me))
    (local.set $to (i32.add (i32.const ${4 * slot.FIRST_RECORD}) (i32.shl (i32.and (local.get $lo) (i32.const 0xfffff)) (i32.const ${slot.RECORD_SHIFT}))))
    (block $host
      (br_if $host (i32.ge_u (local.get $to) (i32.load ${own(slot.RECORDS_END)})))
      (br_if $host (i32.ne (i32.load ${own(slot.CURRENT)}) (local.get $me)))
      (br_if $host (i32.load ${at(slot.RESTRAINT)} (local.get $me)))
${may}      (br_if $host (i64.ne
        (i64.load (local.get $to))
        (i64.or (i64.extend_i32_u (local.get $lo)) (i64.shl (i64.extend_i32_u (local.get $hi)) (i64.const 32)))))
      (br_if $host (i32.eqz (i32.and (i32.load ${at(slot.SWITCHED)} (local.get $to)) (i32.const ${TAKES_MESSAGES}))))
      (br_if $host (i32.gt_u (local.get $length) (i32.load ${at(slot.MAX_MESSAGE_BYTES)} (local.get $to))))
      (if (i32.gt_u (local.get $length) (i32.const ${FREE_BYTES})) (then
        (br_if $host (call $pays (local.get $me)))))
${unlessInside("$host")}
      (br_if $host (i32.ge_u (i32.load ${at(slot.COUNT)} (local.get $to)) (i32.load ${at(slot.MAX_MESSAGES)} (local.get $to))))
      (br_if $host (i32.gt_u
        (i32.add (i32.load ${at(slot.BYTES)} (local.get $to)) (local.get $length))
        (i32.load ${at(slot.MAX_BYTES)} (local.get $to))))
      ;; All mailboxes together use more than their limit: the host decides who may have more.
      (br_if $host (i32.load ${own(slot.CROWDED)}))
      ;; Room behind the last item, in one piece.
      (local.set $size (i32.and (i32.add (local.get $length) (i32.const ${item.payload + 7})) (i32.const -8)))
      (local.set $tail (i32.load ${at(slot.TAIL)} (local.get $to)))
      (local.set $mask (i32.load ${at(slot.MASK)} (local.get $to)))
      (local.set $place (i32.and (local.get $tail) (local.get $mask)))
      (br_if $host (i32.gt_u
        (i32.sub (i32.add (local.get $tail) (local.get $size)) (i32.load ${at(slot.HEAD)} (local.get $to)))
        (i32.add (local.get $mask) (i32.const 1))))
      (br_if $host (i32.gt_u (local.get $tail) (i32.const ${REBASE_AT})))
      (br_if $host (i32.lt_s (i32.load ${at(slot.RING)} (local.get $to)) (i32.const 0)))
      (if (i32.gt_u (i32.add (local.get $place) (local.get $size)) (i32.add (local.get $mask) (i32.const 1))) (then
        (br_if $host (i32.eqz (call $wrap (local.get $to) (local.get $size))))
        (local.set $tail (i32.load ${at(slot.TAIL)} (local.get $to)))
        (local.set $place (i32.const 0))))
      (if (i32.eq (i32.load ${at(slot.STATE)} (local.get $to)) (i32.const ${PARKED})) (then
        (br_if $host (i32.eqz (i32.and (i32.load ${at(slot.SWITCHED)} (local.get $to)) (i32.const ${TAKES_TURNS}))))
        (local.set $want (i32.load ${at(slot.WANT)} (local.get $to)))
        ;; Parked, it has looked at all that there is: what it does not want, it need not look at, either.
        (local.set $passes (if (result i32) (i32.and (local.get $want) (i32.const ${BY_NUMBER}))
          (then (i32.ne (local.get $tag) (i32.load ${at(slot.WANTED)} (local.get $to))))
          (else (i32.eq (local.get $want) (i32.const ${ANSWER})))))
        (if (i32.eqz (local.get $passes)) (then
          (br_if $host (i32.ge_u (i32.load ${own(slot.QUEUE_LENGTH)}) (i32.const ${slot.QUEUE_ENTRIES})))
          (call $enqueue (local.get $to))))))
      (local.set $place (i32.add (local.get $place) (i32.load ${at(slot.RING)} (local.get $to))))
      ;; The padding, as in push of mail/mailbox.ts.
      (if (i32.and (local.get $length) (i32.const 7)) (then
        (i64.store $rings (i32.sub (i32.add (local.get $place) (local.get $size)) (i32.const 8)) (i64.const 0))))
      ;; Two words at a time, as they are read again: the processor would wait for halves that lie apart.
      (i64.store $rings (local.get $place)
        (i64.or (i64.const 1) (i64.shl (i64.extend_i32_u (local.get $tag)) (i64.const 32))))
      (i64.store $rings offset=${item.from} (local.get $place) (i64.load (local.get $me)))
      (i64.store $rings offset=${item.ref} (local.get $place) (i64.extend_i32_u (local.get $ref)))
      (i64.store $rings offset=${item.length} (local.get $place) (i64.or
        (i64.extend_i32_u (local.get $length))
        (i64.shl (i64.extend_i32_u (i32.load ${at(slot.ORDERED)} (local.get $to))) (i64.const 32))))
      (call $copyIn (i32.add (local.get $place) (i32.const ${item.payload})) (local.get $pointer) (local.get $length))
      (i32.store ${at(slot.ORDERED)} (local.get $to) (i32.add (i32.load ${at(slot.ORDERED)} (local.get $to)) (i32.const 1)))
      (local.set $tail (i32.add (local.get $tail) (local.get $size)))
      (i32.store ${at(slot.TAIL)} (local.get $to) (local.get $tail))
      (if (local.get $passes) (then (i32.store ${at(slot.SAVED)} (local.get $to) (local.get $tail))))
      (i32.store ${at(slot.COUNT)} (local.get $to) (i32.add (i32.load ${at(slot.COUNT)} (local.get $to)) (i32.const 1)))
      (i32.store ${at(slot.BYTES)} (local.get $to) (i32.add (i32.load ${at(slot.BYTES)} (local.get $to)) (local.get $length)))
      (f64.store ${own(slot.SENT)} (f64.add (f64.load ${own(slot.SENT)}) (f64.const 1)))
${done})
    (call ${host} (local.get $lo) (local.get $hi) (local.get $tag) (local.get $pointer) (local.get $length)))`;

export const port = `(module
  (import "switch" "slots" (memory $slots 2))
  (import "switch" "rings" (memory $rings 1))
  (import "guest" "memory" (memory $guest 0))
  (import "gate" "actor.send" (func $hostSend (param i32 i32 i32 i32 i32) (result i32)))
  (import "gate" "actor.request" (func $hostRequest (param i32 i32 i32 i32 i32) (result i32)))
  (import "gate" "actor.demonitor" (func $hostDemonitor (param i32 i32) (result i32)))
  (import "gate" "actor.recv" (func $hostRecv (param i32 i32 i32 i32) (result i32)))
  (import "gate" "actor.recv_tag" (func $hostRecvTag (param i32 i32 i32 i32 i32) (result i32)))
  (import "gate" "actor.recv_match" (func $hostRecvMatch (param i32 i32 i32 i32 i32) (result i32)))
  ;; The queue is no longer empty: the scheduler shall give the switch a turn.
  (import "gate" "host.call" (func $call))
  ;; The guest's memory has grown.
  (import "gate" "host.grown" (func $grown))
  ;; The last item was taken out of a large ring.
  (import "gate" "host.emptied" (func $emptied))
  ;; The mailbox has more room than it needs.
  (import "gate" "host.tidy" (func $tidy))
  ;; The actor is to end, and its predicate has answered all the same.
  (import "gate" "host.doomed" (func $doomed))
  ;; What its match_first has answered is no item.
  (import "gate" "host.astray" (func $astray))
  (type $handle (func (param i32)))
  (type $resume (func (param i32) (result i32)))
  (type $match (func (param i32 i32 i32) (result i32)))
  ;; Its handle, or its resume; its match; its match_first.
  (table $guest (export "guest") 3 3 funcref)
  ;; The record of the actor whose guest this is, and the pages that its memory has as far as the host knows. The host sets the one, and looks before
  ;; the first turn without being asked.
  (global $me (export "me") (mut i32) (i32.const 0))
  (global $pages (mut i32) (i32.const 0))

${copy("$copyIn", "$rings", "$guest")}
${copy("$copyOut", "$guest", "$rings")}

  (func $pays (param $record i32) (result i32)
    (i32.and (i32.load ${at(slot.SWITCHED)} (local.get $record)) (i32.const ${PAYS})))

  ;; Puts a record at the end of the queue, which must have room.
  (func $enqueue (param $record i32)
    (if (i32.eqz (i32.load ${own(slot.CALLED)})) (then (call $call)))
    (i32.store offset=${4 * slot.QUEUE}
      (i32.shl (i32.and
        (i32.add (i32.load ${own(slot.QUEUE_HEAD)}) (i32.load ${own(slot.QUEUE_LENGTH)}))
        (i32.const ${slot.QUEUE_ENTRIES - 1})) (i32.const 2))
      (local.get $record))
    (i32.store ${own(slot.QUEUE_LENGTH)} (i32.add (i32.load ${own(slot.QUEUE_LENGTH)}) (i32.const 1)))
    (i32.store ${at(slot.STATE)} (local.get $record) (i32.const ${READY})))

${sending(
  "send",
  "$hostSend",
  `
      ;; A negative tag answers the one request that is known here, once, and only from the actor that was asked.
      (if (i32.lt_s (local.get $tag) (i32.const 0)) (then
        (br_if $host (i32.ne (local.get $tag) (i32.load ${at(slot.CALL_REF)} (local.get $to))))
        (br_if $host (i32.ne (local.get $me) (i32.load ${at(slot.CALLEE)} (local.get $to))))
        (br_if $host (i32.load ${at(slot.CALL_ANSWERED)} (local.get $to)))))`,
  `
      (if (i32.lt_s (local.get $tag) (i32.const 0)) (then
        (i32.store ${at(slot.CALL_ANSWERED)} (local.get $to) (i32.const 1))
        (return (i32.const 1))))
      ;; As accepted of actor/give-way.ts.
      (local.set $size (i32.load ${at(slot.SENDS_LEFT)} (local.get $me)))
      (if (i32.eqz (local.get $size)) (then (return (i32.const 1))))
      (if (i32.ne (local.get $size) (i32.const 1)) (then
        (i32.store ${at(slot.SENDS_LEFT)} (local.get $me) (i32.sub (local.get $size) (i32.const 1)))
        (return (i32.const 1))))
      (if (i32.eq (i32.load ${at(slot.WAITING)} (local.get $me)) (i32.const ${slot.FOR_ANSWER})) (then (return (i32.const 1))))
      (i32.store ${at(slot.WAITING)} (local.get $me) (i32.const ${slot.GIVING_WAY}))
      (return (i32.const ${SEND_GIVE_WAY}))`,
)}
${sending(
  "request",
  "$hostRequest",
  `
      (br_if $host (i32.lt_s (local.get $tag) (i32.const 0)))
      (br_if $host (i32.eq (local.get $to) (local.get $me)))
      (br_if $host (i32.eqz (i32.load ${at(slot.MAY_REQUEST)} (local.get $me))))
      (br_if $host (i32.load ${at(slot.CALL_REF)} (local.get $me)))
      (br_if $host (call $pays (local.get $me)))
      ;; There must be room for a Down. If the ring is full, the host decides whether it may grow.
      (br_if $host (i32.load ${own(slot.CROWDED)}))
      (br_if $host (i32.and
        (i32.ne (i32.load ${at(slot.COUNT)} (local.get $me)) (i32.const 0))
        (i32.gt_u
          (i32.add
            (i32.sub (i32.load ${at(slot.TAIL)} (local.get $me)) (i32.load ${at(slot.HEAD)} (local.get $me)))
            (i32.const ${2 * item.payload}))
          (i32.add (i32.load ${at(slot.MASK)} (local.get $me)) (i32.const 1)))))
      (br_if $host (i32.ge_u (i32.load ${at(slot.COUNT)} (local.get $me)) (i32.load ${at(slot.MAX_MESSAGES)} (local.get $me))))
      (br_if $host (i32.gt_u (i32.load ${at(slot.BYTES)} (local.get $me)) (i32.load ${at(slot.MAX_BYTES)} (local.get $me))))
      (br_if $host (i32.eqz (i32.load ${own(slot.REFS_LEFT)})))
      (local.set $ref (i32.load offset=${4 * slot.REFS - 4} (i32.shl (i32.load ${own(slot.REFS_LEFT)}) (i32.const 2))))`,
  `
      (i32.store ${own(slot.REFS_LEFT)} (i32.sub (i32.load ${own(slot.REFS_LEFT)}) (i32.const 1)))
      (i32.store ${at(slot.CALL_ANSWERED)} (local.get $me) (i32.const 0))
      (i32.store ${at(slot.CALL_REF)} (local.get $me) (local.get $ref))
      (i32.store ${at(slot.CALL_MARK)} (local.get $me) (i32.load ${at(slot.TAIL)} (local.get $me)))
      (i32.store ${at(slot.CALLEE)} (local.get $me) (local.get $to))
      (local.set $place (i32.load ${at(slot.FIRST_CALLER)} (local.get $to)))
      (i32.store ${at(slot.NEXT_CALLER)} (local.get $me) (local.get $place))
      (i32.store ${at(slot.PREVIOUS_CALLER)} (local.get $me) (i32.const 0))
      (if (local.get $place) (then (i32.store ${at(slot.PREVIOUS_CALLER)} (local.get $place) (local.get $me))))
      (i32.store ${at(slot.FIRST_CALLER)} (local.get $to) (local.get $me))
      (return (local.get $ref))`,
)}

  ;; As demonitor of between/monitors.ts, for the request that is in flight; where its flush finds something, the host does it.
  (func (export "demonitor") (param $ref i32) (param $flush i32) (result i32)
    (local $me i32) (local $position i32) (local $place i32) (local $callee i32)
    (local.set $me (global.get $me))
    (block $host
      (br_if $host (i32.ne (i32.load ${own(slot.CURRENT)}) (local.get $me)))
      (br_if $host (i32.load ${at(slot.RESTRAINT)} (local.get $me)))
      (br_if $host (i32.eqz (local.get $ref)))
      (br_if $host (i32.ne (i32.load ${at(slot.CALL_REF)} (local.get $me)) (local.get $ref)))
      (if (i32.and
          (i32.ne (local.get $flush) (i32.const 0))
          (i32.ne (i32.load ${at(slot.COUNT)} (local.get $me)) (i32.const 0)))
        (then
          (br_if $host (i32.lt_s (i32.load ${at(slot.RING)} (local.get $me)) (i32.const 0)))
          (local.set $position (call $answers (local.get $me)))
          (block $none (loop $next
            (local.set $position (call $live (local.get $me) (local.get $position)))
            (br_if $none (i32.ge_s (local.get $position) (i32.load ${at(slot.TAIL)} (local.get $me))))
            (local.set $place (call $placeOf (local.get $me) (local.get $position)))
            (br_if $host (call $bears (local.get $place) (local.get $ref)))
            (local.set $position (i32.add (local.get $position) (call $sizeAt (local.get $place))))
            (br $next)))))
      (i32.store ${at(slot.CALL_REF)} (local.get $me) (i32.const 0))
      (local.set $callee (i32.load ${at(slot.CALLEE)} (local.get $me)))
      (local.set $position (i32.load ${at(slot.NEXT_CALLER)} (local.get $me)))
      (local.set $place (i32.load ${at(slot.PREVIOUS_CALLER)} (local.get $me)))
      (if (local.get $place)
        (then (i32.store ${at(slot.NEXT_CALLER)} (local.get $place) (local.get $position)))
        (else (i32.store ${at(slot.FIRST_CALLER)} (local.get $callee) (local.get $position))))
      (if (local.get $position) (then (i32.store ${at(slot.PREVIOUS_CALLER)} (local.get $position) (local.get $place))))
      (return (i32.const 1)))
    (call $hostDemonitor (local.get $ref) (local.get $flush)))

  ;; A record is never split: a dead one fills the end of the ring. 0: there is no room at its beginning, and nothing was done.
  (func $wrap (param $to i32) (param $size i32) (result i32)
    (local $tail i32) (local $gap i32) (local $capacity i32) (local $place i32)
    (local.set $tail (i32.load ${at(slot.TAIL)} (local.get $to)))
    (local.set $capacity (i32.add (i32.load ${at(slot.MASK)} (local.get $to)) (i32.const 1)))
    (local.set $place (i32.and (local.get $tail) (i32.load ${at(slot.MASK)} (local.get $to))))
    (local.set $gap (i32.sub (local.get $capacity) (local.get $place)))
    (if (i32.gt_u
        (i32.sub
          (i32.add (i32.add (local.get $tail) (local.get $gap)) (local.get $size))
          (i32.load ${at(slot.HEAD)} (local.get $to)))
        (local.get $capacity))
      (then (return (i32.const 0))))
    (i64.store $rings
      (i32.add (local.get $place) (i32.load ${at(slot.RING)} (local.get $to)))
      (i64.shl (i64.extend_i32_u (local.get $gap)) (i64.const 32)))
    (i32.store ${at(slot.DEAD_RECORDS)} (local.get $to) (i32.add (i32.load ${at(slot.DEAD_RECORDS)} (local.get $to)) (i32.const 1)))
    (local.set $gap (i32.add (local.get $tail) (local.get $gap)))
    (i32.store ${at(slot.TAIL)} (local.get $to) (local.get $gap))
    (if (i32.eq (i32.load ${at(slot.SAVED)} (local.get $to)) (local.get $tail)) (then
      (i32.store ${at(slot.SAVED)} (local.get $to) (local.get $gap))))
    (i32.const 1))

  (func $placeOf (param $me i32) (param $position i32) (result i32)
    (i32.add
      (i32.load ${at(slot.RING)} (local.get $me))
      (i32.and (local.get $position) (i32.load ${at(slot.MASK)} (local.get $me)))))

  ;; Of a live record.
  (func $sizeAt (param $place i32) (result i32)
    (i32.and
      (i32.add (i32.load $rings offset=${item.length} (local.get $place)) (i32.const ${item.payload + 7}))
      (i32.const -8)))

  ;; Whether a live record is a message that is tagged with a ref, or anything else that bears it.
  (func $bears (param $place i32) (param $ref i32) (result i32)
    (i32.eq
      (local.get $ref)
      (if (result i32) (i32.eq (i32.load $rings (local.get $place)) (i32.const 1))
        (then (i32.load $rings offset=${item.tag} (local.get $place)))
        (else (i32.load $rings offset=${item.ref} (local.get $place))))))

  ;; The first position where an answer to the request in flight may be.
  (func $answers (param $me i32) (result i32)
    (local $head i32) (local $mark i32)
    (local.set $head (i32.load ${at(slot.HEAD)} (local.get $me)))
    (local.set $mark (i32.load ${at(slot.CALL_MARK)} (local.get $me)))
    (select (local.get $head) (local.get $mark) (i32.gt_s (local.get $head) (local.get $mark))))

  ;; Writes an item, or as much of it as has room, into the window.
  (func $show (param $me i32) (param $place i32) (param $length i32)
    (local $info i32) (local $room i32)
    (local.set $info (i32.load ${at(slot.INFO)} (local.get $me)))
    (if (local.get $info) (then
      (i64.store $guest (local.get $info) (i64.load $rings (local.get $place)))
      (i64.store $guest offset=8 (local.get $info) (i64.load $rings offset=8 (local.get $place)))
      (i64.store $guest offset=16 (local.get $info) (i64.load $rings offset=16 (local.get $place)))
      (i64.store $guest offset=24 (local.get $info) (i64.extend_i32_u (local.get $length)))))
    (local.set $room (i32.load ${at(slot.CAPACITY)} (local.get $me)))
    (call $copyOut
      (i32.load ${at(slot.POINTER)} (local.get $me))
      (i32.add (local.get $place) (i32.const ${item.payload}))
      (select (local.get $length) (local.get $room) (i32.lt_u (local.get $length) (local.get $room)))))

  ;; The first position from one on where a live record is, or the tail.
  (func $live (param $me i32) (param $position i32) (result i32)
    (local $place i32)
    (block $found (loop $next
      (br_if $found (i32.ge_s (local.get $position) (i32.load ${at(slot.TAIL)} (local.get $me))))
      (local.set $place (i32.add
        (i32.load ${at(slot.RING)} (local.get $me))
        (i32.and (local.get $position) (i32.load ${at(slot.MASK)} (local.get $me)))))
      (br_if $found (i32.load $rings (local.get $place)))
      (local.set $position (i32.add (local.get $position) (i32.load $rings offset=4 (local.get $place))))
      (br $next)))
    (local.get $position))

  ;; As remove of mail/mailbox.ts; what is seldom to be done the host does.
  (func $remove (param $me i32) (param $position i32) (param $place i32) (param $length i32)
    (local $size i32) (local $count i32) (local $tail i32)
    (local.set $size (i32.and (i32.add (local.get $length) (i32.const ${item.payload + 7})) (i32.const -8)))
    (local.set $count (i32.sub (i32.load ${at(slot.COUNT)} (local.get $me)) (i32.const 1)))
    (i32.store ${at(slot.COUNT)} (local.get $me) (local.get $count))
    (i32.store ${at(slot.BYTES)} (local.get $me) (i32.sub (i32.load ${at(slot.BYTES)} (local.get $me)) (local.get $length)))
    (if (i32.eqz (local.get $count)) (then
      (i32.store ${at(slot.DEAD_RECORDS)} (local.get $me) (i32.const 0))
      (i32.store ${at(slot.CALL_MARK)} (local.get $me) (i32.const 0))
      (if (i32.or
          (i32.load ${at(slot.MARKS)} (local.get $me))
          (i32.gt_u (i32.load ${at(slot.MASK)} (local.get $me)) (i32.const ${KEPT_CAPACITY - 1})))
        (then (call $emptied))
        (else
          (i64.store ${at(slot.HEAD)} (local.get $me) (i64.const 0))
          (i32.store ${at(slot.SAVED)} (local.get $me) (i32.const 0))))
      (return)))
    (if (i32.eq (local.get $position) (i32.load ${at(slot.HEAD)} (local.get $me)))
      (then
        (local.set $position (i32.add (local.get $position) (local.get $size)))
        ;; A live one follows: those before it are dead, and say how long they are in their second word.
        (block $live (loop $next
          (local.set $place (i32.add
            (i32.load ${at(slot.RING)} (local.get $me))
            (i32.and (local.get $position) (i32.load ${at(slot.MASK)} (local.get $me)))))
          (br_if $live (i32.load $rings (local.get $place)))
          (local.set $position (i32.add (local.get $position) (i32.load $rings offset=4 (local.get $place))))
          (i32.store ${at(slot.DEAD_RECORDS)} (local.get $me)
            (i32.sub (i32.load ${at(slot.DEAD_RECORDS)} (local.get $me)) (i32.const 1)))
          (br $next)))
        (i32.store ${at(slot.HEAD)} (local.get $me) (local.get $position))
        (if (i32.lt_s (i32.load ${at(slot.SAVED)} (local.get $me)) (local.get $position)) (then
          (i32.store ${at(slot.SAVED)} (local.get $me) (local.get $position)))))
      (else
        (local.set $tail (i32.load ${at(slot.TAIL)} (local.get $me)))
        (if (i32.and
            (i32.eq (i32.add (local.get $position) (local.get $size)) (local.get $tail))
            (i32.eqz (i32.load ${at(slot.MARKS)} (local.get $me))))
          (then
            (local.set $tail (local.get $position))
            (i32.store ${at(slot.TAIL)} (local.get $me) (local.get $tail))
            (if (i32.gt_s (i32.load ${at(slot.SAVED)} (local.get $me)) (local.get $tail)) (then
              (i32.store ${at(slot.SAVED)} (local.get $me) (local.get $tail))))
            (if (i32.gt_s (i32.load ${at(slot.CALL_MARK)} (local.get $me)) (local.get $tail)) (then
              (i32.store ${at(slot.CALL_MARK)} (local.get $me) (local.get $tail)))))
          (else
            (i64.store $rings (local.get $place) (i64.shl (i64.extend_i32_u (local.get $size)) (i64.const 32)))
            (i32.store ${at(slot.DEAD_RECORDS)} (local.get $me)
              (i32.add (i32.load ${at(slot.DEAD_RECORDS)} (local.get $me)) (i32.const 1)))))
        ;; The save pointer does not stand before dead records alone.
        (if (i32.eq (call $live (local.get $me) (i32.load ${at(slot.SAVED)} (local.get $me))) (local.get $tail)) (then
          (i32.store ${at(slot.SAVED)} (local.get $me) (local.get $tail))))))
    (if (i32.or
        (i32.and
          (i32.gt_s (i32.load ${at(slot.DEAD_RECORDS)} (local.get $me)) (i32.const ${DEAD_RECORDS_TOLERATED}))
          (i32.gt_s (i32.load ${at(slot.DEAD_RECORDS)} (local.get $me)) (local.get $count)))
        (i32.and
          (i32.gt_u (i32.load ${at(slot.MASK)} (local.get $me)) (i32.const ${KEPT_CAPACITY - 1}))
          (i32.lt_u
            (i32.sub (i32.load ${at(slot.TAIL)} (local.get $me)) (i32.load ${at(slot.HEAD)} (local.get $me)))
            (i32.shr_u (i32.load ${at(slot.MASK)} (local.get $me)) (i32.const 3)))))
      (then (call $tidy))))

  ;; Asks the predicate about an item.
  (func $ask (param $me i32) (param $place i32) (param $length i32) (result i32)
    (local $answer i32) (local $room i32)
    (call $show (local.get $me) (local.get $place) (local.get $length))
    (local.set $room (i32.load ${at(slot.CAPACITY)} (local.get $me)))
    (i32.store ${at(slot.RESTRAINT)} (local.get $me) (i32.const ${ASKING}))
    (local.set $answer (call_indirect $guest (type $match)
      (i32.load ${at(slot.WANTED)} (local.get $me))
      (i32.load ${at(slot.POINTER)} (local.get $me))
      (select (local.get $length) (local.get $room) (i32.lt_u (local.get $length) (local.get $room)))
      (i32.const 1)))
    (call $lookForGrowth)
    (if (i32.ne (i32.load ${at(slot.RESTRAINT)} (local.get $me)) (i32.const ${ASKING})) (then (call $doomed)))
    (i32.store ${at(slot.RESTRAINT)} (local.get $me) (i32.const ${FREE}))
    (local.get $answer))

  ;; Asks which of the items from a live one on is wanted first, as many as lie side by side and have room together. The position of the one that is, plus 1;
  ;; or where to go on, for none of them is; or the given position, and nothing was asked, where not even two have room.
  (func $askMany (param $me i32) (param $position i32) (param $room i32) (result i32)
    (local $begin i32) (local $place i32) (local $end i32) (local $limit i32) (local $length i32) (local $size i32) (local $answer i32)
    (local.set $begin (i32.and (local.get $position) (i32.load ${at(slot.MASK)} (local.get $me))))
    ;; Not beyond the ring's end, its last item, or the window.
    (local.set $limit (call $least
      (i32.sub (i32.add (i32.load ${at(slot.MASK)} (local.get $me)) (i32.const 1)) (local.get $begin))
      (call $least
        (i32.sub (i32.load ${at(slot.TAIL)} (local.get $me)) (local.get $position))
        (call $least (local.get $room) (i32.load ${at(slot.CAPACITY)} (local.get $me))))))
    (local.set $begin (i32.add (local.get $begin) (i32.load ${at(slot.RING)} (local.get $me))))
    (local.set $limit (i32.add (local.get $begin) (local.get $limit)))
    (local.set $place (local.get $begin))
    (local.set $end (local.get $begin))
    (local.set $length (i32.const -1))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $place) (local.get $limit)))
      (if (i32.eqz (i32.load $rings (local.get $place))) (then
        (local.set $place (i32.add (local.get $place) (i32.load $rings offset=4 (local.get $place))))
        (br $next)))
      ;; Most are as long as the one before. A guess that is compared lets the processor go ahead, where a sum would have it wait for the load.
      (if (i32.ne (local.get $length) (i32.load $rings offset=${item.length} (local.get $place))) (then
        (local.set $length (i32.load $rings offset=${item.length} (local.get $place)))
        (local.set $size (i32.and (i32.add (local.get $length) (i32.const ${item.payload + 7})) (i32.const -8)))))
      (local.set $place (i32.add (local.get $place) (local.get $size)))
      (br_if $done (i32.gt_u (local.get $place) (local.get $limit)))
      (local.set $answer (i32.add (local.get $answer) (i32.const 1)))
      (local.set $end (local.get $place))
      (br $next)))
    (if (i32.lt_u (local.get $answer) (i32.const 2)) (then (return (local.get $position))))
    (local.set $size (i32.sub (local.get $end) (local.get $begin)))
    ;; What stands in info is not the item whose payload is in the window any more: no crash report shall say so.
    (if (i32.load ${at(slot.INFO)} (local.get $me)) (then
      (i32.store $guest (i32.load ${at(slot.INFO)} (local.get $me)) (i32.const 0))))
    (call $copyOut (i32.load ${at(slot.POINTER)} (local.get $me)) (local.get $begin) (local.get $size))
    (i32.store ${at(slot.RESTRAINT)} (local.get $me) (i32.const ${ASKING}))
    (local.set $answer (call_indirect $guest (type $match)
      (i32.load ${at(slot.WANTED)} (local.get $me))
      (i32.load ${at(slot.POINTER)} (local.get $me))
      (local.get $size)
      (i32.const 2)))
    (call $lookForGrowth)
    (if (i32.ne (i32.load ${at(slot.RESTRAINT)} (local.get $me)) (i32.const ${ASKING})) (then (call $doomed)))
    (i32.store ${at(slot.RESTRAINT)} (local.get $me) (i32.const ${FREE}))
    (if (i32.lt_s (local.get $answer) (i32.const 0)) (then
      (return (i32.add (local.get $position) (local.get $size)))))
    ;; A guest may answer anything; what the host goes on with has to be one of the items.
    (local.set $place (local.get $begin))
    (block $astray (loop $next
      (br_if $astray (i32.ge_u (local.get $place) (local.get $end)))
      (if (i32.eqz (i32.load $rings (local.get $place)))
        (then (local.set $size (i32.load $rings offset=4 (local.get $place))))
        (else
          (if (i32.eq (i32.sub (local.get $place) (local.get $begin)) (local.get $answer)) (then
            (return (i32.add (i32.add (local.get $position) (local.get $answer)) (i32.const 1)))))
          (local.set $size (i32.and
            (i32.add (i32.load $rings offset=${item.length} (local.get $place)) (i32.const ${item.payload + 7}))
            (i32.const -8)))))
      (local.set $place (i32.add (local.get $place) (local.get $size)))
      (br $next)))
    (call $astray)
    (unreachable))

  (func $least (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.lt_u (local.get $a) (local.get $b))))

  ;; As look of actor/receive.ts: goes on from the save pointer to the first item that is wanted, and takes it. Its length; ${PARK} where there is none, or
  ;; where the rest is to be looked at in another turn; ${ELSEWHERE} where the mailbox is out of reach.
  (func $look (param $me i32) (param $inPieces i32) (result i32)
    (local $position i32) (local $pause i32) (local $place i32) (local $length i32) (local $want i32) (local $tail i32) (local $room i32) (local $answer i32)
    (if (i32.eqz (i32.load ${at(slot.COUNT)} (local.get $me))) (then (return (i32.const ${PARK}))))
    (if (i32.lt_s (i32.load ${at(slot.RING)} (local.get $me)) (i32.const 0)) (then (return (i32.const ${ELSEWHERE}))))
    (local.set $want (i32.load ${at(slot.WANT)} (local.get $me)))
    (local.set $position (i32.load ${at(slot.HEAD)} (local.get $me)))
    (if (local.get $want)
      (then
        (if (call $pays (local.get $me)) (then (return (i32.const ${ELSEWHERE}))))
        (local.set $place (i32.load ${at(slot.SAVED)} (local.get $me)))
        (if (i32.gt_s (local.get $place) (local.get $position)) (then (local.set $position (local.get $place))))
        (if (i32.eq (local.get $want) (i32.const ${REF})) (then
          (if (i32.eq (i32.load ${at(slot.WANTED)} (local.get $me)) (i32.load ${at(slot.CALL_REF)} (local.get $me))) (then
            (local.set $place (call $answers (local.get $me)))
            (if (i32.gt_s (local.get $place) (local.get $position)) (then (local.set $position (local.get $place))))))))
        (local.set $tail (i32.load ${at(slot.TAIL)} (local.get $me)))
        (local.set $pause (select
          (i32.add (local.get $position) (i32.const ${ASKED_BYTES_A_TURN}))
          (local.get $tail)
          (i32.and (local.get $inPieces) (i32.eq (local.get $want) (i32.const ${MATCH})))))
        (block $found (loop $next
          (if (i32.ge_s (local.get $position) (local.get $pause)) (then
            (if (i32.lt_s (local.get $position) (local.get $tail)) (then
              (i32.store ${at(slot.SAVED)} (local.get $me) (local.get $position))
              (return (i32.const ${PARK}))))))
          (if (i32.ge_s (local.get $position) (local.get $tail)) (then
            (i32.store ${at(slot.SAVED)} (local.get $me) (local.get $tail))
            (return (i32.const ${PARK}))))
          (local.set $place (i32.add
            (i32.load ${at(slot.RING)} (local.get $me))
            (i32.and (local.get $position) (i32.load ${at(slot.MASK)} (local.get $me)))))
          (if (i32.eqz (i32.load $rings (local.get $place))) (then
            (local.set $position (i32.add (local.get $position) (i32.load $rings offset=4 (local.get $place))))
            (br $next)))
          (local.set $length (i32.load $rings offset=${item.length} (local.get $place)))
          (if (i32.eq (local.get $want) (i32.const ${TAG}))
            ;; Messages are of kind 1, what a timer brings of kind 4: without these bits the first word is 0.
            (then (br_if $found (i64.eq
              (i64.and (i64.load $rings (local.get $place)) (i64.const ${~(MESSAGE | TIMER)}))
              (i64.shl (i64.extend_i32_u (i32.load ${at(slot.WANTED)} (local.get $me))) (i64.const 32)))))
            (else (if (i32.eq (local.get $want) (i32.const ${REF}))
              (then (br_if $found (call $bears (local.get $place) (i32.load ${at(slot.WANTED)} (local.get $me)))))
              (else
              (i32.store ${at(slot.SAVED)} (local.get $me) (local.get $position))
              (if (local.get $room) (then
                (local.set $answer (call $askMany (local.get $me) (local.get $position) (local.get $room)))
                (if (i32.ne (local.get $answer) (local.get $position)) (then
                  (local.set $position (i32.and (local.get $answer) (i32.const -8)))
                  (local.set $room (call $least (i32.shl (local.get $room) (i32.const 1)) (i32.load ${at(slot.CAPACITY)} (local.get $me))))
                  (br_if $next (i32.eqz (i32.and (local.get $answer) (i32.const 1))))
                  (i32.store ${at(slot.SAVED)} (local.get $me) (local.get $position))
                  (local.set $place (call $placeOf (local.get $me) (local.get $position)))
                  (local.set $length (i32.load $rings offset=${item.length} (local.get $place)))
                  (br $found)))))
              (br_if $found (call $ask (local.get $me) (local.get $place) (local.get $length)))
              ;; The one that is wanted may be among the first: what is shown for nothing is at most as much as what was asked about.
              (if (i32.eqz (local.get $room)) (then
                (if (i32.eqz (ref.is_null (table.get $guest (i32.const 2)))) (then
                  (local.set $room (i32.const ${FIRST_ROOM}))))))))))
          (local.set $position (i32.add (local.get $position)
            (i32.and (i32.add (local.get $length) (i32.const ${item.payload + 7})) (i32.const -8))))
          (br $next))))
      (else
        (local.set $place (i32.add
          (i32.load ${at(slot.RING)} (local.get $me))
          (i32.and (local.get $position) (i32.load ${at(slot.MASK)} (local.get $me)))))
        (local.set $length (i32.load $rings offset=${item.length} (local.get $place)))
        (if (i32.gt_u (local.get $length) (i32.const ${FREE_BYTES})) (then
          (if (call $pays (local.get $me)) (then (return (i32.const ${ELSEWHERE}))))))))
    (call $show (local.get $me) (local.get $place) (local.get $length))
    (if (i32.gt_u (local.get $length) (i32.load ${at(slot.CAPACITY)} (local.get $me))) (then
      (i32.store ${at(slot.SAVED)} (local.get $me) (local.get $position))
      (i32.store ${at(slot.HELD)} (local.get $me) (i32.const 1))
      (return (local.get $length))))
    ;; Messages are counted, and what a timer brings.
    (local.set $want (i32.load $rings (local.get $place)))
    (i32.store ${at(slot.HELD)} (local.get $me) (i32.const 0))
    (call $remove (local.get $me) (local.get $position) (local.get $place) (local.get $length))
    (if (i32.or (i32.eq (local.get $want) (i32.const ${MESSAGE})) (i32.eq (local.get $want) (i32.const ${TIMER}))) (then
      (f64.store ${own(slot.RECEIVED)} (f64.add (f64.load ${own(slot.RECEIVED)}) (f64.const 1)))))
    (local.get $length))

  ;; As receive of actor/receive.ts; ${ELSEWHERE}, and nothing was changed, where the host has to do it.
  (func $receive (param $info i32) (param $pointer i32) (param $length i32) (param $timeout i32) (param $want i32) (param $wanted i32) (result i32)
    (local $me i32) (local $n i32) (local $polls i32)
    (local.set $me (global.get $me))
    (block $host
      (br_if $host (i32.ne (i32.load ${own(slot.CURRENT)}) (local.get $me)))
      (br_if $host (i32.load ${at(slot.RESTRAINT)} (local.get $me)))
      (br_if $host (i32.load ${at(slot.HELD)} (local.get $me)))
${unlessInside("$host")}
      (br_if $host (i32.and (local.get $info) (i32.const 3)))
      (br_if $host (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $info)) (i64.const 32))
        (i64.shl (i64.extend_i32_u (memory.size $guest)) (i64.const 16))))
      (local.set $polls (i32.or
        (i32.eqz (local.get $timeout))
        (i32.eqz (i32.load ${at(slot.MAY_PARK)} (local.get $me)))))
      ;; A poll that may have to give way is the host's.
      (br_if $host (i32.and
        (i32.and (i32.eqz (local.get $timeout)) (i32.load ${at(slot.MAY_PARK)} (local.get $me)))
        (i32.le_s (i32.load ${at(slot.BUDGET)} (local.get $me)) (i32.const 0))))
      ;; A mailbox out of reach is the host's.
      (br_if $host (i32.and
        (i32.lt_s (i32.load ${at(slot.RING)} (local.get $me)) (i32.const 0))
        (i32.ne (i32.load ${at(slot.COUNT)} (local.get $me)) (i32.const 0))))
      (i32.store ${at(slot.INFO)} (local.get $me) (local.get $info))
      (i32.store ${at(slot.POINTER)} (local.get $me) (local.get $pointer))
      (i32.store ${at(slot.CAPACITY)} (local.get $me) (local.get $length))
      (i32.store ${at(slot.WANT)} (local.get $me) (local.get $want))
      (i32.store ${at(slot.WANTED)} (local.get $me) (local.get $wanted))
      (i32.store ${at(slot.WAITING)} (local.get $me) (i32.const 0))
      (i32.store ${at(slot.SAVED)} (local.get $me) (i32.load ${at(slot.HEAD)} (local.get $me)))
      (if (i32.or (local.get $polls) (i32.gt_s (i32.load ${at(slot.BUDGET)} (local.get $me)) (i32.const 0))) (then
        (i32.store ${at(slot.BUDGET)} (local.get $me) (i32.sub (i32.load ${at(slot.BUDGET)} (local.get $me)) (i32.const 1)))
        (local.set $n (call $look (local.get $me) (i32.eqz (local.get $polls))))
        (if (i32.ne (local.get $n) (i32.const ${PARK})) (then (return (local.get $n))))
        (if (local.get $polls) (then
          (i32.store ${at(slot.BUDGET)} (local.get $me)
            (i32.sub (i32.load ${at(slot.BUDGET)} (local.get $me)) (i32.const ${slot.EMPTY_POLL - 1})))
          (return (i32.const -1))))))
      (i32.store ${at(slot.WAITING)} (local.get $me) (i32.const ${slot.FOR_ANSWER}))
      (i32.store ${at(slot.TIMEOUT)} (local.get $me) (local.get $timeout))
      (i32.store ${at(slot.TIMED)} (local.get $me)
        (select (i32.const 0) (i32.const ${slot.TIMED_BY_SWITCH}) (i32.lt_s (local.get $timeout) (i32.const 0))))
      (return (i32.const ${PARK})))
    (i32.const ${ELSEWHERE}))

  ;; The actor parks. Its deadline, where it has one, begins when the host is back.
  (func $park (param $me i32)
    (local $n i32)
    (i32.store ${at(slot.STATE)} (local.get $me) (i32.const ${PARKED}))
    (if (i32.load ${at(slot.TIMED)} (local.get $me)) (then
      (local.set $n (i32.load ${own(slot.TIMED_LENGTH)}))
      (i32.store offset=${4 * slot.TIMED_LIST} (i32.shl (local.get $n) (i32.const 2)) (local.get $me))
      (i32.store ${own(slot.TIMED_LENGTH)} (i32.add (local.get $n) (i32.const 1)))
      ;; No room for another one: the host comes back after this turn.
      (if (i32.eq (local.get $n) (i32.const ${slot.TIMED_ENTRIES - 1})) (then
        (i32.store ${own(slot.TURNS_LEFT)} (i32.const 0)))))))

  (func (export "recv") (param $info i32) (param $pointer i32) (param $length i32) (param $timeout i32) (result i32)
    (local $n i32)
    (local.set $n (call $receive
      (local.get $info) (local.get $pointer) (local.get $length) (local.get $timeout) (i32.const ${ANY}) (i32.const 0)))
    (if (result i32) (i32.eq (local.get $n) (i32.const ${ELSEWHERE}))
      (then (call $hostRecv (local.get $info) (local.get $pointer) (local.get $length) (local.get $timeout)))
      (else (local.get $n))))

  (func (export "recv_tag")
    (param $info i32) (param $pointer i32) (param $length i32) (param $timeout i32) (param $tag i32) (result i32)
    (local $n i32)
    ;; Where another ref was made, the host knows.
    (local.set $n (i32.const ${ELSEWHERE}))
    (if (i32.or
        (i32.ge_s (local.get $tag) (i32.const 0))
        (i32.eq (local.get $tag) (i32.load ${at(slot.CALL_REF)} (global.get $me))))
      (then
        (local.set $n (call $receive
          (local.get $info) (local.get $pointer) (local.get $length) (local.get $timeout)
          (select (i32.const ${TAG}) (i32.const ${REF}) (i32.ge_s (local.get $tag) (i32.const 0)))
          (local.get $tag)))))
    (if (result i32) (i32.eq (local.get $n) (i32.const ${ELSEWHERE}))
      (then (call $hostRecvTag (local.get $info) (local.get $pointer) (local.get $length) (local.get $timeout) (local.get $tag)))
      (else (local.get $n))))

  (func (export "recv_match")
    (param $info i32) (param $pointer i32) (param $length i32) (param $timeout i32) (param $predicate i32) (result i32)
    (local $n i32)
    (local.set $n (i32.const ${ELSEWHERE}))
    (if (i32.eqz (ref.is_null (table.get $guest (i32.const 1)))) (then
      (local.set $n (call $receive
        (local.get $info) (local.get $pointer) (local.get $length) (local.get $timeout) (i32.const ${MATCH}) (local.get $predicate)))))
    (if (result i32) (i32.eq (local.get $n) (i32.const ${ELSEWHERE}))
      (then (call $hostRecvMatch (local.get $info) (local.get $pointer) (local.get $length) (local.get $timeout) (local.get $predicate)))
      (else (local.get $n))))

  (func $begin (param $me i32)
    (i32.store ${own(slot.CURRENT)} (local.get $me))
    (i32.store ${at(slot.STATE)} (local.get $me) (i32.const ${RUNNING}))
    (i32.store ${at(slot.BUDGET)} (local.get $me) (i32.const ${slot.TURN_BUDGET}))
    (i32.store ${own(slot.TURN)} (i32.add (i32.load ${own(slot.TURN)}) (i32.const 1))))

  (func $lookForGrowth
    (if (i32.ne (memory.size $guest) (global.get $pages)) (then
      (global.set $pages (memory.size $guest))
      (call $grown))))

  ;; As serveMailbox of turns/plain.ts.
  (func (export "turnOfHandler") (result i32)
    (local $me i32) (local $n i32)
    (local.set $me (global.get $me))
    (call $begin (local.get $me))
    (local.set $n (i32.load ${at(slot.RESULT)} (local.get $me)))
    (if (i32.eq (local.get $n) (i32.const ${PARK})) (then (local.set $n (call $look (local.get $me) (i32.const 0)))))
    (block $served (loop $item
      (br_if $served (i32.eq (local.get $n) (i32.const ${PARK})))
      ;; Too long for the window, or elsewhere.
      (if (i32.gt_u (local.get $n) (i32.load ${at(slot.CAPACITY)} (local.get $me))) (then (return (i32.const ${LEFT_TO_HOST.mailbox}))))
      (i32.store ${at(slot.RESULT)} (local.get $me) (i32.const ${PARK}))
      (i32.store ${own(slot.ITEM)} (i32.add (i32.load ${own(slot.ITEM)}) (i32.const 1)))
      (call_indirect $guest (type $handle) (local.get $n) (i32.const 0))
      (call $lookForGrowth)
      ;; Receives inside of it may have used windows of their own.
      (i32.store ${at(slot.INFO)} (local.get $me) (i32.load ${at(slot.HANDLER_INFO)} (local.get $me)))
      (i64.store ${at(slot.POINTER)} (local.get $me) (i64.load ${at(slot.HANDLER_POINTER)} (local.get $me)))
      (i32.store ${at(slot.WANT)} (local.get $me) (i32.const ${ANY}))
      (i32.store ${at(slot.HELD)} (local.get $me) (i32.const 0))
      (if (i32.load ${at(slot.RESTRAINT)} (local.get $me)) (then (return (i32.const ${LEFT_TO_HOST.mailbox}))))
      (br_if $served (i32.eqz (i32.load ${at(slot.COUNT)} (local.get $me))))
      (i32.store ${at(slot.BUDGET)} (local.get $me) (i32.sub (i32.load ${at(slot.BUDGET)} (local.get $me)) (i32.const 1)))
      (if (i32.le_s (i32.load ${at(slot.BUDGET)} (local.get $me)) (i32.const 0)) (then
        (if (i32.ge_u (i32.load ${own(slot.QUEUE_LENGTH)}) (i32.const ${slot.QUEUE_ENTRIES})) (then (return (i32.const ${LEFT_TO_HOST.mailbox}))))
        (call $enqueue (local.get $me))
        (return (i32.const ${LEFT_TO_HOST.nothing}))))
      (local.set $n (call $look (local.get $me) (i32.const 0)))
      (br $item)))
    (i32.store ${at(slot.STATE)} (local.get $me) (i32.const ${PARKED}))
    (i32.const ${LEFT_TO_HOST.nothing}))

  ;; As asyncifyWay of turns/plain.ts.
  (func (export "turnOfProcess") (result i32)
    (local $me i32) (local $n i32) (local $left i32)
    (local.set $me (global.get $me))
    (if (i32.or
        (i32.eq (i32.load ${at(slot.TIMED)} (local.get $me)) (i32.const ${slot.TIMED_BY_HOST}))
        (i32.eq (i32.load ${at(slot.WANT)} (local.get $me)) (i32.const ${ANSWER})))
      (then (return (i32.const ${LEFT_TO_HOST.whole}))))
    (local.set $n (i32.load ${at(slot.RESULT)} (local.get $me)))
    (if (i32.eq (local.get $n) (i32.const ${PARK})) (then
      ;; Its predicate may be asked in here.
      (call $begin (local.get $me))
      (local.set $n (call $look (local.get $me) (i32.const 1)))
      (if (i32.and
          (i32.eq (local.get $n) (i32.const ${PARK}))
          (i32.ne (i32.load ${at(slot.SAVED)} (local.get $me)) (i32.load ${at(slot.TAIL)} (local.get $me))))
        (then
          (if (i32.lt_u (i32.load ${own(slot.QUEUE_LENGTH)}) (i32.const ${slot.QUEUE_ENTRIES})) (then
            (call $enqueue (local.get $me))
            (return (i32.const ${LEFT_TO_HOST.nothing}))))
          (local.set $n (i32.const ${ELSEWHERE}))))
      (if (i32.eq (local.get $n) (i32.const ${ELSEWHERE})) (then
        (i32.store ${at(slot.STATE)} (local.get $me) (i32.const ${READY}))
        (return (i32.const ${LEFT_TO_HOST.whole}))))
      (if (i32.eq (local.get $n) (i32.const ${PARK})) (then
        (call $park (local.get $me))
        (return (i32.const ${LEFT_TO_HOST.nothing}))))))
    (call $begin (local.get $me))
    (i32.store ${at(slot.SENDS_LEFT)} (local.get $me) (i32.load ${at(slot.MAY_SEND)} (local.get $me)))
    (i32.store ${at(slot.WAITING)} (local.get $me) (i32.const 0))
    (local.set $left (call_indirect $guest (type $resume) (local.get $n) (i32.const 0)))
    (call $lookForGrowth)
    (if (i32.or
        (i32.or
          (i32.ne (local.get $left) (i32.const 1))
          (i32.load ${at(slot.RESTRAINT)} (local.get $me)))
        (i32.or
          (i32.or
            (i32.eq (i32.load ${at(slot.TIMED)} (local.get $me)) (i32.const ${slot.TIMED_BY_HOST}))
            (i32.eq (i32.load ${at(slot.WANT)} (local.get $me)) (i32.const ${ANSWER})))
          (i32.or
            (i32.eqz (i32.load ${at(slot.WAITING)} (local.get $me)))
            (i32.ge_u (i32.load ${own(slot.QUEUE_LENGTH)}) (i32.const ${slot.QUEUE_ENTRIES})))))
      (then (return (i32.add (i32.const ${LEFT_TO_HOST.returned}) (i32.and (local.get $left) (i32.const 3))))))
    (if (i32.eq (i32.load ${at(slot.WAITING)} (local.get $me)) (i32.const ${slot.GIVING_WAY})) (then
      (i32.store ${at(slot.RESULT)} (local.get $me) (i32.const ${SEND_ACCEPTED}))
      ;; There is no item in its window.
      (i32.store ${at(slot.HANDED_KIND)} (local.get $me) (i32.const 0))
      (call $enqueue (local.get $me))
      (return (i32.const ${LEFT_TO_HOST.nothing}))))
    (i32.store ${at(slot.RESULT)} (local.get $me) (i32.const ${PARK}))
    (if (i32.eq (i32.load ${at(slot.SAVED)} (local.get $me)) (i32.load ${at(slot.TAIL)} (local.get $me)))
      (then (call $park (local.get $me)))
      (else (call $enqueue (local.get $me))))
    (i32.const ${LEFT_TO_HOST.nothing})))`;

export const loop = `(module
  (import "switch" "slots" (memory $slots 2))
  (type $turn (func (result i32)))
  ;; By slot.
  (table $turns (export "turns") 64 funcref)
  ;; Gives at most so many turns. Answers where the host has to go on: the address of a record, and in its low bits what is left to do; 0: nowhere.
  (func (export "run") (param $turns i32) (result i32)
    (local $record i32) (local $left i32)
    (i32.store ${own(slot.TURNS_LEFT)} (local.get $turns))
    (block $done (loop $next
      (br_if $done (i32.eqz (i32.load ${own(slot.QUEUE_LENGTH)})))
      (br_if $done (i32.le_s (i32.load ${own(slot.TURNS_LEFT)}) (i32.const 0)))
      (i32.store ${own(slot.TURNS_LEFT)} (i32.sub (i32.load ${own(slot.TURNS_LEFT)}) (i32.const 1)))
      (local.set $record (i32.load offset=${4 * slot.QUEUE} (i32.shl (i32.load ${own(slot.QUEUE_HEAD)}) (i32.const 2))))
      (i32.store ${own(slot.QUEUE_HEAD)} (i32.and (i32.add (i32.load ${own(slot.QUEUE_HEAD)}) (i32.const 1)) (i32.const ${slot.QUEUE_ENTRIES - 1})))
      (i32.store ${own(slot.QUEUE_LENGTH)} (i32.sub (i32.load ${own(slot.QUEUE_LENGTH)}) (i32.const 1)))
      ;; It may have ended while it stood in the queue, and another may have its record.
      (br_if $next (i32.ne (i32.load ${at(slot.STATE)} (local.get $record)) (i32.const ${READY})))
      (br_if $next (i32.eqz (i32.load ${at(slot.LO)} (local.get $record))))
      (if (i32.eqz (i32.and (i32.load ${at(slot.SWITCHED)} (local.get $record)) (i32.const ${TAKES_TURNS}))) (then
        (return (i32.or (local.get $record) (i32.const ${LEFT_TO_HOST.whole})))))
      (local.set $left (call_indirect $turns (type $turn)
        (i32.shr_u (i32.sub (local.get $record) (i32.const ${4 * slot.FIRST_RECORD})) (i32.const ${slot.RECORD_SHIFT}))))
      ;; A turn of many items counts as several.
      (i32.store ${own(slot.TURNS_LEFT)} (i32.sub
        (i32.load ${own(slot.TURNS_LEFT)})
        (i32.shr_s
          (i32.sub (i32.const ${slot.TURN_BUDGET}) (i32.load ${at(slot.BUDGET)} (local.get $record)))
          (i32.const ${slot.ITEMS_SHIFT}))))
      (br_if $next (i32.eqz (local.get $left)))
      (return (i32.or (local.get $record) (local.get $left)))))
    (i32.const 0)))`;

/** A function of the same type, which calls what it is named after. */
function handedOn(module: string, name: string, signature: string): readonly [imported: string, own: string] {
  const [, parameters, result] = /^\((.*)\) -> (.*)$/.exec(signature) ?? [];
  const types = parameters.split(", ").filter(type => type !== "");
  const type = `${types.length > 0 ? ` (param ${types.join(" ")})` : ""}${result === "()" ? "" : ` (result ${result})`}`;
  const given = types.map((_, i) => ` (local.get ${i})`).join("");
  const inner = `$${module}.${name}`;
  return [
    `(import "${module}" "${name}" (func ${inner}${type}))`,
    `(func (export "${module}.${name}")${type} (call ${inner}${given}))`,
  ];
}

/** What ports ask of the host. */
const hostTypes = {
  call: "() -> ()",
  grown: "() -> ()",
  emptied: "() -> ()",
  tidy: "() -> ()",
  doomed: "() -> ()",
  astray: "() -> ()",
};

const gateFunctions = Object.entries({ actor: actorImportTypes, env: envImportTypes, host: hostTypes }).flatMap(
  ([module, types]) => Object.entries(types).map(([name, signature]) => handedOn(module, name, signature)),
);

export const gate = `(module
  ${gateFunctions.map(([imported]) => imported).join("\n  ")}
  ${gateFunctions.map(([, own]) => own).join("\n  ")})`;
