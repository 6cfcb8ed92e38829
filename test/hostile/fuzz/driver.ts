/**
 * A guest that calls every import with the arguments that its script gives. Unlike the player
 * (test/support/player.ts) it has no restraint: an operand may be a number, a word of its memory,
 * or what an import returned before, so a script can use pids and refs that are not known when it
 * is written. A script always comes to its end: a step goes back so often as it says, and not
 * inside of another that does.
 */

import type { Pid } from "../../../host/index.ts";
import { actorImportTypes, envImportTypes } from "../../../host/wire/abi.ts";
import { WASI_MODULE, wasiTypes } from "../../support/wasi-types.ts";
import { assemble } from "../../support/wat.ts";

/**
 * How it waits: by JSPI, by a `resume:run` written by hand, or not at all; the last begins in the
 * wasm start function.
 */
export const drivers = ["jspi", "resume", "handler", "early"] as const;
export type Driver = (typeof drivers)[number];

/** Where it keeps what, in its two pages. */
export const INFO = 0x40;
export const PAYLOAD = 0x80;
export const CAP = 0x400;
export const NOTES = 0x1000;
/** The length of its args, so that it can hand them on. */
export const ARGS_LENGTH = 0x1100;
/** Pids that it knows, 8 bytes each. The first is its own. */
export const PIDS = 0x1200;
export const PID_COUNT = 8;
/** For results of `spawn`, 16 bytes each. */
export const CHILDREN = 0x1300;
/** For pids that `whereis` and `members` find, 8 bytes each. */
export const FOUND = 0x1400;
/**
 * Buffers for `fd_read` and `fd_write`, 8 bytes each: good ones, empty and long ones, themselves,
 * and ones that are not inside its memory.
 */
export const VECTORS = 0x1500;
const vectors = [
  ...[
    [PAYLOAD, 20],
    [0x600, 0],
    [0x700, 300],
    [0x2000, 0x8000],
  ],
  ...[
    [VECTORS, 40],
    [0x2000, 0x10000],
    [-4, 8],
    [0x1fff0, 17],
  ],
];
export const VECTOR_COUNT = vectors.length;
/**
 * A room for frames of a stack that is unwound: where its top is, where it ends, and some frames.
 */
export const STACK_ROOM = 0x1600;
export const STACK_TOP = STACK_ROOM + 0x40;
const STACK_END = STACK_ROOM + 0x100;
const NAMES = 0x1800;
/** Where it takes what comes when its script is over, however long that is. */
const REST = 0x4000;
const REST_CAP = 0x2000;
export const SCRIPT = 0x8000;
const SCRIPT_ROOM = 0x6000;
const HEADER_BYTES = 12 + PID_COUNT * 8;

/**
 * Each of these words of a new memory is 0. What an actor leaves there is its pid: an actor that
 * finds one has another's memory.
 */
const CANARIES = [
  { from: REST, to: REST + REST_CAP, step: 0x200 },
  { from: SCRIPT, to: 0x20000, step: 0x800 },
] as const;

/** Names of modules, entries, groups and actors, 16 bytes apart. */
const names = [
  ...["jspi", "resume", "handler", "early", "echo", "nobody", "run", "handle", "a", "b", "c", "\xff\xfe"],
  ...["ext.answers", "ext.slow", "ext.silent", "ext.breaks", "ext.read"],
];
/**
 * Those that stand for modules, the last of which there is not; and those for whatever else there
 * may be, entries first.
 */
export const MODULE_NAMES = [0, 5] as const;
export const OTHER_NAMES = [6, 11] as const;
/** Functions of the embedder, of which the last one cannot be asked. */
export const ASKED_NAMES = [12, 16] as const;
/** "a" and "b": few, so that scripts meet under them. */
export const COMMON_NAMES = [8, 9] as const;

export function nameAt(index: number): { pointer: number; length: number } {
  return { pointer: NAMES + 16 * index, length: names[index].length };
}

