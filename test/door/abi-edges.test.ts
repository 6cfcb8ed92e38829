/**
 * Edge cases of docs/abi.md: ties to oneself, two ties of one pair and one end, dropped refs, and
 * unusual names and flags. In all three ways to wait.
 */

import { describe, expect, test } from "vitest";
import type { RuntimeOptions } from "../../host/index.ts";
import { macrotask } from "../support/clock.ts";
import { Stage, wordsOf } from "../support/player.ts";
import { ECHO, guest } from "../support/wat.ts";

const WAYS = ["jspi", "resume", "handler"] as const;
type Way = (typeof WAYS)[number];

const KIND = { message: 1, down: 2, exit: 3, timer: 4 } as const;
const [NOPROC, KILLED] = [4, 2];
const NOTES = 0x2000;

/** What a body may call: notes a word; notes kind, ref and reason of an item that is there. */
const COMMON = `
  (global $end (mut i32) (i32.const ${NOTES}))
  (global $left (mut i32) (i32.const 0))
  (data (i32.const 16) "echo")
  (func $note (param $word i32)
    (i32.store (global.get $end) (local.get $word))
    (global.set $end (i32.add (global.get $end) (i32.const 4))))
  (func $flush
    (drop (call $send (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 0) (i32.const ${NOTES})
      (i32.sub (global.get $end) (i32.const ${NOTES}))))
    (global.set $end (i32.const ${NOTES})))
  (func $item
    (call $note (i32.load (i32.const 64)))
    (call $note (i32.load (i32.const 80)))
    (call $note (i32.load (i32.const 84)))
    (global.set $left (i32.sub (global.get $left) (i32.const 1)))
    (if (i32.eqz (global.get $left)) (then (call $flush))))
  (func $poll (result i32) (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0)))
  (func $wait (result i32) (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)))
  (func $spawnEcho (param $flags i32) (result i32)
    (call $spawn (i32.const 16) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (local.get $flags) (i32.const 256)))
  (func $begin (param $items i32)
    (drop (call $args (i32.const 0) (i32.const 8)))
    (global.set $left (local.get $items))
    (call $first)
    (if (i32.eqz (local.get $items)) (then (call $flush))))`;

/** A guest that runs a body and then notes so many items. */
function played(way: Way, items: number, body: string): Uint8Array<ArrayBuffer> {
  const begin = `(call $begin (i32.const ${items}))`;
  const ways: Readonly<Record<Way, string>> = {
    jspi: `(func (export "run") ${begin}
      (loop $more (if (global.get $left) (then
        (if (i32.eq (call $wait) (i32.const -2)) (then (drop (call $park))))
        (call $item) (br $more)))))`,
    resume: `(global $began (mut i32) (i32.const 0))
      (func (export "run") unreachable)
      (func (export "resume:run") (param $n i32) (result i32)
        (if (global.get $began) (then (call $item)) (else (global.set $began (i32.const 1)) ${begin}))
        (loop $more (if (global.get $left) (then
          (if (i32.eq (call $wait) (i32.const -2)) (then (return (i32.const 1))))
          (call $item) (br $more))))
        (i32.const 0))`,
    handler: `(func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)) ${begin})
      (func (export "handle") (param $n i32) (if (global.get $left) (then (call $item))))`,
  };
  return guest(`${COMMON} (func $first (local $ref i32) (local $other i32) ${body}) ${ways[way]}`);
}

/** What a body and so many items noted; \`during\` acts after the body. */
async function notes(
  way: Way,
  items: number,
  body: string,
  options: RuntimeOptions = {},
  during: (stage: Stage) => void = () => {},
): Promise<number[]> {
  await using stage = new Stage(options);
  stage.runtime.define("echo", await stage.runtime.load(guest(ECHO)));
  const { pid } = stage.boss;
  const args = new Uint8Array(new Uint32Array([pid % 2 ** 32, Math.floor(pid / 2 ** 32)]).buffer);
  const crashed = stage.runtime.exited(
    stage.runtime.spawn(await stage.runtime.load(played(way, items, body)), { args }),
  );
  const answer = stage.boss.receive();
  await macrotask();
  during(stage);
  const end = await Promise.race([answer, crashed]);
  // It may have ended in the turn in which it sent its notes.
  const item = end?.kind === "normal" ? await answer : end;
  if (item?.kind === "message") return wordsOf(item.bytes);
  throw new Error(item?.kind === "crashed" ? item.message : `${item?.kind}`);
}

