/**
 * Guests that take all they can get of one kind: `node --expose-gc --disable-wasm-trap-handler
 * test/hostile/hoards.ts NAME…`. For each it prints a line of JSON: by how much the process has
 * grown, and what the runtime's account says that guests have.
 */

import { type GuestModule, type MemoryUse, type Pid, Runtime, type SpawnOptions } from "../../host/index.ts";
import { macrotask } from "../support/clock.ts";
import { assemble, guest } from "../support/wat.ts";
import { MANY_FEATURES, WAIT } from "./attackers.ts";

export interface Hoard {
  readonly name: string;
  readonly grownBytes: number;
  readonly use: MemoryUse;
  /** Of the guests that have crashed. */
  readonly reasons: readonly string[];
}

const MIB = 2 ** 20;
/** On a busy machine a hoarder may need many times the default of `turnMs`. */
export const LIMITS = { allMemoryBytes: 64 * MIB, allMailboxBytes: 32 * MIB, turnMs: 10_000 } as const;

/** By 4 MiB, once. */
const GROW = `(if (i32.eq (memory.size) (i32.const 2)) (then
  (drop (memory.grow (i32.const 62)))
  (memory.fill (i32.const 0x1000) (i32.const 7) (i32.const 0x3f0000))))`;
const SELF = "(call $self_lo) (call $self_hi)";
/** The pid that it was given. */
const FRIEND = "(i32.load (i32.const 16)) (i32.load (i32.const 20))";
const RECEIVE = "(call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1))";
const MATCH = "(call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1) (i32.const 1))";
const IDLE = `(func (export "handle") (param i32))`;

/** Does something so many times; `$n` counts. */
const times = (count: number, act: string) =>
  `(local $n i32) (loop $more ${act}
    (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const ${count}))))`;

/** Does something so many times, and never takes an item. */
const hoarder = (count: number, act: string, more = "") => `${more}
  (func (export "_start") (drop (call $args (i32.const 16) (i32.const 8))))
  (func (export "run") unreachable)
  (func (export "resume:run") (param i32) (result i32) ${times(count, act)}
    (drop (call $recv_tag (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0x7fffffff)))
    (i32.const 1))`;

/** A process without a word of JSPI: receives, does something, and so on. */
const resumed = (receive: string, act: string) => `
  (func (export "run") unreachable)
  (func (export "resume:run") (param i32) (result i32)
    (loop $on (br_if $on (i32.ne ${receive} (i32.const -2))))
    ${act} (i32.const 1))`;

/** Writes a new name of 255 letters to 64. */
const FRESH_NAME = `(memory.fill (i32.const 64) (i32.const 97) (i32.const 255))
  (i32.store (i32.const 64) (local.get $n)) (i32.store (i32.const 68) (call $self_lo))`;
const NAME = "(i32.const 64) (i32.const 255)";

const later = (bytes: number) =>
  `(drop (call $send_after (i32.const 100000000) ${SELF} (i32.const 0) (i32.const 0) (i32.const ${bytes})))`;

/**
 * Asks for reductions as the transform's code does, unwinds 400,000 bytes of stack, and says that
 * it gives way.
 */
const UNWINDS = `
  (func $budget (export "isopod:yield") (result i32) (call $yield))
  (func (export "run") unreachable)
  (func (export "resume:run") (param i32) (result i32)
    (loop $spend (br_if $spend (i32.gt_s (call $budget) (i32.const 0))))
    (i32.store (i32.const 16) (i32.const 400000))
    (i32.const 2))`;

class Scene {
  readonly runtime: Runtime;
  readonly friend: Pid;
  readonly reasons = new Set<string>();

  constructor() {
    const call = () => new Promise<number>(() => {});
    this.runtime = new Runtime({
      limits: LIMITS,
      imports: { slow: { call } },
      onExit: ({ reason }) => {
        if (reason.kind === "crashed") this.reasons.add(reason.message);
      },
    });
    this.friend = this.runtime.mailbox().pid;
  }

  load(body: string | Uint8Array): Promise<GuestModule> {
    return this.runtime.load(typeof body === "string" ? guest(body) : body, { reductions: "count" });
  }