/** What the embedder of the fuzzed runtime offers; see calls.ts. */
const embedderTypes: Readonly<Record<string, string>> = {
  read: "(i32, i32) -> i32",
  write: "(i32, i32) -> i32",
  wide: "(i64) -> i64",
  later: "(i32) -> i32",
  fails: "(i32) -> i32",
  lateWrite: "(i32, i32) -> i32",
  never: "() -> i32",
  throws: "() -> i32",
  status: "() -> i32",
  ends: "() -> ()",
  room: "() -> i32",
  kills: "(i32, i32) -> i32",
  sends: "(i32, i32) -> ()",
  spawns: "() -> i32",
};

interface Call {
  readonly name: string;
  readonly module: string;
  readonly parameters: readonly string[];
  readonly result: string | undefined;
}

function callsOf(module: string, types: Readonly<Record<string, string>>): Call[] {
  return Object.entries(types).map(([name, type]) => {
    const [parameters, results] = type.split(" -> ").map(side => side.match(/[if]\d\d/g) ?? []);
    return { name, module, parameters, result: results[0] };
  });
}

/** Every function that a guest can import; a call's place is its number in a script. */
export const calls: readonly Call[] = [
  ...callsOf("actor", actorImportTypes),
  ...callsOf("env", envImportTypes),
  ...callsOf("ext", embedderTypes),
  ...callsOf(WASI_MODULE, wasiTypes),
];

/**
 * A guest calls it where it has found another's word in its memory. It is no step, and needs no
 * luck to be called.
 */
export const FOUND_CANARY = "found";

/** What a step can be besides a call. */
export const deeds = [
  "await",
  "giveWay",
  "catch",
  "grow",
  "growing",
  "store",
  "trap",
  "dive",
  "brink",
  "spin",
  "repeat",
] as const;
export type Deed = (typeof deeds)[number];

const FIRST_CALL = 1;
const FIRST_DEED = FIRST_CALL + calls.length;

/**
 * How an operand is found: it is a number, a word of the memory, the so many last note, or a word
 * of the memory with one wrong bit.
 */
export const operand = {
  number: (value: number) => [0, value] as const,
  word: (address: number) => [1, address] as const,
  note: (ago: number) => [2, ago] as const,
  bent: (address: number, bit: number) => [3, address + bit * 2 ** 20] as const,
};
export type Operand = readonly [mode: number, value: number];

export interface Step {
  readonly name: string;
  readonly operands: readonly Operand[];
}

export interface Script {
  /** So many steps are played in `_start`, or by `early` in its start function. */
  readonly atStart: number;
  /** So many by a handler for each item. */
  readonly perItem: number;
  /** At its end it waits for ever. */
  readonly stays: boolean;
  readonly steps: readonly Step[];
}

/** The args of a driver: its header, the pids that it knows of others (one at least), its steps. */
export function encodeScript(script: Script, others: readonly Pid[]): Uint8Array {
  const words = [script.atStart, script.perItem, script.stays ? 1 : 0];
  for (let index = 0; index < PID_COUNT; index++) {
    const pid = index === 0 ? 0 : others[(index - 1) % others.length];
    words.push(pid % 2 ** 32, Math.floor(pid / 2 ** 32));
  }
  for (const { name, operands } of script.steps) words.push(numberOf(name), ...operands.flat());
  const view = new DataView(new ArrayBuffer(Math.min(words.length * 4, SCRIPT_ROOM)));
  for (let at = 0; at < view.byteLength; at += 4) view.setUint32(at, words[at / 4] >>> 0, true);
  return new Uint8Array(view.buffer);
}

function numberOf(name: string): number {
  const call = calls.findIndex(other => other.name === name);
  if (call >= 0) return FIRST_CALL + call;
  const deed = (deeds as readonly string[]).indexOf(name);
  if (deed >= 0) return FIRST_DEED + deed;
  throw new Error(`there is no step called ${name}`);
}

/** From an operand, which is an i32, and to a note, which is one too. */
const widened: Readonly<Record<string, (operand: string) => string>> = {
  i32: text => text,
  i64: text => `(i64.extend_i32_s ${text})`,
};
const noted: Readonly<Record<string, (result: string) => string>> = {
  i32: text => `(call $note ${text})`,
  i64: text => `(call $note (i32.wrap_i64 ${text}))`,
  f64: text => `(call $note (i32.trunc_sat_f64_s ${text}))`,
};

