/**
 * Random scripts for the driver. Most arguments are good ones, or no script would come far: about
 * one operand in sixty is wild. Every import of docs/abi.md has its line in the table of roles; one
 * without is an error.
 */
import fc from "fast-check";
import { WASI_MODULE } from "../../support/wasi-types.ts";
import {
  ARGS_LENGTH,
  ASKED_NAMES,
  CAP,
  CHILDREN,
  COMMON_NAMES,
  calls,
  DEEP_PREDICATE,
  type Deed,
  deeds,
  FOUND,
  INFO,
  MODULE_NAMES,
  MOST_FURTHER,
  NOTES,
  nameAt,
  type Operand,
  OTHER_NAMES,
  operand,
  PAYLOAD,
  PID_COUNT,
  PIDS,
  SCRIPT,
  type Script,
  STACK_ROOM,
  STACK_TOP,
  type Step,
  VECTOR_COUNT,
  VECTORS,
} from "./driver.ts";

/** What an argument stands for. Some are two operands. */
type Role =
  | "pid"
  | "tag"
  | "bytes"
  | "info"
  | "room"
  | "timeout"
  | "predicate"
  | "reason"
  | "name"
  | "function"
  | "module"
  | "entry"
  | "arguments"
  | "flags"
  | "child"
  | "ref"
  | "asked"
  | "found"
  | "count"
  | "small"
  | "delay"
  | "descriptor"
  | "vectors"
  | "stack"
  | "frame"
  | "further"
  | "any";

const { number, word, note, bent } = operand;
type Operands = fc.Arbitrary<readonly Operand[]>;

const wildWord: Operands = fc
  .oneof(
    fc.constantFrom(0, 1, 3, -1, -2, 2 ** 31 - 1, -(2 ** 31), 0x1fffc, 0x1ffff, 0x20000, 0x20001, 2 ** 30),
    fc.integer(),
  )
  .map(value => [number(value)]);

/** Good ones, and seldom a wild one in each place. */
function mostly(good: Operands, words: number): Operands {
  const wild = fc.tuple(...Array.from({ length: words }, () => wildWord)).map(list => list.flat());
  return fc.oneof({ weight: 59, arbitrary: good }, { weight: 1, arbitrary: wild });
}

const numbers = (list: fc.Arbitrary<number>) => list.map(value => [number(value)]);

/** A u64 in memory, as its two words. */
const wordsAt = (address: number) => [word(address), word(address + 4)];

const bit = fc.nat(31);
/**
 * Made up: any words, or those of a pid that it knows with one wrong bit, also beyond the 30 that a
 * word of a pid has.
 */
const guessedPid: Operands = fc.oneof(
  fc.tuple(fc.integer(), fc.nat(2 ** 30)).map(list => list.map(number)),
  fc.tuple(fc.nat(30), fc.nat(127)).map(([slot, hi]) => [number(slot + 2 ** 20), number(hi)]),
  fc
    .tuple(fc.nat(PID_COUNT - 1), bit)
    .map(([index, wrong]) => [bent(PIDS + 8 * index, wrong), word(PIDS + 8 * index + 4)]),
  fc
    .tuple(fc.nat(PID_COUNT - 1), bit)
    .map(([index, wrong]) => [word(PIDS + 8 * index), bent(PIDS + 8 * index + 4, wrong)]),
);

const pid: Operands = fc.oneof(
  { weight: 6, arbitrary: fc.nat(PID_COUNT - 1).map(index => wordsAt(PIDS + 8 * index)) },
  { weight: 3, arbitrary: fc.nat(3).map(index => wordsAt(CHILDREN + 16 * index)) },
  { weight: 2, arbitrary: fc.constant(wordsAt(INFO + 8)) },
  { weight: 2, arbitrary: fc.nat(3).map(index => wordsAt(FOUND + 8 * index)) },
  { weight: 1, arbitrary: fc.constant([number(0), number(0)]) },
  { weight: 1, arbitrary: guessedPid },
);

