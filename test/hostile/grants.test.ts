/**
 * Grants. A guest that lacks one is answered -100 and nothing is done, for every call from every
 * place. What was granted works, and no actor passes for another.
 */

import { describe, expect, test } from "vitest";
import { type Grants, type Pid, Runtime, type RuntimeOptions, type SpawnOptions } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { EVERY_GRANT } from "../support/grants.ts";
import { wordsOf } from "../support/player.ts";
import { guest } from "../support/wat.ts";
import { Arena } from "./arena.ts";

const TIMEOUT = { timeout: 120_000 };
const DENIED = -100;
/** What lies in the memory where results are to be written. */
const UNTOUCHED = 0xaaaaaaaa | 0;

/**
 * A text at an address of the guest's: its data segment, and the two arguments that stand for it.
 */
const text = (at: number, value: string) => ({
  data: `(data (i32.const ${at}) "${value}")`,
  // An escaped byte is one byte of the text.
  range: `(i32.const ${at}) (i32.const ${value.replace(/\\[0-9a-f]{2}/g, "x").length})`,
});
const WORKER = text(1024, "worker");
const THEIRS = text(1040, "theirs");
const MINE = text(1056, "mine");
const GROUP = text(1072, "group");
const ASKED = text(1088, "db.ask");
const RESULT = "(i32.const 2048)";

/**
 * `$begin` puts pids from 16 on: that of the test's mailbox, then those that a test passes. `$tell`
 * sends a word to the former.
 */
const PRELUDE = `
  ${[WORKER, THEIRS, MINE, GROUP, ASKED].map(({ data }) => data).join(" ")}
  (data (i32.const 2048) "\\aa\\aa\\aa\\aa\\aa\\aa\\aa\\aa\\aa\\aa\\aa\\aa\\aa\\aa\\aa\\aa")
  (func $begin (drop (call $args (i32.const 16) (i32.const 512))))
  (func $tell (param $word i32)
    (i32.store (i32.const 8) (local.get $word))
    (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 8) (i32.const 4))))`;

/** The pid that a test passed in this place, as the two words of a call. */
const passed = (index: number) => `(i32.load (i32.const ${24 + 8 * index})) (i32.load (i32.const ${28 + 8 * index}))`;
const SELF = "(call $self_lo) (call $self_hi)";
const NO_BYTES = "(i32.const 0) (i32.const 0)";

const spawns = (name: string, flags = 0) =>
  `(call $spawn ${name} ${NO_BYTES} (i32.const 16) (i32.const 32) (i32.const ${flags}) ${RESULT})`;
const exitTo = (whom: string, reason: number) => `(call $exit_to ${whom} (i32.const ${reason}) ${NO_BYTES})`;
const askOf = (name: string) => `(call $ask ${name} ${NO_BYTES})`;
const register = (name: string, whom: string) => `(call $register ${name} ${whom})`;
const tells = (...calls: string[]) => calls.map(call => `(call $tell ${call})`).join("\n");

const DB_GET = `(import "db" "get" (func $db_get (param i32) (result i32)))`;
const offers = {
  db: { get: () => 41, put: () => 42, ask: { answer: () => "answer" } },
  mail: { post: () => 43 },
};

const pidBytes = (...pids: number[]) => new Uint8Array(BigUint64Array.from(pids, BigInt).buffer);

interface Asking extends SpawnOptions {
  readonly pids?: readonly Pid[];
  readonly more?: string;
  /** Brings about what the calls need. */
  readonly prepare?: (attacker: Pid) => void;
}

/**
 * Spawns a handler that makes these calls in one turn, tells what they answer, and lives on where
 * it is left to.
 */
async function asks(
  arena: Arena,
  calls: readonly string[],
  { pids = [], more = "", prepare, ...options }: Asking = {},
): Promise<Pid> {
  const body = `${more} ${PRELUDE} (global $asked (mut i32) (i32.const 0))
    (func (export "handle") (param i32)
      (if (global.get $asked) (then (return)))
      (global.set $asked (i32.const 1))
      (call $begin) ${tells(...calls)})`;
  const attacker = await arena.attack(body, { args: pidBytes(arena.boss.pid, ...pids), ...options });
  prepare?.(attacker);
  arena.runtime.send(attacker, "");
  return attacker;
}

/**
 * A runtime in which a mailbox has a name and is of a group, a stranger lives, and a module is
 * defined.
 */
async function openTown(options: RuntimeOptions = {}) {
  const arena = await Arena.open({ imports: offers, ...options });
  const stranger = await arena.echo();
  const box = arena.runtime.mailbox();
  arena.runtime.define("worker", await arena.load(`(func (export "handle") (param i32))`, { name: "idle" }));
  arena.runtime.register("theirs", box.pid);
  arena.runtime.join("group", box.pid);
  const { spawned: before, ended: endedBefore } = arena.runtime.counters;
  /** How many were spawned since, and how many of them live. */
  const spawned = () => arena.runtime.counters.spawned - before;
  const living = () => spawned() - (arena.runtime.counters.ended - endedBefore);
  return { arena, stranger, box, spawned, living };
}
type Town = Awaited<ReturnType<typeof openTown>> & { attacker: Pid };

interface Row {
  readonly grants: Grants;
  readonly call: string;
  readonly more?: string;
  readonly denied?: number;
  readonly granted: number;
  /** Brings about what the call needs. */
  readonly prepare?: (town: Town) => void;
  /** Whether anything has come of the call, where that can be seen from outside. */
  readonly done?: (town: Town) => boolean;
  /** What it does shows in its result. */
  readonly writes?: true;
}

const alive = ({ arena, stranger }: Town) => arena.runtime.isAlive(stranger);
const message = `(i32.const 3) (i32.const 64) (i32.const 4)`;

