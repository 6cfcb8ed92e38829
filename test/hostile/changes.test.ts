/**
 * Guests that lie share one instance. Whatever an actor does before it leaves or ends, no byte of it is
 * readable by those who have the instance after it, and its own are there when it comes back.
 */
import { describe, expect, test } from "vitest";
import type { GuestModule, HostContext, HostImports, Pid, SpawnOptions } from "../../host/index.ts";
import { Arena } from "./arena.ts";

const TIMEOUT = { timeout: 120_000 };
const PAGE = 0x10000;
/** A byte that only victims use. */
const CANARY = 0xc7;
/** What an actor that lives throughout has for its own. */
const OWN = 0x55;
const ALL = 4 * PAGE;
const WHOLE = 2 ** 31 - 1;

const tags = {
  ...{ show: 1, fill: 2, raise: 3, grow: 4, trap: 5, spin: 6, keep: 7, spawn: 8, args: 9, whereis: 10, receive: 11 },
  ...{ globals: 12, recurse: 13, exit: 14, size: 15, later: 16, store: 17 },
} as const;
type What = keyof typeof tags;

const word = (at: number) => `(i32.load (i32.const ${128 + 4 * at}))`;
const on = (what: What, body: string) =>
  `(if (i32.eq (i32.load (i32.const 68)) (i32.const ${tags[what]})) (then ${body} (return)))`;
const NO_BYTES = "(i32.const 0) (i32.const 0)";

/**
 * A handler. Its store limit begins low, and its code may raise it. The first word of its arguments is
 * the tag of what its start function does, and the next ones are the words of that.
 */
const LIAR = `
  (import "host" "keep" (func $keep (param i32)))
  (import "host" "later" (func $later (result i32)))
  (global $limit (export "isopod:limit") (mut i32) (i32.const 8192))
  (global $secret (mut i64) (i64.const 0))
  (global $float (mut f64) (f64.const 0))
  (data (i32.const 7000) "first state")
  (data (i32.const 7100) "liar")
  (func $forever (param i32) (result i32) (i32.add (call $forever (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func $reply (param i32 i32)
    (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.const 0) (local.get 0) (local.get 1))))
  (func $do
    ${on("show", `(i64.store (i32.const 512) (global.get $secret)) (f64.store (i32.const 520) (global.get $float)) (call $reply (i32.const 0) (i32.mul (memory.size) (i32.const ${PAGE})))`)}
    ${on("fill", `(memory.fill ${word(0)} ${word(2)} ${word(1)})`)}
    ${on("store", `(i64.store ${word(0)} (i64.const -1))`)}
    ${on("raise", `(global.set $limit ${word(0)})`)}
    ${on("grow", `(drop (memory.grow ${word(0)}))`)}
    ${on("trap", "unreachable")}
    ${on("spin", "(loop $spin (br $spin))")}
    ${on("keep", `(call $keep ${word(0)})`)}
    ${on("later", `(drop (call $later))`)}
    ${on("spawn", `(drop (call $spawn (i32.const 7100) (i32.const 4) ${NO_BYTES} ${NO_BYTES} (i32.const 2) ${word(0)}))`)}
    ${on("args", `(drop (call $args ${word(0)} ${word(1)}))`)}
    ${on("whereis", `(drop (call $whereis (i32.const 7100) (i32.const 4) ${word(0)}))`)}
    ${on("receive", `(drop (call $recv ${word(0)} ${word(1)} ${word(2)} (i32.const 0)))`)}
    ${on("globals", `(global.set $secret (i64.const 0xc7c7c7c7c7c7c7c7)) (global.set $float (f64.reinterpret_i64 (i64.const 0xc7c7c7c7c7c7c7c7)))`)}
    ${on("recurse", "(drop (call $forever (i32.const 0)))")}
    ${on("exit", `(call $exit (i32.const 6) ${word(0)} ${word(1)})`)}
    ${on("size", `(i32.store (i32.const 512) (memory.size)) (call $reply (i32.const 512) (i32.const 4))`)})
  (func (export "_start")
    (call $window (i32.const 64) (i32.const 128) (i32.const 256))
    (if (call $args (i32.const 68) (i32.const 4)) (then
      (drop (call $args (i32.const 124) (i32.const 20)))
      (call $do))))
  (func (export "handle") (param i32) (call $do))`;