const self = "(call $self_lo) (call $self_hi)";
const child = "(i32.load (i32.const 256)) (i32.load (i32.const 260))";
const isRef = "(i32.lt_s (local.get $ref) (i32.const -1023))";

describe.each(WAYS)("by the way of %s:", way => {
  test("an actor that is linked and monitored tells its end as an Exit first, then as Downs in the order of the monitors", async () => {
    const body = `(drop (call $trap_exit (i32.const 1)))
      (drop (call $spawnEcho (i32.const 2)))
      (call $note (i32.load (i32.const 264)))
      (drop (call $link ${child}))
      (call $note (call $monitor ${child}))
      (drop (call $exit_to ${child} (i32.const 2) (i32.const 0) (i32.const 0)))`;
    const [first, second, ...items] = await notes(way, 3, body);
    expect(items).toEqual([KIND.exit, 0, KILLED, KIND.down, first, KILLED, KIND.down, second, KILLED]);
  });

  test("a link to oneself answers 1 and is none, also where the caller may have no more ties", async () => {
    const body = `(drop (call $trap_exit (i32.const 1)))
      (call $note (call $link ${self})) (call $note (call $unlink ${self}))
      (local.set $ref (call $make_ref)) (call $note ${isRef})
      (call $note (call $make_ref)) (call $note (call $link ${self})) (call $note (call $poll))`;
    expect(await notes(way, 0, body, { limits: { ties: 1 } })).toEqual([1, 1, 1, -101, 1, -1]);
  });

  test("a monitor of oneself is a live ref that can be taken back, and brings no Down", async () => {
    const body = `(local.set $ref (call $monitor ${self})) (call $note ${isRef})
      (call $note (call $send ${self} (local.get $ref) (i32.const 0) (i32.const 0)))
      (call $note (call $poll)) (call $note (i32.eq (i32.load (i32.const 68)) (local.get $ref)))
      (call $note (call $demonitor (local.get $ref) (i32.const 0)))
      (call $note (call $demonitor (local.get $ref) (i32.const 0)))
      (call $note (call $send ${self} (local.get $ref) (i32.const 0) (i32.const 0)))
      (drop (call $monitor ${self}))`;
    expect(await notes(way, 0, body)).toEqual([1, 1, 0, 1, 1, 0, 0]);
  });

  test("drop_ref leaves in the mailbox what has come for the ref, and lets nothing more come", async () => {
    const body = `(local.set $ref (call $make_ref))
      (call $note (call $send ${self} (local.get $ref) (i32.const 0) (i32.const 0)))
      (call $note (call $drop_ref (local.get $ref)))
      (call $note (call $drop_ref (local.get $ref)))
      (call $note (call $send ${self} (local.get $ref) (i32.const 0) (i32.const 0)))
      (call $note (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (local.get $ref)))
      (call $note (i32.eq (i32.load (i32.const 68)) (local.get $ref)))
      (call $note (call $poll))`;
    expect(await notes(way, 0, body)).toEqual([1, 1, 0, 0, 0, 1, -1]);
  });

  test("demonitor of what is no monitor answers 0 and changes no ref, but flushes what bears the ref", async () => {
    const body = `(local.set $ref (call $make_ref))
      (call $note (call $demonitor (local.get $ref) (i32.const 1)))
      (call $note (call $send ${self} (local.get $ref) (i32.const 0) (i32.const 0)))
      (drop (call $send ${self} (i32.const 5) (i32.const 0) (i32.const 0)))
      (call $note (call $demonitor (local.get $ref) (i32.const 0)))
      (call $note (call $demonitor (i32.const 0) (i32.const 1)))
      (call $note (call $demonitor (i32.const 5) (i32.const 1)))
      (call $note (call $demonitor (i32.const -5) (i32.const 1)))
      (call $note (call $demonitor (local.get $ref) (i32.const 1)))
      (call $note (call $poll)) (call $note (i32.load (i32.const 68))) (call $note (call $poll))
      (call $note (call $send ${self} (local.get $ref) (i32.const 0) (i32.const 0)))
      (call $note (call $drop_ref (local.get $ref)))`;
    // The ref was answered, so that it takes no other message.
    expect(await notes(way, 0, body)).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 5, -1, 0, 1]);
  });

  test.each([4, 7, -1, 2 ** 31 - 1])(
    "spawn with the flags %i, which are none, crashes and spawns nothing",
    async flags => {
      const spawned: string[] = [];
      const outcome = notes(way, 0, `(drop (call $spawnEcho (i32.const ${flags})))`, {
        onExit: ({ module }) => void spawned.push(module ?? ""),
      });
      await expect(outcome).rejects.toThrow(/^spawn: the flags are .*; there are 1 \(link\) and 2 \(monitor\)$/);
      expect(spawned).not.toContain("echo");
    },
  );

  test("send_after to nobody, or to a dead actor, sets a timer whose message is a dead letter", async () => {
    const letters: string[] = [];
    const timer = (to: string) => `(call $send_after (i32.const 10) ${to} (i32.const 0) (i32.const 0) (i32.const 4))`;
    const body = `(drop (call $spawnEcho (i32.const 0)))
      (drop (call $exit_to ${child} (i32.const 2) (i32.const 0) (i32.const 0)))
      (local.set $ref ${timer("(i32.const 0) (i32.const 0)")}) (call $note ${isRef})
      (call $note (call $cancel_timer (local.get $ref))) (call $note (call $cancel_timer (local.get $ref)))
      (local.set $ref ${timer("(i32.const 0) (i32.const 0)")}) (call $note ${isRef})
      (local.set $ref ${timer(child)}) (call $note ${isRef})
      (drop (call $send_after (i32.const 10) ${self} (i32.const 0) (i32.const 0) (i32.const 0)))`;
    const onDeadLetter = ({ why, length }: { why: string; length: number }) => void letters.push(`${why} ${length}`);
    const noted = await notes(way, 1, body, { onDeadLetter }, stage => stage.clock.jump(10));
    expect(noted.slice(0, 6)).toEqual([1, 1, 0, 1, 1, KIND.timer]);
    expect(letters).toEqual(["noproc 4", "noproc 4"]);
  });

  test("the empty name is a name like others, of an actor and of a group, wherever its pointer points", async () => {
    const [nowhere, here] = ["(i32.const -1) (i32.const 0)", "(i32.const 0) (i32.const 0)"];
    const body = `(call $note (call $whereis ${nowhere} (i32.const 300)))
      (call $note (call $register ${nowhere} ${self})) (call $note (call $register ${here} ${self}))
      (call $note (call $whereis ${here} (i32.const 300)))
      (call $note (i32.eq (i32.load (i32.const 300)) (call $self_lo)))
      (call $note (call $send_named ${here} (i32.const 7) (i32.const 0) (i32.const 0)))
      (call $note (call $poll)) (call $note (i32.load (i32.const 68)))
      (call $note (call $unregister ${nowhere})) (call $note (call $unregister ${nowhere}))
      (call $note (call $join ${nowhere})) (call $note (call $members ${here} (i32.const 300) (i32.const 1)))
      (call $note (call $members (i32.const 0) (i32.const 256) (i32.const 300) (i32.const 1)))
      (call $note (call $leave ${here})) (call $note (call $leave ${here}))`;
    expect(await notes(way, 0, body)).toEqual([0, 1, -1, 1, 1, 1, 0, 7, 1, 0, 1, 1, 0, 1, 0]);
  });

  test("info at 0 stands for none: the item is taken, and nothing is written", async () => {
    const body = `(memory.fill (i32.const 8) (i32.const 0xee) (i32.const 56))
      (drop (call $send ${self} (i32.const 7) (i32.const 16) (i32.const 4)))
      (call $note (call $recv (i32.const 0) (i32.const 128) (i32.const 64) (i32.const 0)))
      (call $note (i32.load (i32.const 128))) (call $note (i32.load (i32.const 8))) (call $note (i32.load (i32.const 28)))
      (call $note (call $poll))
      (call $note (call $monitor (i32.const 0) (i32.const 0)))
      (call $note (call $recv_tag (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.load (i32.sub (global.get $end) (i32.const 4)))))`;
    const filled = 0xeeeeeeee | 0;
    const noted = await notes(way, 0, body);
    expect([...noted.slice(0, 5), noted[6]]).toEqual([4, filled, filled, filled, -1, 0]);
  });
});

test("a Down of nobody says noproc, and an Exit too", async () => {
  for (const way of WAYS) {
    const nobody = "(i32.const 0) (i32.const 0)";
    const body = `(drop (call $trap_exit (i32.const 1))) (call $note (call $monitor ${nobody})) (call $note (call $link ${nobody}))`;
    const [ref, answer, ...items] = await notes(way, 2, body);
    expect([answer, ...items]).toEqual([0, KIND.down, ref, NOPROC, KIND.exit, 0, NOPROC]);
  }
});
