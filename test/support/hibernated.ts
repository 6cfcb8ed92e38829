/** Processes for tests of hibernation, and what they tell. */
import type { HostMailbox, Pid, Runtime } from "../../host/index.ts";
import { quiet } from "./guests.ts";
import { wordsOf } from "./player.ts";
import { guest } from "./wat.ts";

/**
 * Counts its items in a global and in its memory, and tells both to the pid in its arguments. Its waits
 * are of the kind that a transform makes: `resume:run` answers 1 where it has parked.
 */
export const COUNTER = `
  (global $n (mut i32) (i32.const 0))
  (func (export "run"))
  (func (export "resume:run") (param $n i32) (result i32)
    (local $got i32)
    (if (i32.load (i32.const 8))
      (then (local.set $got (local.get $n)))
      (else
        (drop (call $args (i32.const 16) (i32.const 8)))
        (i32.store (i32.const 8) (i32.const 1))
        ;; first
        (local.set $got (call $recv (i32.const 64) (i32.const 128) (i32.const 4096) (i32.const -1)))))
    (loop $again
      (if (i32.eq (local.get $got) (i32.const -2)) (then (return (i32.const 1))))
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (i32.store (i32.const 60000) (i32.add (i32.load (i32.const 60000)) (i32.const 1)))
      (i32.store (i32.const 32) (global.get $n))
      (i32.store (i32.const 36) (i32.load (i32.const 60000)))
      (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 8)))
      (local.set $got (call $recv (i32.const 64) (i32.const 128) (i32.const 4096) (i32.const -1)))
      (br $again))
    (unreachable))`;

/** What counters have told a mailbox since it was last asked. */
export function countsOf(mailbox: HostMailbox): number[][] {
  const counts: number[][] = [];
  for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
    if (item.kind === "message") counts.push([...wordsOf(item.bytes)]);
  }
  return counts;
}

/** A process whose first receive is this, and which tells what came of it. */
export const waits = (receive: string, more = "") => `${more}
  (func (export "run"))
  (func (export "resume:run") (param $n i32) (result i32)
    (if (i32.load (i32.const 8))
      (then
        (i32.store (i32.const 32) (local.get $n))
        (i32.store (i32.const 36) (i32.load (i32.const 64)))
        (i32.store (i32.const 40) (i32.load (i32.const 84)))
        (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 12)))
        (return (i32.const 0))))
    (drop (call $args (i32.const 16) (i32.const 8)))
    (i32.store (i32.const 8) (i32.const 1))
    (i32.eq ${receive} (i32.const -2)))`;

/** The arguments that tell these processes whom they should tell. */
export const argsOf = (pid: Pid): Uint8Array<ArrayBuffer> => new Uint8Array(BigUint64Array.of(BigInt(pid)).buffer);

/** A counter that has counted so far, whom it tells, and its image. */
export async function countedIn(runtime: Runtime, many: number) {
  const module = await runtime.load(guest(COUNTER), { name: "counter" });
  const boss = runtime.mailbox();
  const pid = runtime.spawn(module, { args: argsOf(boss.pid) });
  for (let i = 0; i < many; i++) runtime.send(pid, "");
  await quiet();
  countsOf(boss);
  return { module, boss, pid, image: runtime.image(pid) };
}
