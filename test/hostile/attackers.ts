/**
 * Parts of attackers in WAT. They tell the test's mailbox what they were answered, and go on. Their
 * arguments begin with the pid of that mailbox.
 */

import binaryen from "binaryen";
import type { Pid, SpawnOptions } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import type { Stage } from "../support/player.ts";

const { Features } = binaryen;

/** What counted modules may use besides what `guest` accepts: tail calls, and tables that grow. */
export const MANY_FEATURES =
  Features.MutableGlobals |
  Features.BulkMemory |
  Features.BulkMemoryOpt |
  Features.SignExt |
  Features.NontrappingFPToInt |
  Features.TailCall |
  Features.ReferenceTypes |
  Features.ExceptionHandling;

/**
 * Time goes on by a quarter of a millisecond whenever somebody looks: beside one that computes
 * without end, a clock that stands still ends no slice of the event loop.
 */
export class TickingClock extends ManualClock {
  override now(): number {
    this.jump(0.25);
    return super.now();
  }
}

/** A pid as two operands. */
export const words = (pid: Pid) => `(i32.const ${pid % 2 ** 32}) (i32.const ${Math.floor(pid / 2 ** 32)})`;

/** A call without a second thought about its answer. */
export const dropped = (call: string) => `(drop ${call})`;

/**
 * Options with the arguments that `COMMON` reads: the mailbox's pid, then words of the test's
 * choice.
 */
export function tells(
  stage: Pick<Stage, "boss">,
  options: SpawnOptions = {},
  ...more: readonly number[]
): SpawnOptions {
  const { pid } = stage.boss;
  return { ...options, args: new Uint8Array(Uint32Array.of(pid % 2 ** 32, Math.floor(pid / 2 ** 32), ...more).buffer) };
}

/** The test's mailbox as two operands, for a guest that has called `$begin`. */
export const BOSS = "(i32.load (i32.const 16)) (i32.load (i32.const 20))";

/** The word of the arguments with this number, from 0. */
export const word = (index: number) => `(i32.load (i32.const ${24 + 4 * index}))`;

/**
 * `$begin` reads the arguments to 16; `$note` keeps a word, `$tell` sends what was kept; `$fresh`
 * writes eight letters to 512 that were not there before. What is below 0x5000 is theirs.
 */
export const COMMON = `
  (global $end (mut i32) (i32.const 0x4000))
  (global $names (mut i32) (i32.const 0))
  (func $begin (drop (call $args (i32.const 16) (i32.const 32))))
  (func $note (param $word i32)
    (i32.store (global.get $end) (local.get $word))
    (global.set $end (i32.add (global.get $end) (i32.const 4))))
  (func $tell
    (drop (call $send ${BOSS} (i32.const 0) (i32.const 0x4000) (i32.sub (global.get $end) (i32.const 0x4000))))
    (global.set $end (i32.const 0x4000)))
  (func $fresh (local $at i32) (local $rest i32)
    (local.set $rest (global.get $names))
    (global.set $names (i32.add (global.get $names) (i32.const 1)))
    (loop $letters
      (i32.store8 offset=512 (local.get $at) (i32.add (i32.const 97) (i32.and (local.get $rest) (i32.const 15))))
      (local.set $rest (i32.shr_u (local.get $rest) (i32.const 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $letters (i32.lt_u (local.get $at) (i32.const 8)))))`;

/** Waits for ever, and takes nothing. */
export const WAIT = `
  (loop $wait
    (if (i32.eq (call $recv_tag (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0x7fffffff)) (i32.const -2))
      (then (drop (call $park))))
    (br $wait))`;

/** What `rounds` and `insisting` are made of besides the attempt. */
interface Parts {
  /** Code for `_start`. */
  readonly setup?: string;
  /** Functions, globals and data. */
  readonly more?: string;
}

/**
 * `attempt` is code that leaves a status, of which 1 and refs are grants. `$round` tries until it
 * is refused, or has been granted 20,000 times, and tells how often it was granted and what the
 * refusal was.
 */
