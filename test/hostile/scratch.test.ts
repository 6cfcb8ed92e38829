/**
 * Guests with scratch memory share one instance. Whatever an actor leaves there, and however it leaves or ends, no
 * one who has the instance after it finds a byte of it.
 */
import { describe, expect, test } from "vitest";
import type { GuestModule, HostContext, Pid } from "../../host/index.ts";
import { Arena } from "./arena.ts";

const TIMEOUT = { timeout: 120_000 };
const PAGE = 0x10000;
const SCRATCH = PAGE;
/** A byte that only victims use. */
const CANARY = 0xc7;

const tags = { show: 1, fill: 2, trap: 3, recurse: 4, spin: 5, keep: 6, exit: 7, receive: 8, grow: 9 } as const;
type What = keyof typeof tags;

const word = (at: number) => `(i32.load (i32.const ${SCRATCH + 128 + 4 * at}))`;
const on = (what: What, body: string) =>
  `(if (i32.eq (i32.load (i32.const ${SCRATCH + 68})) (i32.const ${tags[what]})) (then ${body} (return)))`;

/** A handler whose window is behind its scratch memory. It does what the tag of an item says. */
const MESSY = (more: string) => `
  (import "host" "keep" (func $keep (param i32)))
  ${more}
  (func $forever (param i32) (result i32) (i32.add (call $forever (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "_start") (call $window (i32.const ${SCRATCH + 64}) (i32.const ${SCRATCH + 128}) (i32.const 256)))
  (func (export "handle") (param i32)
    ${on("show", `(drop (call $send (i32.load (i32.const ${SCRATCH + 72})) (i32.load (i32.const ${SCRATCH + 76})) (i32.const 0) (i32.const 0) (i32.const ${2 * PAGE})))`)}
    ${on("fill", `(memory.fill ${word(0)} (i32.const ${CANARY}) ${word(1)})`)}
    ${on("receive", `(drop (call $recv ${word(0)} ${word(1)} ${word(2)} (i32.const 0)))`)}
    ${on("grow", `(drop (memory.grow ${word(0)}))`)}
    ${on("trap", "unreachable")}
    ${on("spin", "(loop $spin (br $spin))")}
    ${on("keep", `(call $keep ${word(0)})`)}
    ${on("exit", `(call $exit (i32.const 0) (i32.const 0) (i32.const 0))`)}
    ${on("recurse", "(drop (call $forever (i32.const 0)))")})`;

/** One pool with one instance, and an actor in it that lives throughout. */
class Scratch extends Arena {
  module!: GuestModule;
  neighbour: Pid = 0;
  /** What the embedder kept of the last actor that called `keep`. */
  #contexts: HostContext[] = [];

  static async begin(more: string): Promise<Scratch> {
    const contexts: HostContext[] = [];
    const scratch = new Scratch({
      grants: "all",
      limits: { instances: 1, handlerReductions: 100_000 },
      imports: {
        host: {
          keep: context => {
            contexts[0] = context;
            context.write(4096, new Uint8Array(64).fill(CANARY));
          },
        },
      },
    });
    scratch.module = await scratch.load(MESSY(more));
    scratch.neighbour = scratch.runtime.spawn(scratch.module);
    await scratch.settle();
    scratch.#contexts = contexts;
    return scratch;
  }

  /** The embedder writes for that actor. */
  writeLate(): void {
    this.#contexts[0]?.write(SCRATCH - 64, new Uint8Array(64).fill(CANARY));
  }

  tell(pid: Pid, what: What, ...words: number[]): void {
    this.boss.send(pid, new Uint8Array(Uint32Array.from(words).buffer), { tag: tags[what] });
  }

  async memoryOf(pid: Pid): Promise<Uint8Array> {
    this.tell(pid, "show");
    return this.bytes();
  }

  /** Looks at the memories of the actor that lives and of a new one. The first one has the instance next. */
  async check(isNewFirst = false): Promise<void> {
    if (!isNewFirst) await this.#look(this.neighbour);
    const fresh = this.runtime.spawn(this.module);
    await this.#look(fresh);
    await this.#look(this.neighbour);
    this.runtime.kill(fresh);
  }