/** From here up, a predicate makes a step at such a depth of its stack. */
export const DEEP_PREDICATE = 1000;
/**
 * An actor goes down to where less than this is left, and then as far as it says. It looks now and
 * then, and every level takes less than 120 bytes.
 */
const LEVELS_BETWEEN = 512;
const BRINK_BYTES = 130_000;
/** More than there are, but by JSPI, where JavaScript has another stack. */
const MOST_LEVELS = 20_000;
export const MOST_FURTHER = 2500;

const i32 = (value: number) => `(i32.const ${value})`;
const OPERAND = "(call $operand)";
/** What `$step` answers. */
const ENDED = 0;
const GOES_ON = 1;
const PARKS = 2;
const GIVES_WAY = 3;

function callOf({ name, module, parameters, result }: Call): string {
  // Waiting happens outside of this function.
  if (name === "park") return `(return (i32.const ${PARKS}))`;
  const text = `(call $${module}.${name} ${parameters.map(type => widened[type](OPERAND)).join(" ")})`;
  return result === undefined ? text : noted[result](text);
}

const deedBodies: Readonly<Record<Deed, string>> = {
  await: `(if (i32.eq (call $noted (i32.const 0)) (i32.const -2)) (then (return (i32.const ${PARKS}))))`,
  giveWay: `(return (i32.const ${GIVES_WAY}))`,
  catch: "(try (do (local.set $result (call $step))) (catch_all)) (return (local.get $result))",
  grow: `(call $note (memory.grow ${OPERAND}))`,
  store: `(i32.store ${OPERAND} ${OPERAND})`,
  trap: "unreachable",
  // Computes and grows: no import is called between.
  growing: `(local.set $count ${OPERAND})
    (loop $more
      (local.set $pc (i32.const 100))
      (loop $compute (br_if $compute (local.tee $pc (i32.sub (local.get $pc) (i32.const 1)))))
      (call $note (memory.grow (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $more (i32.gt_s (local.get $count) (i32.const 0))))`,
  dive: `(return (call $dive ${OPERAND}))`,
  brink: `(return (call $brink (i32.const 0) ${OPERAND}))`,
  spin: `(local.set $count ${OPERAND})
    (loop $more (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $more (i32.gt_s (local.get $count) (i32.const 0))))`,
  repeat: `(local.set $count ${OPERAND})
    (if (global.get $repeats) (then (return (i32.const ${GOES_ON}))))
    (global.set $repeats (i32.const 1))
    (local.set $pc (global.get $pc))
    (loop $more
      (global.set $pc (local.get $pc))
      (local.set $result (call $step))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $more (i32.and (i32.eq (local.get $result) (i32.const ${GOES_ON})) (i32.gt_s (local.get $count) (i32.const 0)))))
    (global.set $repeats (i32.const 0))
    (return (local.get $result))`,
};

const cases = [...calls.map(callOf), ...deeds.map(deed => deedBodies[deed])].map((body, index) => {
  return `(if (i32.eq (local.get $op) (i32.const ${index + FIRST_CALL})) (then ${body} (return (i32.const ${GOES_ON}))))`;
});