const rows: Readonly<Record<string, Row>> = {
  "exit_to a stranger": {
    grants: { kill: true },
    call: exitTo(passed(0), 1),
    granted: 1,
    done: town => !alive(town),
  },
  "exit_to a stranger to kill it": {
    grants: { kill: true },
    call: exitTo(passed(0), 2),
    granted: 1,
    done: town => !alive(town),
  },
  "link to a stranger": {
    grants: { kill: true },
    call: `(call $link ${passed(0)})`,
    granted: 1,
    done: ({ arena, attacker, stranger }) => {
      arena.runtime.exit(attacker, { kind: "shutdown" });
      return !arena.runtime.isAlive(stranger);
    },
  },
  "register itself": {
    grants: { register: true },
    call: register(MINE.range, SELF),
    granted: 1,
    done: ({ arena, attacker }) => arena.runtime.whereis("mine") === attacker,
  },
  "unregister itself": {
    grants: { register: true },
    call: `(call $unregister ${MINE.range})`,
    granted: 1,
    prepare: ({ arena, attacker }) => void arena.runtime.register("mine", attacker),
    done: ({ arena }) => arena.runtime.whereis("mine") === undefined,
  },
  "join a group": {
    grants: { register: true },
    call: `(call $join ${GROUP.range})`,
    granted: 1,
    done: ({ arena, attacker }) => arena.runtime.members("group").includes(attacker),
  },
  whereis: {
    grants: { lookup: true },
    call: `(call $whereis ${THEIRS.range} ${RESULT})`,
    granted: 1,
    writes: true,
  },
  send_named: {
    grants: { lookup: true },
    call: `(call $send_named ${THEIRS.range} ${message})`,
    granted: 1,
    done: ({ box }) => box.size > 0,
  },
  members: {
    grants: { lookup: true },
    call: `(call $members ${GROUP.range} ${RESULT} (i32.const 2))`,
    granted: 1,
    writes: true,
  },
  broadcast: {
    grants: { lookup: true },
    call: `(call $broadcast ${GROUP.range} ${message})`,
    granted: 1,
    done: ({ box }) => box.size > 0,
  },
  log: {
    grants: { log: true },
    call: `(call $log (i32.const 1) ${MINE.range})`,
    granted: 1,
    done: ({ arena }) => arena.logs.length > 0,
  },
  now: {
    grants: { clock: true },
    call: "(i32.trunc_f64_s (call $now))",
    granted: 7,
  },
  epoch: {
    grants: { clock: true },
    call: "(i32.trunc_f64_s (call $epoch))",
    granted: 0,
  },
  "env.seed": {
    grants: { random: true },
    call: "(f64.ne (call $seed) (f64.const 0))",
    denied: 0,
    granted: 1,
  },
  "a function of the embedder": {
    grants: { imports: ["db.get"] },
    call: "(call $db_get (i32.const 1))",
    more: DB_GET,
    granted: 41,
  },
  ask: {
    grants: { imports: ["db.ask"] },
    // A ref is any number below -1,023.
    call: `(call $statusOf ${askOf(ASKED.range)})`,
    more: "(func $statusOf (param $n i32) (result i32) (select (i32.const 1) (local.get $n) (i32.lt_s (local.get $n) (i32.const -1023))))",
    granted: 1,
  },
  spawn: {
    grants: { spawn: ["worker"] },
    call: spawns(WORKER.range),
    granted: 1,
    done: ({ spawned }) => spawned() > 1,
    writes: true,
  },
};
/** All grants but those of the row. */
function allBut(grants: Grants): Grants {
  return Object.fromEntries(Object.entries(EVERY_GRANT).filter(([name]) => !(name in grants)));
}

async function plays(row: Row, options: SpawnOptions, runtimeOptions: RuntimeOptions = {}) {
  const town = await openTown({ random: () => 0.25, ...runtimeOptions });
  const { arena, stranger } = town;
  arena.clock.jump(7);
  const attacker = await asks(arena, [row.call, `(i32.load ${RESULT})`], {
    pids: [stranger],
    more: row.more ?? "",
    prepare: attacker => row.prepare?.({ ...town, attacker }),
    ...options,
  });
  const [status, written] = await arena.words(2);
  await arena.settle();
  return { ...town, attacker, status, written };
}

describe.each(Object.entries(rows))("%s", TIMEOUT, (_name, row) => {
  test.each<[string, SpawnOptions]>([
    ["of a spawn that says nothing", {}],
    ["of a spawn that grants nothing", { grants: {} }],
    ["of one to whom everything else is granted", { grants: allBut(row.grants) }],
  ])("without the grant, %s, is denied and does nothing", async (_, options) => {
    const town = await plays(row, options);
    await using arena = town.arena;
    expect(town.status).toBe(row.denied ?? DENIED);
    expect(town.written).toBe(UNTOUCHED);
    expect(row.done?.(town) ?? false).toBe(false);
    expect(arena.runtime.isAlive(town.stranger)).toBe(true);
    expect(await arena.served()).toBe(true);
  });

  test.each<[string, SpawnOptions, RuntimeOptions]>([
    ["of the spawn", { grants: row.grants }, {}],
    ["of the spawn, as all", { grants: "all" }, {}],
    ["of the runtime", {}, { grants: row.grants }],
    ["of the runtime, as all", {}, { grants: "all" }],
  ])("with the grant %s works", async (_, options, runtimeOptions) => {
    const town = await plays(row, options, runtimeOptions);
    await using arena = town.arena;
    expect(town.status).toBe(row.granted);
    expect(town.written !== UNTOUCHED).toBe(row.writes ?? false);
    expect(row.done?.(town) ?? true).toBe(true);
    expect(await arena.served()).toBe(true);
  });

  test("without the grant tells the embedder which one is missing", async () => {
    const missing: string[] = [];
    const town = await plays(row, {}, { onDenied: ({ grant }) => void missing.push(grant) });
    await using arena = town.arena;
    if (row.denied === undefined) expect(Object.keys(row.grants)).toContain(missing[0]);
    expect(missing).toHaveLength(row.denied === undefined ? 1 : 0);
    expect(await arena.served()).toBe(true);
  });

  test("is denied to a spawn that grants nothing where the runtime grants everything", async () => {
    const town = await plays(row, { grants: {} }, { grants: "all" });
    await using arena = town.arena;
    expect(town.status).toBe(row.denied ?? DENIED);
    expect(await arena.served()).toBe(true);
  });
});