  /** Spawns so many, as far as that is permitted. */
  spawn(module: GuestModule, count: number, options: SpawnOptions = {}): Pid[] {
    const args = new Uint8Array(BigUint64Array.of(BigInt(this.friend)).buffer);
    const pids: Pid[] = [];
    try {
      for (let i = 0; i < count; i++) pids.push(this.runtime.spawn(module, { args, grants: "all", ...options }));
    } catch (error) {
      this.reasons.add(String(error));
    }
    return pids;
  }
}

/** Gets ready, and returns what takes. */
type Prepare = (scene: Scene) => Promise<() => void | Promise<void>>;

const spawned =
  (body: string | Uint8Array, count: number, options?: SpawnOptions): Prepare =>
  async scene => {
    const module = await scene.load(body);
    return () => void scene.spawn(module, count, options);
  };

/** A hundred that are sent an empty message each. */
const grown =
  (body: string): Prepare =>
  async scene => {
    const module = await scene.load(body);
    return () => {
      for (const pid of scene.spawn(module, 100)) scene.runtime.send(pid, "");
    };
  };

const many = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => part(i)).join("\n");

const instances = (parts: string, features?: number) =>
  spawned(assemble(`(module (memory (export "memory") 1) ${parts} ${IDLE})`, features), 400);

