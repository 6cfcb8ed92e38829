/**
 * The soak: a great many spawns and messages, with everything else that a runtime does going on at
 * the same time, and a look at the end whether all of it is as it was before.
 *
 *     node --expose-gc --disable-wasm-trap-handler test/product/soak.ts [--scale 1] [--seed 1] [--leave 0]
 *
 * `--scale 1` is the full load, a million spawns and ten million messages; 0.001 is what CI runs.
 * `--leave` leaves so many actors alive at the end, so that the checks can be seen to fail.
 */

import { setImmediate as macrotask } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  CallError,
  CallTimeoutError,
  type Clock,
  type ExitReason,
  type GuestModule,
  hasJspi,
  type Pid,
  Runtime,
  SpawnError,
  systemClock,
} from "../../host/index.ts";
import { seededRandom } from "../support/seeded.ts";
import { guest } from "../support/wat.ts";

// ---- What is to be done
// -------------------------------------------------------------------------------------------------

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    leave: { type: "string", default: "0" },
  },
});
const scale = Number(values.scale);

/** All at scale 1. The messages of the first four are ten million together. */
const FULL = {
  pingPong: 4_000_000,
  fanIn: 3_000_000,
  selective: 1_000_000,
  payloads: 2_000_000,
  spawns: 1_000_000,
  kills: 50_000,
  links: 100_000,
  timers: 300_000,
  calls: 200_000,
};
type Load = keyof typeof FULL;

/**
 * In each of so many rounds the loads go on at the same time; the next begins when all of them are
 * done, and have left nothing behind.
 */
const rounds = Math.max(4, Math.round(250 * scale));

/** After a warm-up of so many rounds, memory is what it is to be at the end. */
const WARM_UP_ROUNDS = 3;

/**
 * Memory may have grown by this much: less than five bytes for each spawn, and half a byte for each
 * message.
 */
const TOLERANCE_BYTES = 4 * 2 ** 20;

/** Nothing having happened for so long, nothing will. */
const STUCK_MS = 60_000;

const ACTORS = 1000;
const FIBERS = 300;

// ---- Guests
// -------------------------------------------------------------------------------------------------------------

const INFO = 64;
const ARGS = 1024;
const ROOM = 4096;
const CAP = 65_536;

const arg = (index: number) => `(i32.load (i32.const ${ARGS + 4 * index}))`;
const sender = `(i32.load (i32.const ${INFO + 8})) (i32.load (i32.const ${INFO + 12}))`;
const TAG = `(i32.load (i32.const ${INFO + 4}))`;
const REF = `(i32.load (i32.const ${INFO + 16}))`;
const readArgs = `(drop (call $args (i32.const ${ARGS}) (i32.const 64)))`;
const listen = `(call $window (i32.const ${INFO}) (i32.const ${ROOM}) (i32.const ${CAP}))`;
const leave = "(call $exit (i32.const 0) (i32.const 0) (i32.const 0))";
/** The actor crashes where a status is not 1. */
const must = (status: string) => `(if (i32.ne ${status} (i32.const 1)) (then unreachable))`;
/** Counts a global down; leaves at 0. */
const countDown = (then: string) => `
  (global.set $left (i32.sub (global.get $left) (i32.const 1)))
  (if (i32.eqz (global.get $left)) (then ${then}))`;
const repeat = (body: string) => `
  (loop $more
    (if (i32.eqz (global.get $left)) (then (return)))
    (global.set $left (i32.sub (global.get $left) (i32.const 1)))
    ${body}
    (br $more))`;
const LEFT = "(global $left (mut i32) (i32.const 0))";

/**
 * A process of three functions: `$begin`; `$receive`, which calls one of the receives; `$take`,
 * which gets what that answered and says whether to go on. It waits by JSPI, or by a `resume:run`
 * written by hand.
 */