/** One pool with one instance, and two actors in it that live throughout. */
class Changes extends Arena {
  module!: GuestModule;
  neighbour: Pid = 0;
  echoes: Pid = 0;
  readonly #imports: { keep: HostContext | undefined; settle: ((value: number) => void)[] };

  static async begin(imports: HostImports = {}): Promise<Changes> {
    const state: Changes["contexts"] = { keep: undefined, settle: [] };
    const changes = new Changes(
      {
        grants: "all",
        limits: { instances: 1, handlerReductions: 100_000 },
        imports: {
          host: {
            keep: (context, how) => {
              state.keep = context;
              if (how === 1) context.write(3 * PAGE - 4, new Uint8Array(4).fill(CANARY));
              if (how === 2) new Uint8Array(context.memory.buffer).fill(CANARY, 20_000, 30_000);
            },
            later: () => new Promise<number>(resolve => state.settle.push(resolve)),
            ...imports.host,
          },
        },
      },
      state,
    );
    changes.module = await changes.load(LIAR);
    changes.runtime.define("liar", changes.module);
    changes.echoes = await changes.echo();
    changes.neighbour = changes.spawn();
    changes.tell(changes.neighbour, "fill", 1000, 100, OWN);
    changes.tell(changes.neighbour, "raise", PAGE);
    changes.tell(changes.neighbour, "fill", PAGE - 100, 100, OWN);
    await changes.settle();
    return changes;
  }

  constructor(options: ConstructorParameters<typeof Arena>[0], state: Changes["contexts"]) {
    super(options);
    this.#imports = state;
  }

  get contexts() {
    return this.#imports;
  }

  get context(): HostContext {
    return this.#imports.keep as HostContext;
  }

  spawn(options: SpawnOptions = {}): Pid {
    return this.runtime.spawn(this.module, options);
  }

  tell(pid: Pid, what: What, ...words: number[]): void {
    this.boss.send(pid, new Uint8Array(Uint32Array.from(words).buffer), { tag: tags[what] });
  }

  /** All of an actor's memory, after its own words are taken out. */
  async memoryOf(pid: Pid): Promise<Uint8Array> {
    this.tell(pid, "show");
    const memory = await this.bytes();
    // Its item.
    memory.fill(0, 64, 96);
    return memory;
  }

  /** Looks at the memories of an actor that lives, and of a new one. */
  async check(): Promise<void> {
    const seen = await this.memoryOf(this.neighbour);
    expect(seen.length).toBe(2 * PAGE);
    expect(seen.indexOf(CANARY)).toBe(-1);
    expect([seen.subarray(1000, 1100), seen.subarray(PAGE - 100, PAGE)]).toEqual(
      Array(2).fill(new Uint8Array(100).fill(OWN)),
    );
    const fresh = this.spawn();
    const empty = await this.memoryOf(fresh);
    empty.fill(0, 7000, 7011).fill(0, 7100, 7104);
    expect([...empty.entries()].filter(([, byte]) => byte !== 0)).toEqual([]);
    expect(empty.length).toBe(2 * PAGE);
    this.runtime.kill(fresh);
  }
}

/** What a victim has done with its memory when it leaves or ends. */
const DEEDS: Readonly<Record<string, readonly (readonly [what: What, ...words: number[]])[]>> = {
  "has written below its store limit": [["fill", 256, 4000, CANARY]],
  "has written just behind its store limit": [["store", 8192 + 56]],
  "has raised its store limit to the end and filled everything": [
    ["raise", 2 * PAGE],
    ["fill", 256, 2 * PAGE - 256, CANARY],
  ],
  "has raised its store limit beyond everything, and then lowered it": [
    ["raise", WHOLE],
    ["fill", 100_000, 1000, CANARY],
    ["raise", 0],
    ["raise", 2 ** 32 - 1],
    ["raise", 300],
  ],
  "has grown and filled everything": [
    ["grow", 2],
    ["raise", ALL],
    ["fill", 256, ALL - 256, CANARY],
  ],
  "has grown to its quota": [
    ["grow", 62],
    ["raise", 64 * PAGE],
    ["fill", 63 * PAGE, PAGE, CANARY],
  ],
  "has grown beyond what an image may have": [
    ["grow", 70],
    ["raise", 72 * PAGE],
    ["fill", 71 * PAGE, PAGE, CANARY],
  ],
  "has set its globals": [["globals"]],
  "has its arguments beyond its limit": [["args", 2 * PAGE - 64, 64]],
  "has the answer of whereis beyond its limit": [["whereis", PAGE + 8]],
  "has the result of a spawn beyond its limit": [["spawn", 2 * PAGE - 16]],
  "has received beyond its limit": [
    ["receive", 2 * PAGE - 32, PAGE, 1000],
    ["fill", CANARY, CANARY, CANARY],
  ],
  "has been written to by the embedder": [
    ["grow", 1],
    ["keep", 1],
  ],
  "has handed its memory over": [["keep", 2]],
};

