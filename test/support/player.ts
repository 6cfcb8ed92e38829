/**
 * A guest that plays a script. Each step is one call of an import with the arguments that a test
 * chose. The result is noted and sent to the test's mailbox. The same script plays in all three
 * ways of docs/abi.md: as a process by JSPI, as a process whose `resume:run` is a state machine
 * written by hand, and as a handler.
 */

import {
  type ExitReason,
  type HostMailbox,
  type Pid,
  Runtime,
  type RuntimeOptions,
  type SpawnOptions,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { macrotask } from "./clock.ts";
import { ECHO, guest } from "./wat.ts";

/** A message from the test's mailbox. */
export type TestMessage = readonly [tag: number, bytes: Uint8Array | readonly number[]];

export type PlayerWay = "jspi" | "resume" | "handler";

/** Where the player keeps what, in its two pages. */
export const MEMORY_END = 0x20000;
export const INFO = 0x40;
export const PAYLOAD = 0x80;
export const CAP = 0x1000;
const NOTES = 0x4000;
const TRACE = 0x6000;
const SCRIPT = 0x8000;

/**
 * What `match` of the player does, by the predicate's number. From 100 up: yes where the first byte
 * is that much above 100.
 */
export const predicate = {
  never: 0,
  always: 1,
  minusOne: 2,
  traps: 3,
  sends: 4,
  growsForEver: 5,
  callsWhatItMay: 6,
  receives: 7,
  parks: 8,
  exits: 9,
  setsWindow: 10,
  infoTagIs7: 11,
  exhaustsStack: 12,
  firstByteIs: (byte: number) => 100 + byte,
} as const;

const words = (pid: Pid) => [pid % 2 ** 32, Math.floor(pid / 2 ** 32)];

/** The steps. Those that say so note one word. */
export const step = {
  /** Notes the status. */
  send: (to: Pid, tag: number, ptr: number, len: number) => [1, ...words(to), tag, ptr, len],
  /** Notes n. */
  recv: (timeoutMs: number, info = INFO, ptr = PAYLOAD, cap = CAP) => [2, info, ptr, cap, timeoutMs],
  /** Notes n. */
  recvTag: (timeoutMs: number, tag: number, info = INFO, ptr = PAYLOAD, cap = CAP) => [
    3,
    info,
    ptr,
    cap,
    timeoutMs,
    tag,
  ],
  /** Notes n. */
  recvMatch: (timeoutMs: number, which: number, info = INFO, ptr = PAYLOAD, cap = CAP) => [
    4,
    info,
    ptr,
    cap,
    timeoutMs,
    which,
  ],
  /** Parks, whatever the last note is. Notes what `park` returned. */
  park: () => [5],
  window: (info: number, ptr: number, cap: number) => [6, info, ptr, cap],
  /** Notes lo and hi. */
  self: () => [7],
  /** Notes the length. */
  args: (ptr: number, cap: number) => [8, ptr, cap],
  exit: (reason: number, ptr = 0, len = 0) => [9, reason, ptr, len],
  /** Stores an f64. */
  now: (ptr: number) => [10, ptr],
  log: (level: number, ptr: number, len: number) => [11, level, ptr, len],
  /** Sends these bytes to the test. */
  dump: (ptr: number, len: number) => [12, ptr, len],
  fill: (ptr: number, len: number, byte: number) => [13, ptr, len, byte],
  store: (ptr: number, word: number) => [14, ptr, word],
  unreachable: () => [15],
  divideByZero: () => [16],
  loadFrom: (ptr: number) => [17, ptr],
  exhaustStack: () => [18],
  /** Sends the notes to the test. */
  flush: () => [19],
  /** Where the last note is -2, parks and puts what `park` returned in its place. */
  await: () => [20],
  /** Notes what memory.grow returned. */
  grow: (pages: number) => [21, pages],
  /** Notes how often `match` was called. */
  countAsked: () => [22],
  /**
   * Sends the four words of each call of `match`: predicate, ptr, len, first byte (-1 where len is
   * 0).
   */
  dumpTrace: () => [23],
  /** Sends to the sender of the item in INFO; notes the status. */
  reply: (tag: number, ptr: number, len: number) => [24, tag, ptr, len],
  again: () => [25],
  abort: () => [26],
  /** Notes the word at an address. */
  load: (ptr: number) => [27, ptr],
  /** Sends to itself; notes the status. */
  sendSelf: (tag: number, ptr: number, len: number) => [28, tag, ptr, len],
} as const;

const next = "(call $next)";
const nexts = (count: number) => Array(count).fill(next).join(" ");
const when = (op: number, body: string) => `(if (i32.eq (local.get $op) (i32.const ${op})) (then ${body}))`;
const boss = `(i32.load (i32.const ${SCRIPT})) (i32.load (i32.const ${SCRIPT + 4}))`;

/** Returns 0 at the end, 1 to go on, 2 to park. */
const STEP = `
  (func $step (result i32) (local $op i32) (local $a i32) (local $b i32)
    (local.set $op ${next})
    (if (i32.eqz (local.get $op)) (then (return (i32.const 0))))
    ${when(1, `(call $note (call $send ${nexts(5)}))`)}
    ${when(2, `(call $note (call $recv ${nexts(4)}))`)}
    ${when(3, `(call $note (call $recv_tag ${nexts(5)}))`)}
    ${when(4, `(call $note (call $recv_match ${nexts(5)}))`)}
    ${when(5, "(call $note (i32.const -2)) (return (i32.const 2))")}
    ${when(6, `(call $window ${nexts(3)})`)}
    ${when(7, "(call $note (call $self_lo)) (call $note (call $self_hi))")}
    ${when(8, `(call $note (call $args ${nexts(2)}))`)}
    ${when(9, `(call $exit ${nexts(3)})`)}
    ${when(10, `(f64.store ${next} (call $now))`)}
    ${when(11, `(drop (call $log ${nexts(3)}))`)}
    ${when(12, `(local.set $a ${next}) (local.set $b ${next}) (drop (call $send ${boss} (i32.const 0) (local.get $a) (local.get $b)))`)}
    ${when(13, `(local.set $a ${next}) (local.set $b ${next}) (memory.fill (local.get $a) ${next} (local.get $b))`)}
    ${when(14, `(i32.store ${nexts(2)})`)}
    ${when(15, "unreachable")}
    ${when(16, "(drop (i32.div_s (i32.const 1) (i32.const 0)))")}
    ${when(17, `(drop (i32.load ${next}))`)}
    ${when(18, "(drop (call $forever (i32.const 1)))")}
    ${when(
      19,
      `(drop (call $send ${boss} (i32.const 0) (i32.const ${NOTES}) (i32.sub (global.get $end) (i32.const ${NOTES}))))
       (global.set $end (i32.const ${NOTES}))`,
    )}
    ${when(20, "(if (i32.eq (i32.load (i32.sub (global.get $end) (i32.const 4))) (i32.const -2)) (then (return (i32.const 2))))")}
    ${when(21, `(call $note (memory.grow ${next}))`)}
    ${when(22, "(call $note (global.get $asked))")}
    ${when(23, `(drop (call $send ${boss} (i32.const 0) (i32.const ${TRACE}) (i32.mul (global.get $asked) (i32.const 16))))`)}
    ${when(24, `(call $note (call $send (i32.load (i32.const ${INFO + 8})) (i32.load (i32.const ${INFO + 12})) ${nexts(3)}))`)}
    ${when(25, `(global.set $pc (i32.const ${SCRIPT + 8})) (global.set $end (i32.const ${NOTES}))`)}
    ${when(26, "(call $abort (i32.const 8) (i32.const 12) (i32.const 7) (i32.const 9))")}
    ${when(27, `(call $note (i32.load ${next}))`)}
    ${when(28, `(call $note (call $send (call $self_lo) (call $self_hi) ${nexts(3)}))`)}
    (i32.const 1))`;

const COMMON = `
  (global $pc (mut i32) (i32.const 0))
  (global $end (mut i32) (i32.const ${NOTES}))
  (global $asked (mut i32) (i32.const 0))
  (func $begin
    (drop (call $args (i32.const ${SCRIPT}) (i32.const 0x4000)))
    (global.set $pc (i32.const ${SCRIPT + 8})))
  (func $next (result i32)
    (global.set $pc (i32.add (global.get $pc) (i32.const 4)))
    (i32.load (i32.sub (global.get $pc) (i32.const 4))))
  (func $note (param $word i32)
    (i32.store (global.get $end) (local.get $word))
    (global.set $end (i32.add (global.get $end) (i32.const 4))))
  (func $amend (param $word i32)
    (i32.store (i32.sub (global.get $end) (i32.const 4)) (local.get $word)))
  (func $forever (param $n i32) (result i32)
    (i32.add (call $forever (i32.add (local.get $n) (i32.const 1))) (i32.const 1)))
  ${STEP}
  (func (export "match") (param $which i32) (param $ptr i32) (param $len i32) (result i32) (local $row i32)
    (local.set $row (i32.add (i32.const ${TRACE}) (i32.mul (global.get $asked) (i32.const 16))))
    (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
    (i32.store (local.get $row) (local.get $which))
    (i32.store offset=4 (local.get $row) (local.get $ptr))
    (i32.store offset=8 (local.get $row) (local.get $len))
    (i32.store offset=12 (local.get $row) (i32.const -1))
    (if (local.get $len) (then (i32.store offset=12 (local.get $row) (i32.load8_u (local.get $ptr)))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.always})) (then (return (i32.const 1))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.minusOne})) (then (return (i32.const -1))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.traps})) (then unreachable))
    (if (i32.eq (local.get $which) (i32.const ${predicate.sends})) (then
      (return (call $send (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.growsForEver})) (then
      (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      (return (i32.eq (i32.load8_u (local.get $ptr)) (i32.const 2)))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.callsWhatItMay})) (then
      (drop (call $log (i32.const 1) (local.get $ptr) (local.get $len)))
      (drop (call $args (i32.const 0x7000) (i32.const 4)))
      (drop (call $self_hi))
      (return (i32.and (i32.ne (call $self_lo) (i32.const 0)) (f64.ge (call $now) (f64.const 0))))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.receives})) (then
      (return (call $recv (i32.const ${INFO}) (i32.const 0x2000) (i32.const 16) (i32.const 0)))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.parks})) (then (return (call $pause))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.exits})) (then
      (call $exit (i32.const 0) (i32.const 0) (i32.const 0))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.setsWindow})) (then
      (call $window (i32.const ${INFO}) (i32.const ${PAYLOAD}) (i32.const 16))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.infoTagIs7})) (then
      (return (i32.eq (i32.load (i32.const ${INFO + 4})) (i32.const 7)))))
    (if (i32.eq (local.get $which) (i32.const ${predicate.exhaustsStack})) (then
      (return (call $forever (i32.const 0)))))
    (if (i32.and (i32.ge_s (local.get $which) (i32.const 100)) (i32.ne (local.get $len) (i32.const 0))) (then
      (return (i32.eq (i32.load8_u (local.get $ptr)) (i32.sub (local.get $which) (i32.const 100))))))
    (i32.const 0))`;

const BODIES: Readonly<Record<PlayerWay, string>> = {
  jspi: `${COMMON}
    (func $pause (result i32) (call $park))
    (func (export "run") (local $step i32)
      (call $begin)
      (loop $steps
        (local.set $step (call $step))
        (if (i32.eq (local.get $step) (i32.const 2)) (then (call $amend (call $park))))
        (br_if $steps (local.get $step))))`,
  // n is what park returned; the first time it stands for nothing.
  resume: `${COMMON}
    (export "global:pc" (global $pc))
    (export "global:end" (global $end))
    (export "global:asked" (global $asked))
    (func $pause (result i32) unreachable)
    (func (export "run") unreachable)
    (func (export "resume:run") (param $n i32) (result i32) (local $step i32)
      (if (global.get $pc) (then (call $amend (local.get $n))) (else (call $begin)))
      (loop $steps
        (local.set $step (call $step))
        (if (i32.eq (local.get $step) (i32.const 2)) (then (return (i32.const 1))))
        (br_if $steps (local.get $step)))
      (i32.const 0))`,
  handler: `${COMMON}
    (func $pause (result i32) (call $park))
    (func (export "_start") (call $window (i32.const ${INFO}) (i32.const ${PAYLOAD}) (i32.const ${CAP})))
    (func (export "handle") (param $n i32) (local $step i32)
      (if (global.get $pc) (then (return)))
      (call $begin)
      (loop $steps
        (local.set $step (call $step))
        (if (i32.eq (local.get $step) (i32.const 2)) (then (call $amend (call $park))))
        (br_if $steps (local.get $step))))`,
};

const binaries = new Map<PlayerWay, Uint8Array<ArrayBuffer>>();
function binary(way: PlayerWay): Uint8Array<ArrayBuffer> {
  const found = binaries.get(way) ?? guest(BODIES[way]);
  binaries.set(way, found);
  return found;
}

const echoBinary = guest(ECHO);

/** A runtime with a clock to move, a mailbox that notes arrive in, and players. */
export class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly runtime: Runtime;
  readonly boss: HostMailbox;
  readonly logs: [Pid, string, string][] = [];
  readonly #ends = new Map<Pid, ExitReason>();

  constructor(options: RuntimeOptions = {}) {
    this.runtime = new Runtime({
      grants: "all",
      clock: this.clock,
      onExit: ({ pid, reason }) => void this.#ends.set(pid, reason),
      onLog: (pid, level, text) => void this.logs.push([pid, level, text]),
      ...options,
    });
    this.boss = this.runtime.mailbox();
  }

  /**
   * Spawns a player with these messages of the test in its mailbox already. One that is a handler
   * plays its script when its first item comes, and ignores the rest.
   */
  async play(
    way: PlayerWay,
    script: readonly (readonly number[])[],
    options: SpawnOptions = {},
    messages: readonly TestMessage[] = [],
  ): Promise<Pid> {
    const module = await this.runtime.load(binary(way), { name: way });
    const list = [...words(this.boss.pid), ...script.flat(), 0];
    const args = new Uint8Array(list.length * 4);
    const view = new DataView(args.buffer);
    for (const [index, word] of list.entries()) view.setUint32(index * 4, word >>> 0, true);
    const pid = this.runtime.spawn(module, { args, ...options });
    for (const [tag, bytes] of messages) {
      if (!this.boss.send(pid, Uint8Array.from(bytes), { tag })) throw new Error("the player is dead already");
    }
    return pid;
  }

  /**
   * The same where the script decides when to receive: a handler is given an empty item to begin
   * with.
   */
  async playAtOnce(
    way: PlayerWay,
    script: readonly (readonly number[])[],
    messages: readonly TestMessage[] = [],
  ): Promise<Pid> {
    return this.play(way, script, {}, way === "handler" ? [[0, []], ...messages] : messages);
  }

  /** The bytes of the next message. */
  async bytes(): Promise<Uint8Array> {
    const item = await this.boss.receive();
    if (item?.kind !== "message") throw new Error(`a message was expected, not ${item?.kind}`);
    return item.bytes;
  }

  /** The words of the next message, as signed. */
  async notes(): Promise<number[]> {
    return wordsOf(await this.bytes());
  }

  /** Why an actor ended or will end. */
  async end(pid: Pid): Promise<ExitReason> {
    return this.#ends.get(pid) ?? (await this.runtime.exited(pid));
  }

  /** Why an actor ended or will end, as `kind: first line of the message`. */
  async reason(pid: Pid): Promise<string> {
    const reason = await this.end(pid);
    return reason.kind === "crashed" ? `crashed: ${reason.message.split("\n")[0]}` : reason.kind;
  }

  async echo(options: SpawnOptions = {}): Promise<Pid> {
    return this.runtime.spawn(await this.runtime.load(echoBinary, { name: "echo" }), options);
  }

  /**
   * Whether an echo still answers. Everything that was runnable before has had its turn by then.
   */
  async answers(echo: Pid): Promise<boolean> {
    const mailbox = this.runtime.mailbox();
    mailbox.send(echo, new Uint8Array([1, 2, 3]), { tag: 5 });
    const item = await mailbox.receive();
    mailbox.close();
    return item?.kind === "message" && item.from === echo && item.tag === 5 && item.bytes.join() === "1,2,3";
  }

  /** Lets every actor that can run do so. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) await macrotask();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime.stop();
  }
}

export function wordsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 2 }, (_, index) => view.getInt32(index * 4, true));
}

/** The eight words of `info` for a message, as docs/abi.md has them. */
export const infoOf = (from: Pid, tag: number, len: number) => [
  1,
  tag,
  ...words(from).map(word => word | 0),
  0,
  0,
  len,
  0,
];