describe("a guest without grants", TIMEOUT, () => {
  test("is what a runtime spawns that was told nothing", async () => {
    await using runtime = new Runtime({ clock: new ManualClock(), imports: offers });
    const boss = runtime.mailbox();
    const body = `${DB_GET} ${PRELUDE} (func (export "run") (call $begin) ${tells(
      `(call $log (i32.const 1) ${MINE.range})`,
      register(MINE.range, SELF),
      `(call $whereis ${MINE.range} ${RESULT})`,
      spawns(WORKER.range),
      exitTo(passed(0), 2),
      "(i32.trunc_f64_s (call $now))",
      "(f64.ne (call $seed) (f64.const 0))",
      "(call $db_get (i32.const 1))",
    )})`;
    runtime.spawn(await runtime.load(guest(body), { reductions: "count" }), { args: pidBytes(boss.pid, boss.pid) });
    const words: number[] = [];
    for (let count = 0; count < 8; count++) {
      const item = await boss.receive();
      if (item?.kind === "message") words.push(...wordsOf(item.bytes));
    }
    expect(words).toEqual([DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, 0, DENIED]);
    expect(boss.isOpen).toBe(true);
  });

  test("may do all that needs no grant", async () => {
    const { arena, stranger } = await openTown();
    await using _ = arena;
    const negative = (call: string) => `(i32.lt_s ${call} (i32.const -1023))`;
    await asks(
      arena,
      [
        `(call $send ${passed(0)} (i32.const 3) ${NO_BYTES})`,
        negative(`(call $monitor ${passed(0)})`),
        negative("(call $make_ref)"),
        negative(`(call $request ${passed(0)} (i32.const 1) ${NO_BYTES})`),
        negative(`(call $send_after (i32.const 5) ${SELF} (i32.const 1) ${NO_BYTES})`),
        "(call $cancel_timer (i32.const -5))",
        "(call $demonitor (i32.const -5) (i32.const 1))",
        "(call $drop_ref (i32.const -5))",
        `(call $unlink ${passed(0)})`,
        "(call $trap_exit (i32.const 1))",
        `(call $leave ${GROUP.range})`,
      ],
      { pids: [stranger] },
    );
    expect(await arena.words(11)).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0]);
    expect(await arena.served()).toBe(true);
  });

  /** One call for each grant. */
  const CALLS: readonly (readonly [call: string, answer: number])[] = [
    [`(call $log (i32.const 1) ${MINE.range})`, DENIED],
    ["(i32.trunc_f64_s (call $now))", DENIED],
    ["(f64.ne (call $seed) (f64.const 0))", 0],
    [register(MINE.range, SELF), DENIED],
    [`(call $unregister ${THEIRS.range})`, DENIED],
    [`(call $join ${GROUP.range})`, DENIED],
    [`(call $whereis ${THEIRS.range} ${RESULT})`, DENIED],
    [`(call $send_named ${THEIRS.range} ${message})`, DENIED],
    [`(call $members ${GROUP.range} ${RESULT} (i32.const 2))`, DENIED],
    [`(call $broadcast ${GROUP.range} ${message})`, DENIED],
    [spawns(WORKER.range), DENIED],
    [exitTo(passed(0), 2), DENIED],
    [`(call $link ${passed(0)})`, DENIED],
    ["(call $db_get (i32.const 1))", DENIED],
    [askOf(ASKED.range), DENIED],
    [`(i32.load ${RESULT})`, UNTOUCHED],
  ];
  const all = tells(...CALLS.map(([call]) => call));

  test.each([
    ["a process", `(func (export "run") (call $begin) ${all})`],
    ["a process by JSPI", `(func (export "run") (call $begin) ${all} (if (i32.const 0) (then (drop (call $park)))))`],
    [
      "a process by resume:run",
      `(func (export "run")) (func (export "resume:run") (param i32) (result i32) (call $begin) ${all} (i32.const 0))`,
    ],
    ["a handler", `(func (export "handle") (param i32) (call $begin) ${all})`],
    ["_start", `(func (export "_start") (call $begin) ${all}) (func (export "handle") (param i32))`],
    ["a start function", `(func $go (call $begin) ${all}) (start $go) (func (export "handle") (param i32))`],
  ])("is denied the same in %s", async (_, body) => {
    const { arena, stranger, box, spawned } = await openTown();
    await using _arena = arena;
    const attacker = await arena.attack(`${DB_GET} ${PRELUDE} ${body}`, { args: pidBytes(arena.boss.pid, stranger) });
    arena.runtime.send(attacker, "");
    expect(await arena.words(CALLS.length)).toEqual(CALLS.map(([, answer]) => answer));
    expect(arena.runtime.isAlive(stranger)).toBe(true);
    expect([box.size, arena.logs.length, spawned()]).toEqual([0, 0, 1]);
    expect(arena.runtime.members("group")).toEqual([box.pid]);
    expect(await arena.served()).toBe(true);
  });

  test("is denied the same in its predicates", async () => {
    await using arena = await Arena.open();
    const body = `${PRELUDE}
      (func (export "match") (param i32 i32 i32) (result i32)
        (i32.store (i32.const 512) (call $log (i32.const 1) ${MINE.range}))
        (f64.store (i32.const 520) (call $now))
        (f64.store (i32.const 528) (call $seed))
        (i32.const 1))
      (func (export "handle") (param i32) (call $begin)
        (drop (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 1)))
        ${tells("(i32.load (i32.const 512))", "(i32.trunc_f64_s (f64.load (i32.const 520)))", "(f64.ne (f64.load (i32.const 528)) (f64.const 0))")})`;
    const attacker = await arena.attack(body, { args: pidBytes(arena.boss.pid) });
    for (const item of ["", "candidate"]) arena.runtime.send(attacker, item);
    expect(await arena.words(3)).toEqual([DENIED, DENIED, 0]);
    expect(arena.logs).toEqual([]);
    expect(await arena.served()).toBe(true);
  });

  const BAD = "(i32.const 0x20000) (i32.const 4)";
  test.each([
    ["spawn, in its name", `(call $spawn ${BAD} ${NO_BYTES} ${NO_BYTES} (i32.const 0) ${RESULT})`],
    ["spawn, in its arguments", `(call $spawn ${WORKER.range} ${NO_BYTES} ${BAD} (i32.const 0) ${RESULT})`],
    ["spawn, in its result", `(call $spawn ${WORKER.range} ${NO_BYTES} ${NO_BYTES} (i32.const 0) (i32.const 0x1ffff))`],
    ["exit_to", `(call $exit_to ${passed(0)} (i32.const 6) ${BAD})`],
    ["register", register(BAD, SELF)],
    ["unregister", `(call $unregister ${BAD})`],
    ["whereis, in its name", `(call $whereis ${BAD} ${RESULT})`],
    ["whereis, in its result", `(call $whereis ${THEIRS.range} (i32.const -1))`],
    ["send_named, in its name", `(call $send_named ${BAD} ${message})`],
    ["send_named, in its payload", `(call $send_named ${THEIRS.range} (i32.const 1) ${BAD})`],
    ["join", `(call $join ${BAD})`],
    ["members, in its group", `(call $members ${BAD} ${RESULT} (i32.const 1))`],
    ["members, in its result", `(call $members ${GROUP.range} (i32.const -4) (i32.const 1))`],
    ["broadcast, in its group", `(call $broadcast ${BAD} ${message})`],
    ["broadcast, in its payload", `(call $broadcast ${GROUP.range} (i32.const 1) ${BAD})`],
    ["log", `(call $log (i32.const 1) ${BAD})`],
    ["ask, in its name", askOf(BAD)],
    ["ask, in its request", `(call $ask ${ASKED.range} ${BAD})`],
  ])("is denied, or crashes, and does nothing where its pointers are wrong as well: %s", async (_, call) => {
    const { arena, stranger, box, spawned } = await openTown();
    await using _arena = arena;
    const attacker = await asks(arena, [call], { pids: [stranger] });
    const answers = await arena.words(1);
    // The page does not say which comes first.
    if (answers.length > 0) expect(answers).toEqual([DENIED]);
    else expect(await arena.reason(attacker)).toMatch(/^crashed: .*memory/);
    expect([arena.runtime.isAlive(stranger), box.size, arena.logs.length, spawned()]).toEqual([true, 0, 0, 1]);
    expect(await arena.served()).toBe(true);
  });
});