function blocking(way: "jspi" | "resume", functions: string): string {
  if (way === "jspi") {
    return `${functions}
      (func (export "run") (local $n i32)
        (call $begin)
        (loop $more
          (local.set $n (call $receive))
          (if (i32.eq (local.get $n) (i32.const -2)) (then (local.set $n (call $park))))
          (br_if $more (call $take (local.get $n)))))`;
  }
  return `${functions}
    (global $began (mut i32) (i32.const 0))
    (func (export "run") unreachable)
    (func (export "resume:run") (param $n i32) (result i32)
      (if (global.get $began)
        (then (if (i32.eqz (call $take (local.get $n))) (then (return (i32.const 0)))))
        (else (call $begin) (global.set $began (i32.const 1))))
      (loop $more
        (local.set $n (call $receive))
        (if (i32.eq (local.get $n) (i32.const -2)) (then (return (i32.const 1))))
        (br_if $more (call $take (local.get $n))))
      (i32.const 0))`;
}

const recv = (timeout: string) => `(call $recv (i32.const ${INFO}) (i32.const ${ROOM}) (i32.const ${CAP}) ${timeout})`;
const goOnWhileLeft = `
  (global.set $left (i32.sub (global.get $left) (i32.const 1)))
  (i32.ne (global.get $left) (i32.const 0))`;

/** Answers every item: a request with its ref, anything else with its own tag. */
const SERVER = `
  (func (export "_start") ${listen})
  (func (export "handle") (param $n i32)
    (drop (call $send ${sender} (select ${REF} ${TAG} ${REF}) (i32.const ${ROOM}) (local.get $n))))`;

/** args: lo, hi, rounds, size. Sends a ball to a server, and sends back what comes back. */
const PING = `
  ${LEFT}
  (func (export "_start") ${readArgs} ${listen}
    (global.set $left ${arg(2)})
    (call $serve (i32.const 4) ${arg(3)}))
  (func $serve (param $tag i32) (param $size i32)
    (if (i32.ne (call $send ${arg(0)} ${arg(1)} (local.get $tag) (i32.const ${ROOM}) (local.get $size)) (i32.const 1))
      (then (call $exit (i32.const 1) (i32.const 0) (i32.const 0)))))
  (func (export "handle") (param $n i32) ${countDown(leave)} (call $serve ${TAG} (local.get $n)))`;

/**
 * args: lo, hi, messages, size, mask. Sends all its messages in one turn, each tagged with its
 * number and the mask.
 */
const PRODUCER = `
  ${LEFT}
  (func (export "run") ${readArgs}
    (global.set $left ${arg(2)})
    ${repeat(must(`(call $send ${arg(0)} ${arg(1)} (i32.and (global.get $left) ${arg(4)}) (i32.const ${ROOM}) ${arg(3)})`))})`;

/** args: messages. Takes as many and returns. */
const CONSUMER = `
  ${LEFT}
  (func $begin ${readArgs} (global.set $left ${arg(0)}))
  (func $receive (result i32) ${recv("(i32.const -1)")})
  (func $take (param $n i32) (result i32) ${goOnWhileLeft})`;

/**
 * args: messages, how. Takes messages by their tags from 63 down to 0, again and again; by
 * `recv_match` where `how` is 1.
 */
const SELECTIVE = `
  ${LEFT}
  (global $wanted (mut i32) (i32.const 63))
  (func $begin ${readArgs} (global.set $left ${arg(0)}))
  (func $receive (result i32)
    (if (result i32) ${arg(1)}
      (then (call $recv_match (i32.const ${INFO}) (i32.const ${ROOM}) (i32.const ${CAP}) (i32.const -1) (global.get $wanted)))
      (else (call $recv_tag (i32.const ${INFO}) (i32.const ${ROOM}) (i32.const ${CAP}) (i32.const -1) (global.get $wanted)))))
  (func (export "match") (param $predicate i32) (param $pointer i32) (param $length i32) (result i32)
    (i32.eq ${TAG} (local.get $predicate)))
  (func $take (param $n i32) (result i32)
    (if (i32.ne ${TAG} (global.get $wanted)) (then unreachable))
    (global.set $wanted (i32.and (i32.sub (global.get $wanted) (i32.const 1)) (i32.const 63)))
    ${goOnWhileLeft})`;

