/**
 * `match_first`: a predicate that is asked about many items at once gets the same item as one by
 * one.
 */

import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { Stage, wordsOf } from "../support/player.ts";
import { guest } from "../support/wat.ts";

const INFO = 0x40;
const SCRIPT = 0x400;
const NOTES = 0x4000;
/** Windows of all sizes begin here. */
const ROOM = 0x10000;
const FILLED = 0x20000;

const [MATCH, SEND, TAKE, TAKE_TAG, MONITOR] = [1, 2, 3, 4, 5];
const [FIRST_BYTE, EVERY, TAG, LONGER, NEVER] = [1, 2, 3, 4, 5];

/**
 * A handler that plays the script in its first item: five words a step. After each receive it notes
 * what that answered, a hash of what the predicate was shown, how often it was asked, the first
 * seven words of `info`, and a hash of the bytes in the window. The last note is how often
 * `match_first` was called.
 */
const PLAYER = `
  (global $end (mut i32) (i32.const ${NOTES}))
  (global $asked (mut i32) (i32.const 0))
  (global $seen (mut i32) (i32.const 0))
  (global $count (mut i32) (i32.const 0))
  (global $crossings (mut i32) (i32.const 0))
  (global $parameter (mut i32) (i32.const 0))
  (func $note (param $word i32)
    (i32.store (global.get $end) (local.get $word))
    (global.set $end (i32.add (global.get $end) (i32.const 4))))
  (func $hash (param $hash i32) (param $ptr i32) (param $len i32) (result i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $len)))
      (local.set $hash (i32.add (i32.mul (local.get $hash) (i32.const 31)) (i32.load8_u (local.get $ptr))))
      (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
      (local.set $len (i32.sub (local.get $len) (i32.const 1)))
      (br $next)))
    (local.get $hash))
  (func $wants (param $predicate i32) (param $info i32) (param $ptr i32) (param $len i32) (result i32)
    (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.set $seen (call $hash (call $hash (global.get $seen) (local.get $info) (i32.const 28)) (local.get $ptr) (local.get $len)))
    (if (i32.eq (local.get $predicate) (i32.const ${FIRST_BYTE})) (then
      (if (i32.eqz (local.get $len)) (then (return (i32.const 0))))
      (return (i32.eq (i32.load8_u (local.get $ptr)) (global.get $parameter)))))
    (if (i32.eq (local.get $predicate) (i32.const ${EVERY})) (then
      (return (i32.eqz (i32.rem_u (global.get $count) (i32.add (global.get $parameter) (i32.const 2)))))))
    (if (i32.eq (local.get $predicate) (i32.const ${TAG})) (then
      (return (i32.eq (i32.load offset=4 (local.get $info)) (global.get $parameter)))))
    (if (i32.eq (local.get $predicate) (i32.const ${LONGER})) (then
      (return (i32.gt_u (i32.load offset=24 (local.get $info)) (i32.mul (global.get $parameter) (i32.const 50))))))
    (i32.const 0))
  (func (export "match") (param $predicate i32) (param $ptr i32) (param $len i32) (result i32)
    (call $wants (local.get $predicate) (i32.const ${INFO}) (local.get $ptr) (local.get $len)))
  (func $step (param $at i32) (param $n i32) (param $cap i32)
    (call $note (local.get $n))
    (call $note (global.get $seen))
    (call $note (global.get $asked))
    (if (i32.ge_s (local.get $n) (i32.const 0)) (then
      (call $note (call $hash (i32.const 0) (i32.const ${INFO}) (i32.const 28)))
      (call $note (i32.load (i32.const ${INFO + 28})))
      (call $note (call $hash (i32.const 0) (i32.const ${ROOM})
        (select (local.get $n) (local.get $cap) (i32.lt_u (local.get $n) (local.get $cap))))))))
  (func (export "_start") (call $window (i32.const ${INFO}) (i32.const ${SCRIPT}) (i32.const ${NOTES - SCRIPT})))
  (func (export "handle") (param $n i32)
    (local $at i32) (local $op i32) (local $a i32) (local $b i32) (local $c i32) (local $lo i32) (local $hi i32)
    (if (i32.ne (global.get $end) (i32.const ${NOTES})) (then (return)))
    (local.set $lo (i32.load (i32.const ${INFO + 8})))
    (local.set $hi (i32.load (i32.const ${INFO + 12})))
    (local.set $at (i32.const ${SCRIPT}))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (i32.add (i32.const ${SCRIPT}) (local.get $n))))
      (local.set $op (i32.load (local.get $at)))
      (local.set $a (i32.load offset=4 (local.get $at)))
      (local.set $b (i32.load offset=8 (local.get $at)))
      (local.set $c (i32.load offset=12 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (global.set $asked (i32.const 0))
      (global.set $seen (i32.const 0))
      (if (i32.eq (local.get $op) (i32.const ${MATCH})) (then
        (global.set $parameter (local.get $b))
        (call $step (local.get $at)
          (call $recv_match (i32.const ${INFO}) (i32.const ${ROOM}) (local.get $c) (i32.const 0) (local.get $a)) (local.get $c))))
      (if (i32.eq (local.get $op) (i32.const ${SEND})) (then
        (memory.fill (i32.const ${FILLED}) (local.get $c) (local.get $b))
        (if (i32.eqz (call $send (call $self_lo) (call $self_hi) (local.get $a) (i32.const ${FILLED}) (local.get $b))) (then unreachable))))
      (if (i32.eq (local.get $op) (i32.const ${TAKE})) (then
        (call $step (local.get $at)
          (call $recv (i32.const ${INFO}) (i32.const ${ROOM}) (local.get $c) (i32.const 0)) (local.get $c))))
      (if (i32.eq (local.get $op) (i32.const ${TAKE_TAG})) (then
        (call $step (local.get $at)
          (call $recv_tag (i32.const ${INFO}) (i32.const ${ROOM}) (local.get $c) (i32.const 0) (local.get $a)) (local.get $c))))
      (if (i32.eq (local.get $op) (i32.const ${MONITOR})) (then
        (drop (call $monitor (i32.const 1) (i32.const 1)))))
      (br $next)))
    (call $note (global.get $crossings))
    (drop (call $send (local.get $lo) (local.get $hi) (i32.const 0) (i32.const ${NOTES}) (i32.sub (global.get $end) (i32.const ${NOTES}))))
    (call $exit (i32.const 0) (i32.const 0) (i32.const 0)))`;