describe("spawn", TIMEOUT, () => {
  test.each<[what: string, granted: readonly string[] | "any", name: string, answer: number]>([
    ["a listed name", ["worker"], "worker", 1],
    ["a name that is defined but not listed", ["other"], "worker", DENIED],
    ["a name that is neither", ["other"], "nothing", DENIED],
    ["a listed name that is not defined", ["nothing"], "nothing", 0],
    ["a name that is not defined, where any is granted", "any", "nothing", 0],
    ["the beginning of a listed name", ["worker"], "work", DENIED],
    ["a listed name and more", ["worker"], "worker2", DENIED],
    ["a listed name and a zero byte", ["worker"], "worker\\00", DENIED],
    ["a listed name in other letters", ["worker"], "Worker", DENIED],
    ["what a star would stand for", ["*"], "worker", DENIED],
    ["what a prefix and a star would stand for", ["work*"], "worker", DENIED],
    ["anything, where a list says any", ["any"], "worker", DENIED],
    ["nothing, where nothing is listed", [], "", DENIED],
    ["anything, where the empty list is granted", [], "worker", DENIED],
    ["what every JavaScript object has", "any", "constructor", 0],
    ["what every JavaScript object inherits from", "any", "__proto__", 0],
    ["what every JavaScript object has, of a list", ["worker"], "toString", DENIED],
    ["what every list has", ["worker"], "length", DENIED],
    ["the place in a list", ["worker"], "0", DENIED],
  ])("of %s", async (_, granted, name, answer) => {
    const { arena, spawned } = await openTown();
    await using _arena = arena;
    const { data, range } = text(3072, name);
    await asks(arena, [spawns(range)], { grants: { spawn: granted }, more: data });
    expect(await arena.words(1)).toEqual([answer]);
    expect(spawned()).toBe(answer === 1 ? 2 : 1);
    expect(await arena.served()).toBe(true);
  });
});