/** args: lo, hi. Passes on what it gets. */
const RELAY = `
  (func (export "_start") ${readArgs} ${listen})
  (func (export "handle") (param $n i32)
    ${must(`(call $send ${arg(0)} ${arg(1)} ${TAG} (i32.const ${ROOM}) (local.get $n))`)})`;

/** args: messages. Each byte of a payload is the last byte of its length, or it crashes. */
const SINK = `
  ${LEFT}
  (func (export "_start") ${readArgs} ${listen} (global.set $left ${arg(0)}))
  (func (export "handle") (param $n i32) (local $at i32)
    (local.set $at (local.get $n))
    (loop $more
      (if (i32.eqz (local.get $at)) (then ${countDown(leave)} (return)))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $more (i32.eq (i32.load8_u offset=${ROOM} (local.get $at)) (i32.and (local.get $n) (i32.const 255)))))
    unreachable)`;

/** args: how. Ends at once: 0 returns, 1 exits, 2 exits with bytes, 3 traps. */
const ONCE = `
  (func (export "run") ${readArgs}
    (if (i32.eq ${arg(0)} (i32.const 1)) (then ${leave}))
    (if (i32.eq ${arg(0)} (i32.const 2)) (then (call $exit (i32.const 6) (i32.const ${ROOM}) (i32.const 100))))
    (if (i32.eq ${arg(0)} (i32.const 3)) (then unreachable)))`;

/**
 * args: children. Spawns them, plain, linked, monitored or both, waits for all their Downs and
 * Exits, and returns.
 */
const PARENT = `
  ${LEFT}
  (data (i32.const 512) "once")
  (global $child (mut i32) (i32.const 0))
  (func $begin ${readArgs}
    (drop (call $trap_exit (i32.const 1)))
    (global.set $child ${arg(0)})
    (loop $more
      ${must(`(call $spawn (i32.const 512) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const ${ARGS + 32}) (i32.const 4)
        (i32.and (global.get $child) (i32.const 3)) (i32.const 768))`)}
      (global.set $left (i32.add (global.get $left) (i32.popcnt (i32.and (global.get $child) (i32.const 3)))))
      (i32.store (i32.const ${ARGS + 32}) (i32.and (global.get $child) (i32.const 3)))
      (global.set $child (i32.sub (global.get $child) (i32.const 1)))
      (br_if $more (global.get $child))))
  (func $receive (result i32) ${recv("(i32.const -1)")})
  (func $take (param $n i32) (result i32) ${goOnWhileLeft})`;

/**
 * args: lo, hi of the one before it; lo, hi of whom to tell. Links itself to the former, tells the
 * latter, and waits for ever.
 */
const CHAIN = `
  (func $begin ${readArgs}
    (if (i32.or ${arg(0)} ${arg(1)}) (then ${must(`(call $link ${arg(0)} ${arg(1)})`)}))
    (drop (call $send ${arg(2)} ${arg(3)} (i32.const 0) (i32.const 0) (i32.const 0))))
  (func $receive (result i32) ${recv("(i32.const -1)")})
  (func $take (param $n i32) (result i32) (i32.const 1))`;

/**
 * args: timers. Sets itself two timers at a time, takes one back, and waits for the other, with a
 * timeout of its own now and then.
 */
const TIMER = `
  ${LEFT}
  (global $ref (mut i32) (i32.const 0))
  (func $begin ${readArgs} (global.set $left ${arg(0)}))
  (func $set (param $delay i32) (result i32)
    (call $send_after (local.get $delay) (call $self_lo) (call $self_hi) (i32.const 1) (i32.const ${ROOM}) (i32.const 16)))
  (func $receive (result i32)
    (global.set $ref (call $set (i32.const 60000)))
    ${must("(call $cancel_timer (global.get $ref))")}
    (if (i32.and (global.get $left) (i32.const 1)) (then (return ${recv("(i32.const 2)")})))
    (global.set $ref (call $set (i32.and (global.get $left) (i32.const 7))))
    (call $recv_tag (i32.const ${INFO}) (i32.const ${ROOM}) (i32.const ${CAP}) (i32.const 60000) (global.get $ref)))
  (func $take (param $n i32) (result i32)
    (if (i32.and (global.get $left) (i32.const 1))
      (then (if (i32.ne (local.get $n) (i32.const -1)) (then unreachable)))
      (else (if (i32.ne (local.get $n) (i32.const 16)) (then unreachable))))
    ${goOnWhileLeft})`;