/**
 * Refs that it got before: of `make_ref` and the like, of children that it monitors, of the item
 * taken last.
 */
const ref: Operands = fc.oneof(
  { weight: 5, arbitrary: fc.nat(7).map(ago => [note(ago)]) },
  { weight: 2, arbitrary: fc.nat(3).map(index => [word(CHILDREN + 16 * index + 8)]) },
  { weight: 2, arbitrary: fc.constant([word(INFO + 16)]) },
  { weight: 1, arbitrary: fc.constant([word(PAYLOAD + 8)]) },
  { weight: 1, arbitrary: bit.map(wrong => [bent(INFO + 16, wrong)]) },
  { weight: 1, arbitrary: numbers(fc.integer({ min: -(2 ** 31), max: -1 })) },
);

/**
 * Who has asked, and the ref that it waits with: of the item taken last, or of whom a message
 * tells; seldom any two.
 */
const asked: Operands = fc.oneof(
  { weight: 6, arbitrary: fc.constant([...wordsAt(INFO + 8), word(INFO + 16)]) },
  { weight: 4, arbitrary: fc.constant([...wordsAt(PAYLOAD), word(PAYLOAD + 8)]) },
  { weight: 1, arbitrary: bit.map(wrong => [...wordsAt(INFO + 8), bent(INFO + 16, wrong)]) },
  { weight: 1, arbitrary: bit.map(wrong => [...wordsAt(PAYLOAD), bent(PAYLOAD + 8, wrong)]) },
  { weight: 1, arbitrary: fc.tuple(pid, ref).map(both => both.flat()) },
);

const length = fc.oneof(
  { weight: 6, arbitrary: fc.nat(64) },
  { weight: 2, arbitrary: fc.nat(600) },
  { weight: 1, arbitrary: fc.nat(5000) },
);
/**
 * Anything, or what tells others whose ref there is: who sent the item taken last and what it waits
 * with; what a message told; the last notes.
 */
const bytes: Operands = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.nat(0x4000), length).map(list => list.map(number)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom([INFO + 8, 12], [PAYLOAD, 12], [NOTES, 256]).map(list => list.map(number)),
  },
);

const named = ([first, last]: readonly [number, number]): Operands =>
  fc.integer({ min: first, max: last }).map(nameOperands);
function nameOperands(index: number): Operand[] {
  const { pointer, length } = nameAt(index);
  return [number(pointer), number(length)];
}