describe("exit signals and links", TIMEOUT, () => {
  const child = passed(0);
  /** Spawns and puts the child's pid where `passed(0)` is. */
  const begets = (name = WORKER.range) => `(block (result i32)
    ${spawns(name)} (i64.store (i32.const 24) (i64.load ${RESULT})))`;

  test("to an own child need no grant", async () => {
    const { arena, spawned, living } = await openTown();
    await using _ = arena;
    const calls = [begets(), `(call $link ${child})`, begets(), exitTo(child, 1)];
    const attacker = await asks(arena, calls, { grants: { spawn: ["worker"] } });
    expect(await arena.words(4)).toEqual([1, 1, 1, 1]);
    await arena.settle();
    // The attacker and the first child live.
    expect([arena.runtime.isAlive(attacker), spawned(), living()]).toEqual([true, 3, 2]);
    expect(await arena.served()).toBe(true);
  });

  test("of which killed ends an own child that traps exits", async () => {
    const { arena, living } = await openTown();
    await using _ = arena;
    const traps = await arena.load(
      `(func (export "_start") (drop (call $trap_exit (i32.const 1)))) (func (export "handle") (param i32))`,
    );
    arena.runtime.define("stubborn", traps);
    const name = text(3072, "stubborn");
    const parent = await arena.attack(
      `${name.data} ${PRELUDE} (func (export "_start") (call $begin) ${tells(begets(name.range))})
      (func (export "handle") (param i32) ${tells(exitTo(child, 1), exitTo(child, 2))})`,
      { args: pidBytes(arena.boss.pid, 0), grants: { spawn: ["stubborn"] } },
    );
    expect(await arena.words(1)).toEqual([1]);
    await arena.settle();
    expect(living()).toBe(2);
    arena.runtime.send(parent, "");
    expect(await arena.words(2)).toEqual([1, 1]);
    await arena.settle();
    expect(living()).toBe(1);
    expect(await arena.served()).toBe(true);
  });

  test.each([
    ["shutdown", 1, "shutdown"],
    ["killed", 2, "killed"],
    ["normal", 0, "normal"],
  ])("to itself with the reason %s need no grant", async (_, reason, expected) => {
    await using arena = await Arena.open();
    const attacker = await asks(arena, [exitTo(SELF, reason)]);
    expect(await arena.reason(attacker)).toBe(expected);
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test("to an own child that has ended say that there is no such actor", async () => {
    const { arena } = await openTown();
    await using _ = arena;
    const parent = await arena.attack(
      `${PRELUDE} (func (export "_start") (call $begin) ${tells(begets(), exitTo(child, 2))})
       (func (export "handle") (param i32) ${tells(exitTo(child, 2))})`,
      { args: pidBytes(arena.boss.pid, 0), grants: { spawn: ["worker"] } },
    );
    expect(await arena.words(2)).toEqual([1, 1]);
    await arena.settle();
    arena.runtime.send(parent, "");
    expect(await arena.words(1)).toEqual([0]);
    expect(await arena.served()).toBe(true);
  });

  test("to a grandchild, a sibling or a parent are denied", async () => {
    const { arena, living } = await openTown();
    await using _ = arena;
    const middle = text(3072, "middle");
    // Told: what it may do to its parent. Sent to the parent: the pid of its own child.
    arena.runtime.define(
      "middle",
      await arena.load(
        `${PRELUDE} (func (export "_start") (call $begin)
          ${tells(spawns(WORKER.range), exitTo(child, 2), exitTo(child, 1), `(call $link ${child})`)}
          (drop (call $send ${child} (i32.const 1) ${RESULT} (i32.const 8))))
        (func (export "handle") (param i32))`,
      ),
    );
    const parent = await arena.attack(
      `${middle.data} ${PRELUDE}
      (func (export "_start") (call $begin) (call $window (i32.const 0) (i32.const 24) (i32.const 8))
        (i32.store (i32.const 24) (call $self_lo)) (i32.store (i32.const 28) (call $self_hi))
        (drop ${spawns(middle.range)}))
      (func (export "handle") (param i32) ${tells(exitTo(child, 2), `(call $link ${child})`, register(MINE.range, child))})`,
      { args: pidBytes(arena.boss.pid), grants: { spawn: "any", register: true } },
    );
    expect(await arena.words(7)).toEqual([1, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED]);
    await arena.settle();
    expect([arena.runtime.isAlive(parent), living()]).toEqual([true, 3]);
    expect(arena.runtime.whereis("mine")).toBeUndefined();
    expect(await arena.served()).toBe(true);
  });

  test.each([
    ["nobody", pidBytes(0)],
    ["a number that never was a pid", Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
    ["all ones", new Uint8Array(8).fill(255)],
  ])("to %s reach nobody, granted or not", async (_, pid) => {
    const attack = async (arena: Arena, call: string) =>
      arena.attack(`${PRELUDE} (func (export "run") (call $begin) ${tells(call)})`, {
        args: new Uint8Array([...pidBytes(arena.boss.pid), ...pid]),
      });
    await using arena = await Arena.open();
    await attack(arena, exitTo(child, 2));
    expect(await arena.words(1)).toEqual([0]);
    expect(await arena.reason(await attack(arena, `(call $link ${child})`))).toBe("noproc");
    expect(await arena.served()).toBe(true);
  });
});

describe("names", TIMEOUT, () => {
  const grants: Grants = { register: true, lookup: true };

  test("cannot be given to a stranger, nor be taken from one", async () => {
    const { arena, stranger, box } = await openTown();
    await using _ = arena;
    await asks(
      arena,
      [
        register(MINE.range, passed(0)),
        `(call $unregister ${THEIRS.range})`,
        register(THEIRS.range, SELF),
        register(THEIRS.range, passed(0)),
      ],
      { grants, pids: [stranger] },
    );
    expect(await arena.words(4)).toEqual([DENIED, DENIED, -1, DENIED]);
    expect(arena.runtime.whereis("theirs")).toBe(box.pid);
    expect(arena.runtime.whereis("mine")).toBeUndefined();
    expect(await arena.served()).toBe(true);
  });

  test("of the caller and of its own child can be given and taken", async () => {
    const { arena } = await openTown();
    await using _ = arena;
    const attacker = await asks(
      arena,
      [
        `(block (result i32) ${spawns(WORKER.range)} (i64.store (i32.const 24) (i64.load ${RESULT})))`,
        register(MINE.range, SELF),
        register(WORKER.range, passed(0)),
        register(MINE.range, passed(0)),
        `(call $unregister ${WORKER.range})`,
        `(call $unregister ${WORKER.range})`,
      ],
      { grants: { ...grants, spawn: ["worker"] } },
    );
    expect(await arena.words(6)).toEqual([1, 1, 1, -1, 1, 0]);
    expect(arena.runtime.whereis("mine")).toBe(attacker);
    expect(await arena.served()).toBe(true);
  });

  test.each(["__proto__", "constructor", "hasOwnProperty", "0"])("like %s are names like others", async name => {
    const { arena } = await openTown();
    await using _ = arena;
    const { data, range } = text(3072, name);
    const attacker = await asks(
      arena,
      [
        `(call $whereis ${range} ${RESULT})`,
        `(call $members ${range} ${RESULT} (i32.const 1))`,
        `(call $send_named ${range} ${message})`,
        `(call $leave ${range})`,
        register(range, SELF),
        `(call $join ${range})`,
        `(call $whereis ${range} ${RESULT})`,
        `(call $members ${range} ${RESULT} (i32.const 1))`,
      ],
      { grants, more: data },
    );
    expect(await arena.words(8)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(arena.runtime.whereis(name)).toBe(attacker);
    expect(await arena.served()).toBe(true);
  });
});

describe("a child", TIMEOUT, () => {
  const CHILD = text(3072, "child");
  const OTHER = text(3088, "other");
  const LOG = `(call $log (i32.const 1) ${MINE.range})`;
  const NOW = "(i32.trunc_f64_s (call $now))";
  const DB = `${DB_GET} (import "db" "put" (func $db_put (param i32) (result i32)))
    (import "mail" "post" (func $mail_post (param i32) (result i32)))`;
  const DATA = `${CHILD.data} ${OTHER.data} ${PRELUDE}`;
  const ARGS = "(i32.const 16) (i32.const 16)";
  const begets = (name: string) => `(call $spawn ${name} ${NO_BYTES} ${ARGS} (i32.const 0) ${RESULT})`;

  /**
   * What the child's calls answer, where the parent has one set of grants and the definition
   * another.
   */
  async function answersOfChild(calls: readonly string[], parent: Grants | "all", definition?: Grants | "all") {
    const { arena } = await openTown();
    await using _ = arena;
    const child = await arena.load(`${DB} ${DATA} (func (export "run") (call $begin) ${tells(...calls)})`);
    arena.runtime.define("child", child, definition === undefined ? {} : { grants: definition });
    const body = `${DATA} (func (export "run") (call $begin) (drop ${begets(CHILD.range)}))`;
    await arena.attack(body, { args: pidBytes(arena.boss.pid, arena.witness), grants: parent });
    const answers = await arena.words(calls.length);
    expect(await arena.served()).toBe(true);
    return answers;
  }
  const EACH = [
    LOG,
    NOW,
    "(f64.ne (call $seed) (f64.const 0))",
    `(call $join ${GROUP.range})`,
    `(call $members ${GROUP.range} ${NO_BYTES})`,
    `(call $unlink ${passed(0)})`,
    "(call $db_get (i32.const 0))",
    spawns(WORKER.range),
  ];
  const NOTHING = [DENIED, DENIED, 0, DENIED, DENIED, 1, DENIED, DENIED];
  const EVERYTHING = [1, 0, 1, 1, 2, 1, 41, 1];

  test("has what its parent has", async () => {
    expect(await answersOfChild(EACH, "all")).toEqual(EVERYTHING);
    expect(await answersOfChild(EACH, "all", "all")).toEqual(EVERYTHING);
  });

  test("has no more than its parent, whatever its definition says", async () => {
    expect(await answersOfChild(EACH, { spawn: ["child"] })).toEqual(NOTHING);
    expect(await answersOfChild(EACH, { spawn: ["child"] }, "all")).toEqual(NOTHING);
    expect(await answersOfChild(EACH, { spawn: ["child"] }, EVERY_GRANT)).toEqual(NOTHING);
  });

  test("has no more than its definition, whatever its parent has", async () => {
    expect(await answersOfChild(EACH, "all", {})).toEqual(NOTHING);
    expect(await answersOfChild(EACH, "all", { log: true, clock: true })).toEqual([1, 0, ...NOTHING.slice(2)]);
  });

  test("may start what both its parent and its definition list", async () => {
    const calls = [CHILD, OTHER, WORKER].map(({ range }) => spawns(range));
    // "other" is not defined: 0 says that it is granted.
    expect(await answersOfChild(calls, { spawn: ["child", "other"] }, { spawn: ["other", "worker"] })).toEqual([
      DENIED,
      0,
      DENIED,
    ]);
    expect(await answersOfChild(calls, { spawn: "any" }, { spawn: ["worker"] })).toEqual([DENIED, DENIED, 1]);
    expect(await answersOfChild(calls.slice(1), { spawn: ["child", "worker"] }, { spawn: "any" })).toEqual([DENIED, 1]);
  });

  test.each<[parent: Grants["imports"], definition: Grants["imports"], answers: number[]]>([
    ["any", ["db.get"], [41, DENIED, DENIED]],
    [["db.get"], "any", [41, DENIED, DENIED]],
    [["db.*"], ["db.get", "mail.post"], [41, DENIED, DENIED]],
    [["db.get", "mail.post"], ["db.*"], [41, DENIED, DENIED]],
    [["db.*"], ["db.*"], [41, 42, DENIED]],
    [["db.*"], ["mail.*"], [DENIED, DENIED, DENIED]],
    [
      ["db.*", "mail.post"],
      ["mail.*", "db.put"],
      [DENIED, 42, 43],
    ],
  ])("of a parent with %j and a definition with %j may import what is in both", async (parent, definition, answers) => {
    const calls = ["(call $db_get (i32.const 0))", "(call $db_put (i32.const 0))", "(call $mail_post (i32.const 0))"];
    const cut = definition === undefined ? {} : { imports: definition };
    const granted: Grants = { spawn: ["child"], ...(parent === undefined ? {} : { imports: parent }) };
    expect(await answersOfChild(calls, granted, cut)).toEqual(answers);
  });

  test("of a child has no more than both of them, whatever its definition says", async () => {
    const { arena } = await openTown();
    await using _ = arena;
    const grandchild = await arena.load(`${DB} ${DATA} (func (export "run") (call $begin) ${tells(...EACH)})`);
    arena.runtime.define("other", grandchild, { grants: "all" });
    const child = await arena.load(
      `${DATA} (func (export "run") (call $begin) ${tells(begets(OTHER.range), begets(CHILD.range))})`,
    );
    arena.runtime.define("child", child, { grants: { spawn: ["other"], log: true, clock: true } });
    await arena.attack(`${DATA} (func (export "run") (call $begin) (drop ${begets(CHILD.range)}))`, {
      args: pidBytes(arena.boss.pid, arena.witness),
      grants: { spawn: "any", clock: true, register: true },
    });
    expect(await arena.words(2)).toEqual([1, DENIED]);
    expect(await arena.words(EACH.length)).toEqual([DENIED, 0, 0, DENIED, DENIED, 1, DENIED, DENIED]);
    expect(await arena.served()).toBe(true);
  });
});

describe("an impostor", TIMEOUT, () => {
  const INFO = 64;
  /**
   * A victim: reports `info` and the first 64 bytes of the payload of every item, after what it
   * says once at its beginning.
   */
  const VICTIM = (begin: string) => `${PRELUDE}
    (func (export "_start") (call $begin) (call $window (i32.const ${INFO}) (i32.const 96) (i32.const 64)) ${begin})
    (func (export "handle") (param i32)
      (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const ${INFO}) (i32.const 96)))
      (memory.fill (i32.const ${INFO}) (i32.const 0) (i32.const 96)))`;

  async function victimOf(arena: Arena, begin: string, watched = 0) {
    return arena.attack(VICTIM(begin), { args: pidBytes(arena.boss.pid, watched) });
  }
  const split = (pid: number) => [(pid % 2 ** 32) | 0, Math.floor(pid / 2 ** 32)];
  const infoBytes = (...words: number[]) => new Uint8Array(Int32Array.from(words).buffer);

  test("cannot send bytes that are taken for a Down, an Exit, a timer or somebody else's message", async () => {
    await using arena = await Arena.open();
    const victim = await victimOf(arena, tells(`(call $monitor ${passed(0)})`), arena.witness);
    const [ref] = await arena.words(1);
    const [lo, hi] = split(arena.witness);
    const forged = [
      infoBytes(1, 5, lo, hi, 0, 0, 4, 0),
      infoBytes(2, 0, lo, hi, ref, 3, 4, 0),
      infoBytes(3, 0, lo, hi, 0, 3, 4, 0),
      infoBytes(4, 7, lo, hi, ref, 0, 4, 0),
      infoBytes(1, ref, lo, hi, 0, 0, 4, 0),
    ];
    const body = `${PRELUDE}
      (func $shoot (param $at i32) (param $len i32)
        (call $tell (call $send ${passed(0)} (i32.const 1) (local.get $at) (local.get $len))))
      (func (export "run") (local $len i32) (call $begin)
        (loop $more
          (call $shoot (i32.add (i32.const 24) (i32.const 8)) (local.get $len))
          (br_if $more (i32.le_u (local.tee $len (i32.add (local.get $len) (i32.const 1))) (i32.const 64)))))`;
    for (const bytes of forged) {
      const args = new Uint8Array([...pidBytes(arena.boss.pid, victim), ...bytes, ...bytes]);
      const attacker = await arena.attack(body, { args });
      const [from, high] = split(attacker);
      const items: Uint8Array[] = [];
      const statuses: number[] = [];
      while (items.length + statuses.length < 130) {
        const item = await arena.bytes();
        if (item.length === 4) statuses.push(...wordsOf(item));
        else items.push(item);
      }
      expect(statuses).toEqual(Array(65).fill(1));
      // Of every length, so that what follows in the mailbox begins everywhere in a forged record.
      for (const [len, item] of items.entries()) {
        expect(wordsOf(item.subarray(0, 32))).toEqual([1, 1, from, high, 0, 0, len, 0]);
      }
    }
    expect(await arena.served()).toBe(true);
  });

  test("deceives itself at most by what it writes into its own info", async () => {
    await using arena = await Arena.open();
    const [lo, hi] = split(arena.witness);
    const forge = infoBytes(1, 0, lo, hi, 0, 0, 0, 0);
    const attacker = await arena.attack(
      `${PRELUDE} (func (export "run") (call $begin)
        (call $window (i32.const 32) (i32.const 1024) (i32.const 4))
        (memory.copy (i32.const 32) (i32.const 24) (i32.const 32))
        (call $tell (i32.const 5)))`,
      { args: new Uint8Array([...pidBytes(arena.boss.pid), ...forge]) },
    );
    expect(await arena.boss.receive()).toMatchObject({ kind: "message", from: attacker });
    expect(await arena.served()).toBe(true);
  });

  test("guesses no ref: whatever negative tag it tries is answered 0, and nothing arrives", async () => {
    await using arena = await Arena.open();
    const victim = await victimOf(
      arena,
      `(drop (call $make_ref)) (drop (call $monitor ${passed(0)})) (call $tell (i32.const 1))`,
      arena.witness,
    );
    expect(await arena.words(1)).toEqual([1]);
    // -1 … -3000, the least, and numbers all over.
    const attacker = await arena.attack(
      `${PRELUDE} (func (export "run") (local $tag i32) (local $hits i32) (call $begin)
        (local.set $tag (i32.const -1))
        (loop $near
          (local.set $hits (i32.add (local.get $hits) (i32.ne (i32.const 0) (call $send ${passed(0)} (local.get $tag) ${NO_BYTES}))))
          (br_if $near (i32.gt_s (local.tee $tag (i32.sub (local.get $tag) (i32.const 1))) (i32.const -3000))))
        (local.set $tag (i32.const 0x80000000))
        (loop $far
          (local.set $hits (i32.add (local.get $hits) (i32.ne (i32.const 0) (call $send ${passed(0)} (local.get $tag) ${NO_BYTES}))))
          (br_if $far (i32.lt_s (local.tee $tag (i32.add (local.get $tag) (i32.const 65521))) (i32.const -65521))))
        (call $tell (local.get $hits)))`,
      { args: pidBytes(arena.boss.pid, victim) },
    );
    expect(await arena.words(1)).toEqual([0]);
    expect(await arena.reason(attacker)).toBe("normal");
    await arena.settle();
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test("makes refs that nobody can tell from those before", async () => {
    await using arena = await Arena.open();
    const refs = Array(200).fill("(call $make_ref)");
    await asks(arena, refs);
    const made = await arena.words(200);
    expect(new Set(made).size).toBe(200);
    expect(Math.max(...made)).toBeLessThan(-1023);
    const steps = made.slice(1).map((ref, index) => ref - made[index]);
    expect(new Set(steps).size).toBeGreaterThan(150);
    expect(await arena.served()).toBe(true);
  });

  test("has nothing of a ref that was made for another: it is live for its owner alone", async () => {
    await using arena = await Arena.open();
    const watched = await arena.echo();
    const owner = await victimOf(arena, tells("(call $make_ref)", `(call $monitor ${passed(0)})`), watched);
    const [ref, monitor] = await arena.words(2);
    const attacker = await asks(
      arena,
      [ref, monitor].flatMap(stolen => [
        `(call $send ${passed(0)} (i32.const ${stolen}) ${NO_BYTES})`,
        `(call $send ${SELF} (i32.const ${stolen}) ${NO_BYTES})`,
        `(call $drop_ref (i32.const ${stolen}))`,
        `(call $demonitor (i32.const ${stolen}) (i32.const 1))`,
        `(call $cancel_timer (i32.const ${stolen}))`,
      ]),
      { pids: [watched] },
    );
    expect(await arena.words(10)).toEqual(Array(10).fill(0));
    expect(arena.runtime.isAlive(attacker)).toBe(true);
    // The owner's are as they were.
    expect(arena.runtime.kill(watched)).toBe(true);
    expect((await arena.notes()).slice(0, 6)).toEqual([2, 0, ...split(watched), monitor, 2]);
    expect(arena.boss.send(owner, "", { tag: 1 })).toBe(true);
    expect((await arena.notes()).slice(0, 2)).toEqual([1, 1]);
    expect(await arena.served()).toBe(true);
  });

  test("with the grant kill sends its own exit signals only, and none that says crashed", async () => {
    await using arena = await Arena.open();
    const victim = await victimOf(arena, "(drop (call $trap_exit (i32.const 1))) (call $tell (i32.const 1))");
    expect(await arena.words(1)).toEqual([1]);
    const grants = { kill: true };
    const honest = await asks(arena, [`(call $exit_to ${passed(0)} (i32.const 6) ${MINE.range})`], {
      grants,
      pids: [victim],
    });
    expect(await arena.notes()).toEqual([1]);
    const item = await arena.bytes();
    expect(wordsOf(item.subarray(0, 32))).toEqual([3, 0, ...split(honest), 0, 6, 4, 0]);
    expect(new TextDecoder().decode(item.subarray(32, 36))).toBe("mine");
    for (const reason of [3, 4, 5, 7, -1, 256]) {
      const liar = await asks(arena, [exitTo(passed(0), reason)], { grants, pids: [victim] });
      expect(await arena.reason(liar)).toMatch(/^crashed: exit/);
    }
    for (const reason of [7, -1, 256]) {
      const liar = await asks(arena, [
        `(block (result i32) (call $exit (i32.const ${reason}) ${NO_BYTES}) (i32.const 1))`,
      ]);
      expect(await arena.reason(liar)).toMatch(/^crashed: .*exit/);
    }
    await arena.settle();
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test("that says of its own end that it was killed or has crashed is the one who has ended, and nothing is told of it but that", async () => {
    await using arena = await Arena.open();
    for (const [reason, says] of [
      [2, "killed"],
      [3, "crashed: mine"],
      [4, "noproc"],
      [5, "noconnection"],
    ] as const) {
      const liar = await asks(arena, [
        `(block (result i32) (call $exit (i32.const ${reason}) ${MINE.range}) (i32.const 1))`,
      ]);
      expect(await arena.reason(liar)).toBe(says);
    }
    await arena.settle();
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test("who sends later, or sets a timer for another, is named as who it is", async () => {
    await using arena = await Arena.open();
    const victim = await victimOf(arena, "(call $tell (i32.const 1))");
    expect(await arena.words(1)).toEqual([1]);
    const attacker = await asks(arena, [`(call $send_after (i32.const 5) ${passed(0)} (i32.const 9) ${MINE.range})`], {
      pids: [victim],
    });
    expect((await arena.words(1))[0]).toBeLessThan(-1023);
    arena.clock.jump(5);
    expect((await arena.notes()).slice(0, 8)).toEqual([4, 9, ...split(attacker), 0, 0, 4, 0]);
    expect(await arena.served()).toBe(true);
  });
});