const handlers = { server: SERVER, ping: PING, relay: RELAY, sink: SINK };
const plain = { producer: PRODUCER, once: ONCE };
const processes = { consumer: CONSUMER, selective: SELECTIVE, parent: PARENT, chain: CHAIN, timer: TIMER };
type Name = keyof typeof handlers | keyof typeof plain | keyof typeof processes;

// ---- The runtime that is soaked, and what it tells
// -----------------------------------------------------------------------

/** The engine's clock, and how many of the wakes that were asked of it are still to come. */
class CountingClock implements Clock {
  readonly #pending = new Set<() => void>();

  get pending(): number {
    return this.#pending.size;
  }

  now(): number {
    return systemClock.now();
  }

  wake(delayMs: number, wake: () => void): () => void {
    const cancel = systemClock.wake(delayMs, () => {
      this.#pending.delete(cancel);
      wake();
    });
    this.#pending.add(cancel);
    return () => {
      this.#pending.delete(cancel);
      cancel();
    };
  }

  defer(run: () => void): void {
    systemClock.defer(run);
  }
}

const random = seededRandom(Number(values.seed));
const below = (count: number) => Math.floor(random() * count);
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)];

/** What is wrong, in sentences. */
const wrong: string[] = [];
function expect(holds: boolean, sentence: string): void {
  if (!holds) wrong.push(sentence);
}
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, error => wrong.push(`Nobody caught: ${error instanceof Error ? error.stack : error}`));
}

const clock = new CountingClock();
let guestsEnded = 0;
const runtime = new Runtime({
  clock,
  grants: "all",
  // Its parents may not give way, and the machine may be loaded.
  limits: { actors: ACTORS, fibers: FIBERS, turnMs: 60_000, startMs: 60_000 },
  onExit: ({ module, reason }) => {
    if (module === undefined) return;
    guestsEnded++;
    if (reason.kind === "crashed" && module !== "once") wrong.push(`A ${module} crashed: ${reason.message}`);
  },
});

const kill = { policy: "kill" } as const;
const modules = new Map<Name, readonly GuestModule[]>();

/** Loads every guest, the processes for both of their ways, and defines what guests spawn. */
async function prepare(): Promise<void> {
  const load = (name: string, body: string) => runtime.load(guest(body), { name, reductions: "count" });
  for (const [name, body] of Object.entries({ ...handlers, ...plain }))
    modules.set(name as Name, [await load(name, body)]);
  for (const [name, body] of Object.entries(processes)) {
    const ways = hasJspi() ? (["resume", "jspi"] as const) : (["resume"] as const);
    modules.set(name as Name, await Promise.all(ways.map(way => load(name, blocking(way, body)))));
  }
  const [once] = modules.get("once") ?? [];
  runtime.define("once", once, { reductions: kill });
}

/** A pid takes two words. */
const words = (pid: Pid) => [pid % 2 ** 32, Math.floor(pid / 2 ** 32)];

function spawn(name: Name, args: readonly number[] = []): Pid {
  const module = oneOf(modules.get(name) ?? []);
  const bytes = new Uint8Array(Uint32Array.from(args).buffer);
  return runtime.spawn(module, { args: bytes, reductions: kill });
}

/** Waits for the end of actors, which must be of these kinds. */
async function ended(pids: readonly Pid[], ...kinds: ExitReason["kind"][]): Promise<void> {
  for (const reason of await Promise.all(pids.map(pid => runtime.exited(pid)))) {
    // Who has ended before this asked is noproc.
    expect([...kinds, "noproc"].includes(reason.kind), `An actor ended ${reason.kind}, and not ${kinds.join(" or ")}.`);
  }
}

function repeated<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

// ---- Loads: each does about so much, and leaves nothing behind
// ----------------------------------------------------------