/** How it leaves or ends, after that. */
const LEAVES: Readonly<Record<string, (changes: Changes, victim: Pid) => unknown>> = {
  "has left": () => {},
  "was killed in its instance": (changes, victim) => changes.runtime.kill(victim),
  "was killed after it had left": async (changes, victim) => {
    await changes.memoryOf(changes.neighbour);
    changes.runtime.kill(victim);
  },
  "was killed while it was ready": async (changes, victim) => {
    await changes.memoryOf(changes.neighbour);
    changes.tell(victim, "size");
    changes.runtime.kill(victim);
  },
  "has come back and trapped": async (changes, victim) => {
    await changes.memoryOf(changes.neighbour);
    changes.tell(victim, "trap");
  },
  "was trapped by its limit": async (changes, victim) => {
    changes.tell(victim, "store", 200 * PAGE);
    await changes.settle();
  },
  "has used up its stack": async (changes, victim) => {
    changes.tell(victim, "recurse");
    await changes.settle();
  },
  "has used up its reductions": async (changes, victim) => {
    changes.tell(victim, "spin");
    await changes.settle();
  },
  "has ended itself": async (changes, victim) => {
    changes.tell(victim, "exit", 300, 64);
    await changes.settle();
  },
  "was written to by the embedder after it had left": async (changes, victim) => {
    changes.tell(victim, "keep", 0);
    await changes.memoryOf(changes.neighbour);
    if (changes.runtime.isAlive(victim)) changes.context.write(2 * PAGE - 8, new Uint8Array(8).fill(CANARY));
  },
};

describe.each(Object.entries(DEEDS))("an actor that %s", TIMEOUT, (_, deeds) => {
  test.each(Object.entries(LEAVES))("and %s leaves nothing for others", async (_, leave) => {
    await using changes = await Changes.begin();
    const args = new Uint8Array(64).fill(CANARY);
    for (let round = 0; round < 2; round++) {
      const victim = changes.spawn({ args: args.with(0, 0).with(1, 0).with(2, 0).with(3, 0) });
      for (const [what, ...words] of deeds) changes.tell(victim, what, ...words);
      await changes.settle();
      await leave(changes, victim);
      await changes.check();
      changes.runtime.kill(victim);
      await changes.check();
    }
    expect(await changes.answers(changes.echoes)).toBe(true);
  });

  test("finds all of it when it comes back", async () => {
    await using changes = await Changes.begin();
    const [victim, same] = [changes.spawn(), changes.spawn()];
    for (const [what, ...words] of deeds) changes.tell(victim, what, ...words);
    await changes.settle();
    if (!changes.runtime.isAlive(victim)) return;
    const before = await changes.memoryOf(victim);
    for (let round = 0; round < 3; round++) {
      await changes.check();
      expect(await changes.memoryOf(victim)).toEqual(before);
      await changes.memoryOf(same);
    }
  });
});

describe("an actor that ends in its start function", TIMEOUT, () => {
  test.each<[string, number, ...number[]]>([
    ["traps", tags.trap],
    ["fills its memory beyond its limit", tags.fill, 1000, 100_000, CANARY],
    ["fills its memory", tags.fill, 1000, 7000, CANARY],
    ["spins", tags.spin],
    ["recurses", tags.recurse],
    ["exits", tags.exit, 300, 64],
    ["hands its memory over", tags.keep, 2],
    ["asks for a late answer", tags.later],
  ])("and %s leaves nothing for others", async (_, ...words) => {
    await using changes = await Changes.begin();
    for (let round = 0; round < 3; round++) {
      const args = new Uint8Array(100).fill(CANARY);
      args.set(new Uint8Array(Uint32Array.from(words).buffer));
      const victim = changes.spawn({ args });
      await changes.settle();
      changes.runtime.kill(victim);
      await changes.check();
    }
    expect(await changes.answers(changes.echoes)).toBe(true);
  });
});