  async #look(pid: Pid): Promise<void> {
    const seen = await this.memoryOf(pid);
    expect(seen.length).toBe(2 * PAGE);
    expect(seen.subarray(0, SCRATCH).findIndex(byte => byte !== 0)).toBe(-1);
    expect(seen.indexOf(CANARY)).toBe(-1);
  }
}

const DEEDS: Readonly<Record<string, readonly (readonly [what: What, ...words: number[]])[]>> = {
  "has filled its scratch memory": [["fill", 0, SCRATCH]],
  "has written to its first and its last byte": [
    ["fill", 0, 1],
    ["fill", SCRATCH - 1, 1],
  ],
  "has filled it and all behind it": [["fill", 0, PAGE + 64]],
  "has grown its memory": [
    ["grow", 1],
    ["fill", 0, SCRATCH],
  ],
  "has received into it": [
    ["receive", 512, 1024, 1000],
    ["fill", CANARY, CANARY, CANARY],
  ],
  "has been written to by the embedder": [["keep"]],
};

const LEAVES: Readonly<Record<string, (scratch: Scratch, victim: Pid) => unknown>> = {
  "has left": () => {},
  "was killed": (scratch, victim) => scratch.runtime.kill(victim),
  "has ended itself": (scratch, victim) => scratch.tell(victim, "exit"),
  "has trapped": (scratch, victim) => scratch.tell(victim, "trap"),
  "has used up its stack": (scratch, victim) => scratch.tell(victim, "recurse"),
  "has used up its reductions": (scratch, victim) => scratch.tell(victim, "spin"),
  "has come back and trapped": async (scratch, victim) => {
    await scratch.check();
    scratch.tell(victim, "trap");
  },
  "was written to after it had left": async (scratch, victim) => {
    scratch.tell(victim, "keep");
    await scratch.check();
    scratch.writeLate();
    expect(scratch.runtime.isAlive(victim)).toBe(true);
  },
};

describe.each([
  ["without a store limit", `(global (export "isopod:scratch") i32 (i32.const ${SCRATCH}))`],
  [
    "with a store limit",
    `(global (export "isopod:scratch") i32 (i32.const ${SCRATCH})) (global (export "isopod:limit") (mut i32) (i32.const ${SCRATCH + 8192}))`,
  ],
])("in a module %s", TIMEOUT, (name, more) => {
  const isLimited = name === "with a store limit";
  describe.each(Object.entries(DEEDS))("an actor that %s", (_, deeds) => {
    test.each(Object.entries(LEAVES))("and %s leaves nothing for others", async (_, leave) => {
      await using scratch = await Scratch.begin(more);
      for (let round = 0; round < 2; round++) {
        const victim = scratch.runtime.spawn(scratch.module);
        for (const [what, ...words] of deeds) {
          const length = isLimited && what === "fill" ? Math.min(words[1], SCRATCH) : words[1];
          scratch.tell(victim, what, words[0], length, ...words.slice(2));
        }
        await scratch.settle();
        await leave(scratch, victim);
        await scratch.settle();
        await scratch.check(round === 0);
        scratch.runtime.kill(victim);
        await scratch.check();
      }
    });
  });
});

test("a store limit inside the scratch memory lets no byte stay in it", TIMEOUT, async () => {
  const limit = `(global $limit (export "isopod:limit") (mut i32) (i32.const 1024))`;
  await using scratch = await Scratch.begin(`(global (export "isopod:scratch") i32 (i32.const ${SCRATCH})) ${limit}`);
  for (const [what, ...words] of [
    ["fill", 0, 1024],
    ["receive", 20_000, 30_000, 1000],
  ] as const) {
    const victim = scratch.runtime.spawn(scratch.module);
    scratch.tell(victim, what, ...words);
    scratch.tell(victim, "fill", CANARY, CANARY);
    await scratch.settle();
    await scratch.check();
    scratch.runtime.kill(victim);
    await scratch.check();
  }
});