const loads: Readonly<Record<Load, (quota: number) => Promise<number>>> = {
  async pingPong(quota) {
    const pairs = 10;
    const each = Math.ceil(quota / pairs / 2);
    const servers = repeated(pairs, () => spawn("server"));
    await ended(
      servers.map(server => spawn("ping", [...words(server), each, oneOf([0, 8, 64, 300, 2000])])),
      "normal",
    );
    for (const server of servers) runtime.kill(server);
    return 2 * pairs * each;
  },

  async fanIn(quota) {
    const producers = 5;
    const consumers = 3;
    const each = Math.ceil(quota / consumers / producers);
    const all = repeated(consumers, () => {
      const consumer = spawn("consumer", [producers * each]);
      const senders = repeated(producers, () => spawn("producer", [...words(consumer), each, oneOf([0, 8, 100]), 0]));
      return [consumer, ...senders];
    });
    await ended(all.flat(), "normal");
    return consumers * producers * each;
  },

  async selective(quota) {
    const each = 64 * Math.ceil(quota / 4 / 64);
    const all = repeated(4, index => {
      const taker = spawn("selective", [each, index & 1]);
      return [taker, spawn("producer", [...words(taker), each, 8, 63])];
    });
    await ended(all.flat(), "normal");
    return 4 * each;
  },

  async payloads(quota) {
    const count = Math.ceil(quota / 2);
    const sink = spawn("sink", [count]);
    const relay = spawn("relay", words(sink));
    for (let sent = 0; sent < count; sent++) {
      // As many of each order of magnitude.
      const length = Math.floor(2 ** (16 * random()));
      expect(runtime.send(relay, new Uint8Array(length).fill(length)), "A relay accepted no more.");
      if (sent % 100 === 99) await macrotask();
    }
    await ended([sink], "normal");
    runtime.kill(relay);
    return 2 * count;
  },

  async spawns(quota) {
    let left = quota;
    while (left > 0) {
      const byHost = Math.min(200, Math.ceil(left / 2));
      const byGuest = Math.min(100, Math.ceil(left / 4));
      await Promise.all([
        ended(
          repeated(byHost, index => spawn("once", [index & 3])),
          "normal",
          "custom",
          "crashed",
        ),
        ended(
          repeated(2, () => spawn("parent", [byGuest])),
          "normal",
        ),
      ]);
      left -= byHost + 2 * byGuest;
    }
    return quota - left;
  },

  /** Of actors that are in the middle of something. */
  async kills(quota) {
    for (let left = quota; left > 0; left -= 40) {
      const servers = repeated(20, () => spawn("server"));
      const pids = [...servers, ...servers.map(server => spawn("ping", [...words(server), 2000, 64]))];
      for (const pid of pids.sort(() => random() - 0.5)) {
        if (below(10) === 0) await macrotask();
        if (below(5) === 0) runtime.exit(pid, { kind: "custom", bytes: new Uint8Array(100) });
        else runtime.kill(pid);
      }
    }
    return Math.ceil(quota / 40) * 40;
  },

  /**
   * Chains of links that are monitored from outside: with any one of them all end, and the mailbox
   * is told of each.
   */
  async links(quota) {
    const length = 25;
    for (let left = quota; left > 0; left -= length) {
      using mailbox = runtime.mailbox();
      const chain: Pid[] = [];
      for (let index = 0; index < length; index++) {
        chain.push(spawn("chain", [...words(chain.at(-1) ?? 0), ...words(mailbox.pid)]));
        const told = await mailbox.receive();
        expect(told?.kind === "message", `A chain told ${told?.kind}.`);
      }
      for (const pid of chain) mailbox.monitor(pid);
      mailbox.link(oneOf(chain));
      mailbox.demonitor(mailbox.monitor(chain[0]));
      runtime.kill(oneOf(chain));
      await ended(chain, "killed");
      const got = repeated(mailbox.size, () => mailbox.poll()?.kind);
      expect(got.filter(kind => kind === "down").length === length, `Not all Downs of a chain came: ${got}.`);
      expect(got.filter(kind => kind === "exit").length === 1, `Not one Exit of a chain came: ${got}.`);
    }
    return Math.ceil(quota / length) * length;
  },

  async timers(quota) {
    const each = Math.ceil(quota / 20);
    using mailbox = runtime.mailbox();
    const ref = mailbox.sendAfter(60_000, new Uint8Array(8));
    mailbox.sendAfter(1, new Uint8Array(8));
    await ended(
      repeated(20, () => spawn("timer", [each])),
      "normal",
    );
    expect((await mailbox.receive())?.kind === "timer", "A mailbox's own timer did not come.");
    expect(mailbox.cancelTimer(ref), "A mailbox's timer could not be cancelled.");
    return 20 * each;
  },

  /**
   * From the host: most are answered; one in each fifty comes too late, one loses its callee, one
   * is given up.
   */
  async calls(quota) {
    const deaf = spawn("chain", [0, 0, 0, 0]);
    const servers = repeated(4, () => spawn("server"));
    for (let left = quota; left > 0; left -= 50) {
      const doomed = spawn("server");
      const aborter = new AbortController();
      const answered = repeated(47, async index => {
        const answer = await runtime.call(oneOf(servers), new Uint8Array(index).fill(index));
        expect(
          answer.length === index && answer.every(byte => byte === index),
          "An answer is not the request's bytes.",
        );
      });
      const failing = [
        fails(runtime.call(deaf, "hello", { timeoutMs: 1 }), error => error instanceof CallTimeoutError),
        fails(runtime.call(doomed, "hello"), error => error instanceof CallError),
        fails(runtime.call(deaf, "hello", { signal: aborter.signal }), error => error === aborter.signal.reason),
      ];
      runtime.kill(doomed);
      aborter.abort();
      await Promise.all([...answered, ...failing]);
    }
    for (const pid of [deaf, ...servers]) runtime.kill(pid);
    return Math.ceil(quota / 50) * 50;
  },
};