const good: Readonly<Record<Role, readonly [words: number, arbitrary: Operands]>> = {
  pid: [2, pid],
  tag: [1, fc.oneof({ weight: 3, arbitrary: numbers(fc.nat(3)) }, { weight: 2, arbitrary: ref })],
  bytes: [2, bytes],
  info: [1, numbers(fc.oneof({ weight: 9, arbitrary: fc.constant(INFO) }, fc.constantFrom(0, 0x600)))],
  room: [
    2,
    fc
      .oneof(
        { weight: 6, arbitrary: fc.constant([PAYLOAD, CAP]) },
        { weight: 2, arbitrary: fc.tuple(fc.constantFrom(0x600, 0x701), fc.nat(40)) },
      )
      .map(list => list.map(number)),
  ],
  timeout: [1, numbers(fc.oneof(fc.constantFrom(0, -1), fc.integer({ min: 1, max: 40 })))],
  predicate: [
    1,
    numbers(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(0, 1, 3, 4) },
        { weight: 2, arbitrary: fc.nat(25_000).map(depth => DEEP_PREDICATE + depth) },
        { weight: 1, arbitrary: fc.constant(2) },
      ),
    ),
  ],
  reason: [1, numbers(fc.constantFrom(0, 1, 6, 2))],
  name: [
    2,
    fc.oneof(
      { weight: 12, arbitrary: named(COMMON_NAMES) },
      { weight: 4, arbitrary: named(OTHER_NAMES) },
      fc.constant([number(SCRIPT), number(300)]),
    ),
  ],
  function: [2, fc.oneof({ weight: 8, arbitrary: named(ASKED_NAMES) }, named(OTHER_NAMES))],
  module: [2, named(MODULE_NAMES)],
  entry: [2, fc.oneof({ weight: 8, arbitrary: fc.constant([number(0), number(0)]) }, named(OTHER_NAMES))],
  // Its own, so that the child plays the same script; or nothing.
  arguments: [2, fc.oneof(fc.constant([number(SCRIPT), word(ARGS_LENGTH)]), fc.constant([number(0), number(0)]))],
  flags: [1, numbers(fc.nat(3))],
  child: [1, fc.nat(3).map(index => [number(CHILDREN + 16 * index)])],
  ref: [1, ref],
  asked: [3, asked],
  found: [1, fc.nat(3).map(index => [number(FOUND + 8 * index)])],
  count: [1, numbers(fc.nat(4))],
  small: [1, numbers(fc.nat(4))],
  delay: [1, numbers(fc.nat(60))],
  descriptor: [1, numbers(fc.oneof({ weight: 8, arbitrary: fc.nat(2) }, fc.nat(4)))],
  vectors: [
    2,
    fc.tuple(fc.nat(VECTOR_COUNT - 1), fc.nat(4)).map(([first, count]) => [VECTORS + 8 * first, count].map(number)),
  ],
  stack: [1, fc.constant([number(STACK_ROOM)])],
  frame: [1, numbers(fc.constantFrom(0, 16, 0x40, 0x200, 600_000))],
  // Beyond where little of the stack is left.
  further: [1, numbers(fc.oneof(fc.nat(MOST_FURTHER), fc.integer({ min: 600, max: 1600 })))],
  any: [1, wildWord],
};

/** The arguments of each function, and how often it is called beside the others. */
const roles: Readonly<Record<string, readonly [weight: number, ...Role[]]>> = {
  send: [10, "pid", "tag", "bytes"],
  recv: [8, "info", "room", "timeout"],
  recv_tag: [6, "info", "room", "timeout", "tag"],
  recv_match: [6, "info", "room", "timeout", "predicate"],
  park: [1],
  yield: [2],
  window: [2, "info", "room"],
  stack_out: [4, "stack", "frame"],
  stack_in: [3, "stack"],
  self_lo: [1],
  self_hi: [1],
  args: [1, "room"],
  exit: [1, "reason", "bytes"],
  spawn: [10, "module", "entry", "arguments", "flags", "child"],
  link: [3, "pid"],
  unlink: [3, "pid"],
  parent: [2, "found"],
  trap_exit: [5, "small"],
  exit_to: [5, "pid", "reason", "bytes"],
  monitor: [6, "pid"],
  demonitor: [5, "ref", "small"],
  request: [6, "pid", "tag", "bytes"],
  delegate: [6, "asked", "pid", "tag", "bytes"],
  make_ref: [4],
  drop_ref: [3, "ref"],
  ask: [6, "function", "bytes"],
  send_after: [6, "delay", "pid", "tag", "bytes"],
  cancel_timer: [3, "ref"],
  register: [5, "name", "pid"],
  unregister: [2, "name"],
  whereis: [3, "name", "found"],
  send_named: [4, "name", "tag", "bytes"],
  join: [4, "name"],
  leave: [2, "name"],
  members: [3, "name", "found", "count"],
  broadcast: [3, "name", "tag", "bytes"],
  now: [1],
  epoch: [1],
  log: [2, "small", "bytes"],
  abort: [1, "small", "small", "small", "small"],
  seed: [1],
  read: [2, "bytes"],
  write: [2, "room"],
  wide: [1, "small"],
  later: [4, "delay"],
  fails: [1, "delay"],
  lateWrite: [2, "room"],
  never: [1],
  throws: [1],
  status: [1],
  ends: [1],
  room: [1],
  kills: [1, "pid"],
  sends: [2, "pid"],
  spawns: [1],
  args_get: [2, "found", "found"],
  args_sizes_get: [1, "found", "found"],
  environ_get: [1, "found", "found"],
  environ_sizes_get: [1, "found", "found"],
  clock_time_get: [2, "small", "any", "found"],
  fd_close: [2, "descriptor"],
  fd_fdstat_get: [2, "descriptor", "found"],
  fd_fdstat_set_flags: [1, "descriptor", "small"],
  fd_prestat_get: [1, "descriptor", "found"],
  fd_seek: [2, "descriptor", "any", "small", "found"],
  fd_read: [12, "descriptor", "vectors", "found"],
  fd_write: [20, "descriptor", "vectors", "found"],
  random_get: [2, "bytes"],
  sched_yield: [1],
  proc_exit: [1, "small"],
};