export function rounds(attempt: string, { setup = "", more = "" }: Parts = {}): string {
  return `${COMMON} ${more}
    (func $try (result i32) ${attempt})
    (func $granted (param $status i32) (result i32)
      (i32.or (i32.eq (local.get $status) (i32.const 1)) (i32.lt_s (local.get $status) (i32.const -1023))))
    (func $round (local $count i32) (local $status i32)
      (loop $more
        (local.set $status (call $try))
        (if (call $granted (local.get $status)) (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $count) (i32.const 20000))))))
      (call $note (local.get $count)) (call $note (local.get $status)) (call $tell))
    (func (export "_start") (call $begin) ${setup})`;
}

/**
 * Does not take no for an answer: the entry `run` plays a round, tries 1,000 times more, tells
 * again how often it was granted and what it was answered last, and goes on for ever. The entry
 * `handle` plays a round for each item.
 */
export function insisting(attempt: string, parts: Parts = {}): string {
  return `${rounds(attempt, parts)}
    (func $insist (local $count i32) (local $status i32) (local $left i32)
      (local.set $left (i32.const 1000))
      (loop $more
        (local.set $status (call $try))
        (local.set $count (i32.add (local.get $count) (call $granted (local.get $status))))
        (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (call $note (local.get $count)) (call $note (local.get $status)) (call $tell))
    (func (export "handle") (param i32) (call $round))
    (func (export "run")
      (call $round) (call $insist)
      (loop $for_ever (drop (call $try)) (br $for_ever)))`;
}

/** An attempt that is granted where the call answers this status, which is not 1. */
export const grantedWith = (status: number, call: string) =>
  `(local $is i32) (select (i32.const 1) (local.tee $is ${call}) (i32.eq (local.get $is) (i32.const ${status})))`;

/** An attempt to grow, granted unless the answer is -1. */
export const growing = (grow: string) => `(select (i32.const -1) (i32.const 1) (i32.eq ${grow} (i32.const -1)))`;

/**
 * A call of `spawn`; `named` puts the name where it is expected, and the child's pid comes to 704.
 */
export const spawning = (name: string, flags = 0, args = "(i32.const 0) (i32.const 0)") =>
  `(call $spawn (i32.const 640) (i32.const ${name.length}) (i32.const 0) (i32.const 0) ${args} (i32.const ${flags}) (i32.const 704))`;
export const named = (name: string) => `(data (i32.const 640) "${name}")`;

/** The child that was spawned last, as two operands. */
export const CHILD = "(i32.load (i32.const 704)) (i32.load (i32.const 708))";

/** Short turns: how long one lasts is not what a test of limits is about. */
export const SHORT_TURNS = { policy: "yield", perTurn: 2_000 } as const;

/** A handler that takes what is empty and does nothing. */
export const IDLE = `(func (export "handle") (param i32))`;

/** A handler that takes everything up to 4 KiB and does nothing. */
export const SINK = `(func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 4096))) ${IDLE}`;

/** A process that takes nothing for a second, then answers as the witness does, up to 64 KiB. */
export const SLEEPER = `
  (func (export "run") (local $n i32)
    (if (i32.eq (i32.const -2)
        (call $recv_tag (i32.const 64) (i32.const 32768) (i32.const 65536) (i32.const 1000) (i32.const 0x7fffffff)))
      (then (drop (call $park))))
    (loop $serve
      (local.set $n (call $recv (i32.const 64) (i32.const 32768) (i32.const 65536) (i32.const -1)))
      (if (i32.eq (local.get $n) (i32.const -2)) (then (local.set $n (call $park))))
      (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.load (i32.const 68))
        (i32.const 32768) (local.get $n)))
      (br $serve)))`;

/** The next words that a guest tells; rejects where it ends without having told anything. */
export async function told(stage: Stage, pid: Pid): Promise<number[]> {
  const ended = stage.reason(pid).then(async reason => {
    await stage.settle();
    throw new Error(`it told nothing, and ended: ${reason}`);
  });
  return Promise.race([stage.notes(), ended]);
}

/**
 * What holds whenever no guest has anything waiting: every message sent was received, is dead, or
 * waits for the test.
 */
export function unaccounted({ runtime, boss }: Stage): number {
  const { sent, received, dead } = runtime.counters;
  return sent - received - dead - boss.size;
}