async function fails(call: Promise<unknown>, so: (error: unknown) => boolean): Promise<void> {
  try {
    await call;
    wrong.push("A call was answered that could not be.");
  } catch (error) {
    expect(so(error), `A call failed otherwise than it should: ${error}`);
  }
}

// ---- The whole
// ----------------------------------------------------------------------------------------------------------

const names = Object.keys(FULL) as Load[];
const done = Object.fromEntries(names.map(name => [name, 0])) as Record<Load, number>;
/** The scenes that run now, to see what the soak waits for. */
const going = new Set<Load>();

async function round(): Promise<void> {
  await Promise.all(
    names.map(async name => {
      going.add(name);
      done[name] += await loads[name](Math.ceil((FULL[name] * scale) / rounds));
      going.delete(name);
    }),
  );
}

interface Use {
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
}

/** After everything that can be collected was. */
async function memory(): Promise<Use> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("the soak looks at memory: run it with node --expose-gc");
  for (let times = 0; times < 8; times++) {
    await macrotask();
    gc();
  }
  return process.memoryUsage();
}

/**
 * How many actors of a kind can be spawned until the runtime refuses: less than before, where
 * something holds a place.
 */
async function room(name: Name, args: readonly number[], which: number): Promise<number> {
  const module = (modules.get(name) ?? [])[which];
  if (module === undefined) return 0;
  const pids: Pid[] = [];
  try {
    for (;;) {
      pids.push(runtime.spawn(module, { args: new Uint8Array(Uint32Array.from(args).buffer), reductions: kill }));
      if (pids.length % 100 === 0) await macrotask();
    }
  } catch (error) {
    if (!(error instanceof SpawnError)) throw error;
  }
  await macrotask();
  for (const pid of pids) runtime.kill(pid);
  await runtime.idle();
  return pids.length;
}