/** By name; made when they are needed, because some are large. */
const hoards: Readonly<Record<string, () => Prepare>> = {
  "memories grown in an entry that computes on": () => grown(`(func (export "run") ${GROW} (loop $on (br $on)))`),
  "memories grown in an entry that parks": () =>
    grown(`(func (export "run") (loop $on
      (if (i32.eq ${RECEIVE} (i32.const -2)) (then ${GROW} (drop (call $park)))) (br $on)))`),
  "memories grown in resume": () => grown(resumed(RECEIVE, GROW)),
  "memories grown in handle": () => grown(`(func (export "handle") (param i32) ${GROW})`),
  "memories grown in _start": () => grown(`(func (export "_start") ${GROW}) ${IDLE}`),
  "memories grown in the start function": () => grown(`(func $go ${GROW}) (start $go) ${IDLE}`),
  "memories grown in a predicate": () =>
    grown(`(func (export "match") (param i32 i32 i32) (result i32) ${GROW} (i32.const 0))
      (func (export "run") (loop $on (if (i32.eq ${MATCH} (i32.const -2)) (then (drop (call $park)))) (br $on)))`),
  "memories grown in a predicate of a process that unwinds": () =>
    grown(`(func (export "match") (param i32 i32 i32) (result i32) ${GROW} (i32.const 0)) ${resumed(MATCH, "")}`),
  "instances with many exports": () => instances(many(5000, i => `(func (export "e${i}"))`)),
  "instances with many functions in a table": () =>
    instances(`(table 5000 funcref) (elem (i32.const 0) func ${many(5000, i => `$f${i}`)})
      ${many(5000, i => `(func $f${i} (param i32) (result i32) (i32.const ${i}))`)}`),
  "instances with tables that grow": () =>
    instances(
      `(table 0 funcref) (func (export "_start") (drop (table.grow (ref.null func) (i32.const 100000))))`,
      MANY_FEATURES,
    ),
  arguments: () => spawned(IDLE, 100, { args: new Uint8Array(8 * MIB).fill(7) }),
  "arguments of children": () => async scene => {
    scene.runtime.define("kid", await scene.load(IDLE));
    const begin = "(drop (memory.grow (i32.const 50)))";
    const spawn = `(drop (call $spawn (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 3000000)
      (i32.const 0) (i32.const 32)))`;
    return spawned(hoarder(60, `${begin} ${spawn}`, `(data (i32.const 0) "kid")`), 4)(scene);
  },
  "stacks of JSPI": () =>
    spawned(
      `(func $deep (param $n i32) (param $a i64) (result i64)
        (if (i32.eqz (local.get $n)) (then ${WAIT}))
        (i64.add (local.get $a)
          (call $deep (i32.sub (local.get $n) (i32.const 1)) (i64.mul (local.get $a) (i64.const 3)))))
      (func (export "run") (drop (call $deep (i32.const 6000) (i64.const 3))))`,
      300,
    ),
  "stacks that are put aside": () => async scene => {
    const module = await scene.runtime.load(guest(UNWINDS, `(import "env" "memory" (memory 8))`));
    return () => void scene.spawn(module, 100, { reductions: { policy: "yield", perTurn: 1 } });
  },
  monitors: () => spawned(hoarder(9000, `(drop (call $monitor ${FRIEND}))`), 50),
  refs: () => spawned(hoarder(9000, "(drop (call $make_ref))"), 50),
  names: () => spawned(hoarder(99, `${FRESH_NAME} (drop (call $register ${NAME} ${SELF}))`), 400),
  groups: () => spawned(hoarder(99, `${FRESH_NAME} (drop (call $join ${NAME}))`), 400),
  "calls that do not settle": () =>
    spawned(hoarder(99, "(drop (call $slow))", `(import "slow" "call" (func $slow (result i32)))`), 400),
  timers: () => spawned(hoarder(9000, later(0)), 40),
  "timers with payloads": () => spawned(hoarder(60, later(131_072)), 40),
  "mailboxes filled by themselves": () =>
    spawned(hoarder(9000, `(drop (call $send ${SELF} (i32.const 0) (i32.const 0) (i32.const 5000)))`), 20),
  "reasons of one end": () => async scene => {
    const [victim = 0] = scene.spawn(
      await scene.load(
        `(func (export "handle") (param i32) (call $exit (i32.const 6) (i32.const 0) (i32.const 4096)))`,
      ),
      1,
    );
    const args = new Uint8Array(BigUint64Array.of(BigInt(victim)).buffer);
    scene.spawn(await scene.load(hoarder(3000, `(drop (call $monitor ${FRIEND}))`)), 40, { args });
    await settle();
    return () => void scene.runtime.send(victim, "");
  },
  "requests that wait for an answer": () => async scene => {
    // It takes them all.
    const body = `(func (export "_start") (drop (memory.grow (i32.const 40)))
      (call $window (i32.const 64) (i32.const 128) (i32.const 2000000))) ${IDLE}`;
    const [pid = 0] = scene.spawn(await scene.load(body), 1);
    return async () => {
      for (let i = 0; i < 100; i++) {
        void scene.runtime.call(pid, new Uint8Array(2_000_000).fill(7), { timeoutMs: 1_000_000 });
        // It takes this one before the next comes.
        await macrotask();
        // What is dropped is no hoard, whenever the engine collects it.
        if (i % 10 === 9) globalThis.gc?.();
      }
    };
  },
  "instances that are kept": () => async scene => {
    const body = (fill: number) => `(func (export "handle") (param $length i32)
      (memory.fill (i32.const 0) (i32.const ${fill}) (i32.const 131072))
      (if (local.get $length) (then (call $exit (i32.const 0) (i32.const 0) (i32.const 0)))))`;
    const modules = await Promise.all(Array.from({ length: 7 }, (_, i) => scene.load(body(i))));
    return async () => {
      for (const module of modules) {
        // Each has an instance, before the first one ends.
        const pids = scene.spawn(module, 60);
        for (const bytes of ["", "end"]) {
          for (const pid of pids) scene.runtime.send(pid, bytes);
          await settle();
        }
      }
    };
  },
};

export const NAMES: readonly string[] = Object.keys(hoards);

/** Everybody has had many turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await macrotask();
}

async function residentBytes(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await settle();
  }
  return process.memoryUsage.rss();
}

async function play(name: string): Promise<Hoard> {
  const scene = new Scene();
  const take = await hoards[name]?.()(scene);
  const before = await residentBytes();
  await take?.();
  await settle();
  const after = await residentBytes();
  const use = scene.runtime.snapshot().memory;
  return { name, grownBytes: after - before, use, reasons: [...scene.reasons] };
}

if (process.argv[1]?.endsWith("hoards.ts")) {
  console.log(JSON.stringify(await play(process.argv[2] ?? "")));
  process.exit();
}