/** The other functions of WASI are denied to all, with any arguments. */
function rolesOf(call: (typeof calls)[number]): readonly [weight: number, ...Role[]] | undefined {
  const known = roles[call.name];
  if (known !== undefined || call.module !== WASI_MODULE) return known;
  return [1, ...call.parameters.map((): Role => "any")];
}

const ofDeed: Readonly<Record<Deed, readonly [weight: number, operands: Operands]>> = {
  await: [6, fc.constant([])],
  giveWay: [1, fc.constant([])],
  catch: [2, fc.constant([])],
  grow: [1, numbers(fc.nat(3))],
  growing: [2, numbers(fc.integer({ min: 1, max: 6 }))],
  store: [3, fc.tuple(fc.nat(0x3fff), fc.integer()).map(([at, value]) => [number(at), number(value)])],
  trap: [1, fc.constant([])],
  dive: [
    1,
    numbers(
      fc.oneof(
        { weight: 3, arbitrary: fc.nat(200) },
        { weight: 2, arbitrary: fc.nat(25_000) },
        { weight: 1, arbitrary: fc.constant(2 ** 30) },
      ),
    ),
  ],
  brink: [1, good.further[1]],
  repeat: [6, numbers(fc.integer({ min: 2, max: 20 }))],
  spin: [2, numbers(fc.oneof({ weight: 8, arbitrary: fc.nat(2000) }, fc.constant(2 ** 30)))],
};

/** What often comes next, with what the call has just answered: a wait, or the undoing. */
const followers: Readonly<Record<string, readonly Step[]>> = {
  make_ref: [{ name: "drop_ref", operands: [note(0)] }],
  ask: [
    { name: "drop_ref", operands: [note(0)] },
    { name: "demonitor", operands: [note(0), number(1)] },
  ],
  // There are frames in the room again.
  stack_out: [{ name: "store", operands: [number(STACK_ROOM), number(STACK_TOP)] }],
  send_after: [{ name: "cancel_timer", operands: [note(0)] }],
  monitor: [{ name: "demonitor", operands: [note(0), number(1)] }],
  request: [{ name: "demonitor", operands: [note(0), number(1)] }],
  ...Object.fromEntries(
    ["recv", "recv_tag", "recv_match", "later", "fails", "lateWrite", "never"].map(name => {
      const wait: Step = { name: "await", operands: [] };
      return [name, [wait, wait, wait, wait]];
    }),
  ),
};

const changing = [
  ...["send", "recv", "recv_tag", "recv_match", "exit", "spawn", "link", "unlink", "exit_to", "monitor", "demonitor"],
  ...[
    "request",
    "delegate",
    "make_ref",
    "ask",
    "send_after",
    "register",
    "unregister",
    "join",
    "broadcast",
    "send_named",
  ],
  ...["kills", "sends", "spawns", "later", "lateWrite"],
];

const preparing = ["spawn", "link", "monitor", "trap_exit", "request", "make_ref", "recv", "register", "join"];