/** For a handler, and for a process that waits by JSPI. */
async function rooms(): Promise<string> {
  return [await room("server", [], 0), await room("chain", [0, 0, 0, 0], 1)].join(" and ");
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

function print(rows: readonly (readonly [string, ...(number | string)[]])[]): void {
  for (const [label, ...cells] of rows) {
    const texts = cells.map(cell => (typeof cell === "number" ? cell.toLocaleString("en") : cell).padStart(14));
    console.log(label.padEnd(28) + texts.join(""));
  }
}

/** Says each second how far it is, to a person; and gives up where nothing happens any more. */
function watch(): NodeJS.Timeout {
  let last = "";
  let changedMs = performance.now();
  return setInterval(() => {
    const { sent, spawned } = runtime.counters;
    const now = `${sent} ${spawned} ${Object.values(done)}`;
    if (process.stderr.isTTY) {
      const shown = `${sent.toLocaleString("en")} messages, ${spawned.toLocaleString("en")} spawns, ${runtime.size} alive`;
      process.stderr.write(`\r\x1b[K${Math.floor(performance.now() / 1000)} s: ${shown}`);
    }
    if (now !== last) changedMs = performance.now();
    last = now;
    if (performance.now() - changedMs < STUCK_MS) return;
    console.log(`Nothing has happened for ${STUCK_MS / 1000} s; these go on: ${[...going].join(", ")}.`);
    process.exit(1);
  }, 1000);
}

/** How everything is when nothing is going on. */
interface State {
  readonly alive: number;
  /** Wakes of the clock that are still to come. */
  readonly pending: number;
  readonly rooms: string;
  readonly memory: Use;
}

async function look(): Promise<State> {
  const { size: alive } = runtime;
  const { pending } = clock;
  // Who is left alive takes room, and that is told of anyway.
  return { alive, pending, rooms: alive > 0 ? "not looked at" : await rooms(), memory: await memory() };
}

const kinds = ["heapUsed", "external", "arrayBuffers"] as const;

function tell(before: State, after: State, spawns: number, messages: number, seconds: number): void {
  print([
    ["load", "done", "of"],
    ...names.map(name => [name, done[name], Math.round(FULL[name] * scale)] as const),
    ["all spawns", spawns],
    ["all messages", messages],
    ["seconds", seconds.toFixed(1)],
    ["memory", "before", "after", "more"],
    ...kinds.map(kind => {
      const [was, is] = [before.memory[kind], after.memory[kind]];
      return [kind, mib(was), mib(is), mib(is - was)] as const;
    }),
  ]);
}

function check(before: State, after: State): void {
  for (const kind of kinds) {
    const more = after.memory[kind] - before.memory[kind];
    expect(more <= TOLERANCE_BYTES, `${kind} has grown by ${mib(more)}; ${mib(TOLERANCE_BYTES)} are tolerated.`);
  }
  const { alive, pending } = after;
  expect(alive === 0, `${alive} actors are alive that should have ended.`);
  if (alive === 0) {
    expect(after.rooms === before.rooms, `Room for actors was ${before.rooms}, and is ${after.rooms}.`);
  }
  expect(pending === 0, `${pending} wakes of the clock are still to come.`);
  const { sent, received, dead, spawned } = runtime.counters;
  const lives = runtime.size;
  expect(spawned - guestsEnded === lives, `${spawned} were spawned, the ends of ${guestsEnded} told, ${lives} live.`);
  const sums = `${sent} messages were sent, ${received} received, ${dead} are dead`;
  expect(sent === received + dead, `${sums}: that does not add up.`);
}

async function soak(): Promise<void> {
  await prepare();
  for (let left = WARM_UP_ROUNDS; left > 0; left--) await round();
  for (const name of names) done[name] = 0;
  const before = await look();

  const beganMs = performance.now();
  const { spawned, sent } = runtime.counters;
  for (let left = rounds; left > 0; left--) await round();
  const seconds = (performance.now() - beganMs) / 1000;
  const { counters } = runtime;

  for (let left = Number(values.leave); left > 0; left--) spawn("server");
  const after = await look();
  tell(before, after, counters.spawned - spawned, counters.sent - sent, seconds);
  check(before, after);
}

const watching = watch();
await soak().catch(error => wrong.push(`The soak itself failed: ${error instanceof Error ? error.stack : error}`));
await runtime.stop();
clearInterval(watching);
if (process.stderr.isTTY) process.stderr.write("\n");
for (const sentence of new Set(wrong)) console.log(sentence);
console.log(wrong.length === 0 ? "Everything is as it was." : "The soak has failed.");
process.exitCode = wrong.length === 0 ? 0 : 1;