const COMMON = `
  (import "env" "memory" (memory 2))
  ${calls
    .map(({ name, module, parameters, result }) => {
      const type = `${parameters.map(type => `(param ${type})`).join(" ")} ${result === undefined ? "" : `(result ${result})`}`;
      return `(import "${module}" "${name}" (func $${module}.${name} ${type}))`;
    })
    .join("\n")}
  (import "ext" "${FOUND_CANARY}" (func $found (param i32)))
  (global $pc (mut i32) (i32.const 0))
  (global $end (mut i32) (i32.const 0))
  (global $notes (mut i32) (i32.const 0))
  (global $repeats (mut i32) (i32.const 0))
  ${names.map((text, index) => `(data (i32.const ${NAMES + 16 * index}) "${escaped(text)}")`).join("\n")}
  (data (i32.const ${STACK_ROOM}) "${escaped(bytesOf([STACK_TOP, STACK_END]))}")
  (data (i32.const ${VECTORS}) "${escaped(bytesOf(vectors.flat()))}")
  (func $mark (param $at i32) (param $end i32) (param $step i32) (param $word i32)
    (loop $more
      (if (i32.load (local.get $at)) (then (call $found (local.get $at))))
      (i32.store (local.get $at) (local.get $word))
      (local.set $at (i32.add (local.get $at) (local.get $step)))
      (br_if $more (i32.lt_u (local.get $at) (local.get $end)))))
  (func $begin
    (if (global.get $pc) (then (return)))
    ${CANARIES.map(({ from, to, step }) => `(call $mark ${[from, to, step].map(i32).join(" ")} (call $actor.self_lo))`).join("\n")}
    (i32.store (i32.const ${ARGS_LENGTH}) (call $actor.args (i32.const ${SCRIPT}) (i32.const ${SCRIPT_ROOM})))
    (memory.copy (i32.const ${PIDS}) (i32.const ${SCRIPT + 12}) (i32.const ${PID_COUNT * 8}))
    (i32.store (i32.const ${PIDS}) (call $actor.self_lo))
    (i32.store (i32.const ${PIDS + 4}) (call $actor.self_hi))
    (global.set $end (i32.add (i32.const ${SCRIPT}) (i32.load (i32.const ${ARGS_LENGTH}))))
    (global.set $pc (i32.const ${SCRIPT + HEADER_BYTES})))
  (func $next (result i32)
    (if (i32.ge_u (global.get $pc) (global.get $end)) (then (return (i32.const 0))))
    (global.set $pc (i32.add (global.get $pc) (i32.const 4)))
    (i32.load (i32.sub (global.get $pc) (i32.const 4))))
  (func $operand (result i32) (local $mode i32) (local $value i32)
    (local.set $mode (call $next))
    (local.set $value (call $next))
    (if (i32.eq (local.get $mode) (i32.const 1)) (then (return (i32.load (i32.and (local.get $value) (i32.const 0x1fffc))))))
    (if (i32.eq (local.get $mode) (i32.const 2)) (then (return (call $noted (local.get $value)))))
    (if (i32.eq (local.get $mode) (i32.const 3)) (then (return (i32.xor
      (i32.load (i32.and (local.get $value) (i32.const 0x1fffc)))
      (i32.shl (i32.const 1) (i32.shr_u (local.get $value) (i32.const 20)))))))
    (local.get $value))
  (func $noteAddress (param $ago i32) (result i32)
    (i32.add (i32.const ${NOTES}) (i32.mul (i32.const 4)
      (i32.and (i32.const 63) (i32.sub (global.get $notes) (i32.add (local.get $ago) (i32.const 1)))))))
  (func $noted (param $ago i32) (result i32) (i32.load (call $noteAddress (local.get $ago))))
  (func $note (param $word i32)
    (global.set $notes (i32.add (global.get $notes) (i32.const 1)))
    (i32.store (call $noteAddress (i32.const 0)) (local.get $word)))
  (func $dive (param $depth i32) (result i32)
    (if (i32.le_s (local.get $depth) (i32.const 0)) (then (return (call $step))))
    (i32.add (call $dive (i32.sub (local.get $depth) (i32.const 1))) (i32.const 0)))
  (func $brink (param $level i32) (param $further i32) (result i32)
    (if (i32.eqz (i32.and (local.get $level) (i32.const ${LEVELS_BETWEEN - 1}))) (then
      (if (i32.or (i32.lt_s (call $ext.room) (i32.const ${BRINK_BYTES})) (i32.gt_u (local.get $level) (i32.const ${MOST_LEVELS})))
        (then (return (call $dive (local.get $further)))))))
    (i32.add (call $brink (i32.add (local.get $level) (i32.const 1)) (local.get $further)) (i32.const 0)))
  (func $step (result i32) (local $op i32) (local $count i32) (local $result i32) (local $pc i32)
    (local.set $result (i32.const ${GOES_ON}))
    (local.set $op (call $next))
    ${cases.join("\n")}
    (i32.const ${ENDED}))
  (func $steps (param $left i32)
    (call $begin)
    (loop $more
      (if (i32.le_s (local.get $left) (i32.const 0)) (then (return)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (if (i32.eq (call $step) (i32.const ${PARKS})) (then (call $note (call $actor.park))))
      (br $more)))
  (func $wait (result i32)
    (call $actor.recv (i32.const ${INFO}) (i32.const ${REST}) (i32.const ${REST_CAP}) (i32.const -1)))
  (func $stays (result i32) (i32.load (i32.const ${SCRIPT + 8})))
  (func (export "match") (param $predicate i32) (param $pointer i32) (param $length i32) (result i32)
    (if (i32.eq (local.get $predicate) (i32.const 2)) (then unreachable))
    (if (i32.eq (local.get $predicate) (i32.const 3)) (then (return (i32.and (i32.load8_u (local.get $pointer)) (i32.const 1)))))
    (if (i32.eq (local.get $predicate) (i32.const 4)) (then (call $steps (i32.const 1))))
    (if (i32.ge_u (local.get $predicate) (i32.const ${DEEP_PREDICATE})) (then
      (drop (call $dive (i32.sub (local.get $predicate) (i32.const ${DEEP_PREDICATE}))))))
    (i32.and (local.get $predicate) (i32.const 1)))`;