const gossiping = ["delegate", "request", "send", "monitor", "demonitor", "make_ref", "drop_ref", "broadcast"];

function argumentsOf(name: string, count: number, given: readonly Role[]): fc.Arbitrary<Operand[]> {
  const words = given.reduce((sum, role) => sum + good[role][0], 0);
  if (words !== count) throw new Error(`${name} has ${count} parameters, not ${words}`);
  return fc.tuple(...given.map(role => mostly(good[role][1], good[role][0]))).map(list => list.flat());
}

const weighted = (list: typeof calls) =>
  list.map(one => {
    const { name, parameters } = one;
    const known = rolesOf(one);
    if (known === undefined) throw new Error(`${name} is an import that no script calls: say what its arguments are`);
    const [weight, ...given] = known;
    const next = fc.constantFrom([], ...(followers[name] ?? []).map(step => [step]));
    const arbitrary = fc
      .tuple(argumentsOf(name, parameters.length, given), next)
      .map(([operands, then]): Step[] => [{ name, operands }, ...then]);
    return { weight, arbitrary };
  });

/** To who has asked, with the ref that it waits with; or to another, or with another. */
const answer = fc
  .tuple(good.asked[1], good.bytes[1])
  .map(([whom, what]): Step[] => [{ name: "send", operands: [...whom, ...what] }]);

/** WASI has many functions, most of which do nothing. */
const call = fc.oneof(
  ...weighted(calls.filter(({ module }) => module !== WASI_MODULE)),
  { weight: 8, arbitrary: answer },
  {
    weight: 30,
    arbitrary: fc.oneof(...weighted(calls.filter(({ module }) => module === WASI_MODULE))),
  },
);

/**
 * What an import changes, it changes whole or not at all, also where the stack ends in the middle
 * of it.
 */
const atTheBrink = fc
  .tuple(good.further[1], fc.oneof(...weighted(calls.filter(({ name }) => changing.includes(name))), answer))
  .map(([further, steps]): Step[] => [{ name: "brink", operands: further }, ...steps]);

const deed = fc.oneof(
  ...deeds.map(name => ({
    weight: ofDeed[name][0],
    arbitrary: ofDeed[name][1].map((operands): Step[] => [{ name, operands }]),
  })),
);

const steps = fc
  .array(
    fc.oneof({ weight: 20, arbitrary: call }, { weight: 2, arbitrary: deed }, { weight: 1, arbitrary: atTheBrink }),
    {
      minLength: 1,
      maxLength: 30,
      size: "max",
    },
  )
  .map(list => list.flat());

/**
 * Little that can go wrong before: ties, children, requests; then what may meet the end of the
 * stack.
 */
const prepared = fc
  .tuple(
    fc.array(fc.oneof(...weighted(calls.filter(({ name }) => preparing.includes(name)))), { maxLength: 6 }),
    fc.array(atTheBrink, { minLength: 1, maxLength: 4 }),
  )
  .map(lists => lists.flat(2));

/** Takes what comes, and answers it, hands it on, or tells others of it. */
const gossip = fc
  .array(
    fc.tuple(
      fc.constant<Step[]>([
        { name: "recv", operands: [INFO, PAYLOAD, CAP, -1].map(number) },
        { name: "await", operands: [] },
      ]),
      fc.oneof(
        { weight: 5, arbitrary: answer },
        { weight: 5, arbitrary: fc.oneof(...weighted(calls.filter(({ name }) => gossiping.includes(name)))) },
      ),
    ),
    { minLength: 3, maxLength: 12, size: "max" },
  )
  .map(lists => lists.flat(2));

export const script: fc.Arbitrary<Script> = fc.record({
  atStart: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(6)),
  perItem: fc.integer({ min: 1, max: 12 }),
  stays: fc.boolean(),
  steps: fc.oneof(
    { weight: 4, arbitrary: steps },
    { weight: 1, arbitrary: prepared },
    { weight: 1, arbitrary: gossip },
  ),
});