/** As docs/abi.md says. Traps where the padding is not 0. */
const MATCH_FIRST = `
  (func (export "match_first") (param $predicate i32) (param $ptr i32) (param $bytes i32) (result i32)
    (local $offset i32) (local $at i32) (local $len i32) (local $size i32)
    (global.set $crossings (i32.add (global.get $crossings) (i32.const 1)))
    (block $none (loop $next
      (br_if $none (i32.ge_u (local.get $offset) (local.get $bytes)))
      (local.set $at (i32.add (local.get $ptr) (local.get $offset)))
      (if (i32.eqz (i32.load (local.get $at))) (then
        (local.set $offset (i32.add (local.get $offset) (i32.load offset=4 (local.get $at))))
        (br $next)))
      (local.set $len (i32.load offset=24 (local.get $at)))
      (local.set $size (i32.and (i32.add (local.get $len) (i32.const 39)) (i32.const -8)))
      (if (call $hash (i32.const 0)
          (i32.add (i32.add (local.get $at) (i32.const 32)) (local.get $len))
          (i32.sub (i32.sub (local.get $size) (i32.const 32)) (local.get $len)))
        (then unreachable))
      (if (call $wants (local.get $predicate) (local.get $at) (i32.add (local.get $at) (i32.const 32)) (local.get $len))
        (then (return (local.get $offset))))
      (local.set $offset (i32.add (local.get $offset) (local.get $size)))
      (br $next)))
    (i32.const -1))`;

const MEMORY = `(import "env" "memory" (memory 4))`;
const alone = guest(PLAYER, MEMORY);
const together = guest(PLAYER + MATCH_FIRST, MEMORY);

type Step = readonly [what: number, a: number, b: number, c: number];

/** Some windows have room for few items, or for part of one only. */
const capacity = fc.constantFrom(0, 40, 100, 500, 2048, 8192);
const length = fc.oneof(
  { weight: 8, arbitrary: fc.nat(20) },
  { weight: 2, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.nat(3000) },
);
const step: fc.Arbitrary<readonly Step[]> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 12 }), fc.nat(5), length, fc.integer({ min: 1, max: 6 }))
      .map(([times, tag, bytes, fill]) => Array<Step>(times).fill([SEND, tag, bytes, fill])),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(FIRST_BYTE, EVERY, TAG, LONGER, NEVER), fc.nat(6), capacity)
      .map(([which, parameter, cap]): Step[] => [[MATCH, which, parameter, cap]]),
  },
  { weight: 1, arbitrary: capacity.map((cap): Step[] => [[TAKE, 0, 0, cap]]) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(5), capacity).map(([tag, cap]): Step[] => [[TAKE_TAG, tag, 0, cap]]) },
  { weight: 1, arbitrary: fc.constant<Step[]>([[MONITOR, 0, 0, 0]]) },
);
const scripts = fc.array(step, { maxLength: 90 }).map(steps => steps.flat().slice(0, 900));

async function play(
  wasm: Uint8Array<ArrayBuffer>,
  script: readonly Step[],
  reductions: "none" | "count",
): Promise<{ notes: number[]; crossings: number }> {
  await using runtime = new Runtime({ grants: "all", clock: new ManualClock(), random: () => 0.5 });
  const module = await runtime.load(wasm, { name: "player", reductions });
  const boss = runtime.mailbox();
  // What another actor has left in the memory of mailboxes.
  const before = runtime.spawn(module);
  for (let i = 0; i < 200; i++) runtime.send(before, new Uint8Array(i).fill(255));
  runtime.kill(before);
  boss.send(runtime.spawn(module), new Uint8Array(Int32Array.from(script.flat()).buffer));
  const item = await boss.receive();
  if (item?.kind !== "message") throw new Error("no notes");
  const notes = wordsOf(item.bytes);
  return { crossings: notes.pop() ?? 0, notes };
}