const PREPARE = `
  (call $begin)
  (call $actor.window (i32.const ${INFO}) (i32.const ${PAYLOAD}) (i32.const ${CAP}))
  (call $steps (i32.load (i32.const ${SCRIPT})))`;

const START = `(func (export "_start") ${PREPARE})`;

const HANDLE = `
  (func (export "handle") (param $n i32)
    (call $steps (i32.load (i32.const ${SCRIPT + 4})))
    (if (i32.eqz (i32.or (call $stays) (i32.lt_u (global.get $pc) (global.get $end)))) (then
      (call $actor.exit (i32.const 0) (i32.const 0) (i32.const 0)))))`;

const bodies: Readonly<Record<Driver, string>> = {
  jspi: `${START}
    (func (export "run") (local $step i32)
      (loop $more
        (local.set $step (call $step))
        (if (i32.eq (local.get $step) (i32.const ${PARKS})) (then (call $note (call $actor.park))))
        (br_if $more (local.get $step)))
      (if (i32.eqz (call $stays)) (then (return)))
      (loop $forever
        (if (i32.eq (call $wait) (i32.const -2)) (then (drop (call $actor.park))))
        (br $forever)))`,
  // n is what park returned; the first time it stands for nothing.
  resume: `${START}
    (global $went (mut i32) (i32.const 0))
    (func (export "run") unreachable)
    (func (export "resume:run") (param $n i32) (result i32) (local $step i32)
      (if (global.get $went) (then (call $note (local.get $n))))
      (global.set $went (i32.const 1))
      (loop $more
        (local.set $step (call $step))
        (if (i32.eq (local.get $step) (i32.const ${PARKS})) (then (return (i32.const 1))))
        (if (i32.eq (local.get $step) (i32.const ${GIVES_WAY})) (then (return (i32.const 2))))
        (br_if $more (local.get $step)))
      (if (i32.eqz (call $stays)) (then (return (i32.const 0))))
      (loop $forever (br_if $forever (i32.ne (call $wait) (i32.const -2))))
      (i32.const 1))`,
  handler: `${START} ${HANDLE}`,
  early: `${HANDLE} (func $first ${PREPARE}) (start $first)`,
};

export function driverBinary(driver: Driver): Uint8Array<ArrayBuffer> {
  return assemble(`(module ${COMMON} ${bodies[driver]})`);
}

function bytesOf(words: readonly number[]): string {
  return String.fromCharCode(...new Uint8Array(Int32Array.from(words).buffer));
}

function escaped(text: string): string {
  return [...text].map(character => `\\${character.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
}