describe("match_first", () => {
  law.prop([scripts], { numRuns: 150 })(
    "takes what match would, after the same candidates, whatever was sent and received before",
    async script => {
      const { notes } = await play(alone, script, "none");
      expect((await play(together, script, "none")).notes).toEqual(notes);
      // The same for actors that pay for what is looked at.
      expect((await play(alone, script, "count")).notes).toEqual(notes);
      expect((await play(together, script, "count")).notes).toEqual(notes);
    },
  );

  test("is asked once about many items, and about none behind the first that is wanted", async () => {
    const script: Step[] = [
      ...Array.from({ length: 800 }, (_, i): Step => [SEND, i < 500 ? 1 : 2, 4, 1]),
      [MATCH, TAG, 2, 8192],
    ];
    const { notes, crossings } = await play(together, script, "none");
    const [n, , asked] = notes;
    expect([n, asked]).toEqual([4, 501]);
    expect(crossings).toBeGreaterThan(1);
    // Each call shows items of one segment of the mailbox, which has at most 2 KiB: fifty items.
    expect(crossings).toBeLessThan(16);
  });

  /**
   * Sends itself an item of 1,032 bytes, and behind it, in the same segment of its mailbox, twelve
   * of 40 bytes. Takes the long one and the one with the tag 5, and then the one that `match_first`
   * says.
   */
  const picker = (answer: string) =>
    guest(`
      (func (export "match") (param i32 i32 i32) (result i32) (i32.const 0))
      (func (export "match_first") (param $p i32) (param $ptr i32) (param $bytes i32) (result i32) ${answer})
      (func $item (param $tag i32)
        (drop (call $send (call $self_lo) (call $self_hi) (local.get $tag) (i32.const 0) (i32.const 8))))
      (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 4096)))
      (func (export "handle") (param $n i32) (local $i i32)
        (if (i32.load (i32.const 68)) (then (return)))
        (drop (call $send (call $self_lo) (call $self_hi) (i32.const 99) (i32.const 0) (i32.const 1000)))
        (loop $more
          (call $item (i32.add (i32.const 1) (local.get $i)))
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 12))))
        (drop (call $recv (i32.const 64) (i32.const 128) (i32.const 4096) (i32.const 0)))
        (drop (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 512) (i32.const 0) (i32.const 5)))
        (i32.store (i32.const 16) (call $recv_match (i32.const 64) (i32.const 128) (i32.const 512) (i32.const 0) (i32.const 1)))
        (i32.store (i32.const 20) (i32.load (i32.const 68)))
        (call $exit (i32.const 6) (i32.const 16) (i32.const 8)))`);

  async function picked(answer: string) {
    await using stage = new Stage();
    const pid = stage.runtime.spawn(await stage.runtime.load(picker(answer)));
    stage.boss.send(pid, "go");
    const end = await stage.end(pid);
    return end.kind === "custom" ? wordsOf(end.bytes) : await stage.reason(pid);
  }

  test("is told the bytes of all items, dead ones between them, and takes the one at its answer", async () => {
    // The first item was asked about alone; tag 5 is dead.
    expect(await picked("(i32.const 0)")).toEqual([8, 2]);
    expect(await picked("(i32.const 160)")).toEqual([8, 6]);
    expect(await picked("(i32.sub (local.get $bytes) (i32.const 40))")).toEqual([8, 12]);
    for (const none of ["(i32.const -1)", "(i32.const -2147483648)"]) expect((await picked(none))[0]).toBe(-1);
  });

  test.each([
    ["the middle of an item", "(i32.const 8)"],
    ["no multiple of 8", "(i32.const 41)"],
    ["an item that is dead", "(i32.const 120)"],
    ["the end", "(local.get $bytes)"],
    ["far beyond the end", "(i32.const 2147483647)"],
  ])("that answers %s crashes its actor", async (_, answer) => {
    expect(await picked(answer)).toMatch(/^crashed: match_first answered where no item begins/);
  });

  test.each([
    ["traps", "unreachable", /unreachable/],
    ["sends", "(call $item (i32.const 0)) (i32.const 0)", /send/],
    ["receives", "(call $recv (i32.const 64) (i32.const 128) (i32.const 8) (i32.const 0))", /recv/],
  ])("that %s crashes its actor", async (_, answer, why) => {
    expect(await picked(answer)).toMatch(/^crashed/);
    expect(await picked(answer)).toMatch(why);
  });

  test("may grow its memory", async () => {
    const grows = `(drop (memory.grow (i32.const 1))) (i32.mul (i32.sub (i32.const 4) (i32.load offset=4 (local.get $ptr))) (i32.const 40))`;
    expect(await picked(grows)).toEqual([8, 4]);
  });
});
