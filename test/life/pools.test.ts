/**
 * Actors of a module take turns in the instances of a pool. Each finds what it has left, whoever had the
 * instance meanwhile, and the embedder does not notice.
 */
import { describe, expect, test } from "vitest";
import type { ActorExit, GuestModule, HostContext, Pid, RuntimeOptions, SpawnOptions } from "../../host/index.ts";
import { Stage } from "../support/player.ts";
import { guest } from "../support/wat.ts";

const PAGE = 0x10000;
const tags = { fill: 1, load: 2, size: 3, grow: 4, link: 5, keep: 6, trap: 7 } as const;
const word = (at: number) => `(i32.load (i32.const ${128 + 4 * at}))`;
const on = (tag: number, body: string) =>
  `(if (i32.eq (i32.load (i32.const 68)) (i32.const ${tag})) (then ${body} (return)))`;

/** A handler that does what the tag of a message says, and sends a word to the sender. */
const WORKER = `
  (import "host" "keep" (func $keep))
  (global $told (mut i32) (i32.const 0))
  (func $tell (param i32)
    (i32.store (i32.const 120) (local.get 0))
    (global.set $told (i32.add (global.get $told) (i32.const 1)))
    (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.const 0) (i32.const 120) (i32.const 4))))
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 256)))
  (func (export "handle") (param i32)
    ${on(tags.fill, `(memory.fill ${word(0)} ${word(2)} ${word(1)})`)}
    ${on(tags.load, `(call $tell (i32.load ${word(0)}))`)}
    ${on(tags.size, "(call $tell (memory.size))")}
    ${on(tags.grow, `(call $tell (memory.grow ${word(0)}))`)}
    ${on(tags.link, `(call $tell (call $link ${word(0)} ${word(1)}))`)}
    ${on(tags.keep, "(call $keep) (call $tell (i32.const 1))")}
    ${on(tags.trap, "unreachable")})`;

class Works extends Stage {
  /** The contexts that `keep` was called with. */
  readonly contexts: HostContext[];
  module!: GuestModule;

  static async open(instances = 1, keep: (context: HostContext) => void = () => {}, options: RuntimeOptions = {}) {
    const contexts: HostContext[] = [];
    const imports = { host: { keep: (context: HostContext) => keep(context) ?? void contexts.push(context) } };
    const works = new Works(contexts, { imports, limits: { instances }, ...options });
    works.module = await works.runtime.load(guest(WORKER), { name: "worker" });
    return works;
  }

  constructor(contexts: HostContext[], options: RuntimeOptions) {
    super(options);
    this.contexts = contexts;
  }

  spawn(options: SpawnOptions = {}): Pid {
    return this.runtime.spawn(this.module, options);
  }

  tell(pid: Pid, what: keyof typeof tags, ...words: number[]): void {
    this.boss.send(pid, new Uint8Array(Uint32Array.from(words).buffer), { tag: tags[what] });
  }

  async ask(pid: Pid, what: keyof typeof tags, ...words: number[]): Promise<number> {
    this.tell(pid, what, ...words);
    return (await this.notes())[0];
  }

  /** An actor whose context the test has, and that has left its instance. */
  async hibernated(): Promise<{ pid: Pid; context: HostContext }> {
    const pid = this.spawn();
    await this.ask(pid, "keep");
    const context = this.contexts.at(-1) as HostContext;
    await this.ask(this.spawn(), "size");
    return { pid, context };
  }
}

test("the grant kill is that of each actor, not that of the first of its module", async () => {
  await using works = await Works.open();
  const first = works.spawn({ grants: { kill: true } });
  const stranger = works.spawn({ grants: {} });
  const [lo, hi] = [stranger % 2 ** 32, Math.floor(stranger / 2 ** 32)];
  const second = works.spawn({ grants: {} });
  expect(await works.ask(second, "link", lo, hi)).toBe(-100);
  expect(await works.ask(first, "link", lo, hi)).toBe(1);
  expect(await works.ask(works.spawn({ grants: {} }), "link", lo, hi)).toBe(-100);
});

describe("the context of an actor that has left its instance", () => {
  test("reads and writes its memory", async () => {
    await using works = await Works.open();
    const { pid, context } = await works.hibernated();
    works.tell(pid, "fill", 1000, 4, 7);
    await works.ask(works.spawn(), "size");
    expect([...context.read(998, 8)]).toEqual([0, 0, 7, 7, 7, 7, 0, 0]);
    await works.ask(works.spawn(), "size");
    expect(context.write(1001, Uint8Array.of(1, 2))).toBe(2);
    expect(await works.ask(works.spawn(), "load", 1000)).toBe(0);
    expect(await works.ask(pid, "load", 1000)).toBe(0x07020107);
  });

  test("reads and writes its memory in the turn of another, which keeps its own", async () => {
    let [reads, other]: [string, HostContext | undefined] = ["", undefined];
    await using works = await Works.open(1, context => {
      if (other !== undefined) {
        reads = `${other.read(1000, 2)} ${context.read(1000, 2)}`;
        other.write(1000, Uint8Array.of(3));
        context.write(1001, Uint8Array.of(4));
      }
    });
    const { pid, context } = await works.hibernated();
    works.tell(pid, "fill", 1000, 4, 7);
    const second = works.spawn();
    works.tell(second, "fill", 1000, 4, 9);
    other = context;
    await works.ask(second, "keep");
    expect(reads).toBe("7,7 9,9");
    expect(await works.ask(pid, "load", 1000)).toBe(0x07070703);
    expect(await works.ask(second, "load", 1000)).toBe(0x09090409);
    expect(await works.ask(works.spawn(), "load", 1000)).toBe(0);
  });

  test("ends the actor, and no other, where it reads outside of its memory", async () => {
    await using works = await Works.open();
    const { pid, context } = await works.hibernated();
    const other = works.spawn();
    await works.ask(other, "size");
    expect(() => context.read(2 * PAGE - 1, 2)).toThrow(/the actor has ended/);
    expect(await works.reason(pid)).toMatch(/outside the memory of 131072 bytes/);
    expect(works.runtime.isAlive(other)).toBe(true);
    expect([...context.read(0, 4)]).toEqual([]);
  });

  test("has its memory, which no other gets from then on", async () => {
    await using works = await Works.open();
    const { pid, context } = await works.hibernated();
    const { memory } = context;
    const others = Array.from({ length: 3 }, () => works.spawn());
    for (const other of others) {
      works.tell(other, "fill", 2000, 4, 5);
      await works.ask(other, "size");
    }
    const bytes = new Uint8Array(memory.buffer);
    expect(bytes[2000]).toBe(0);
    bytes[2000] = 6;
    expect(await works.ask(pid, "load", 2000)).toBe(6);
    for (const other of others) expect(await works.ask(other, "load", 2000)).toBe(0x05050505);
    works.runtime.kill(pid);
    expect(await works.ask(works.spawn(), "load", 2000)).toBe(0);
    expect(new Uint8Array(memory.buffer)[2000]).toBe(6);
    expect(() => context.memory).toThrow(/has ended/);
  });

  test("has a signal that is aborted when the actor ends, and not before", async () => {
    await using works = await Works.open();
    const { pid, context } = await works.hibernated();
    const { signal } = context;
    expect(signal.aborted).toBe(false);
    works.runtime.kill(pid);
    await works.settle();
    expect(signal.aborted).toBe(true);
  });
});

describe("memory that has grown", () => {
  test.each([1, 2, 3])("is its actor's, whoever comes between, with %i instances", async instances => {
    await using works = await Works.open(instances);
    const actors = [0, 1, 2, 0, 3, 1].map(pages => ({ pid: works.spawn(), pages }));
    for (const [i, { pid, pages }] of actors.entries()) {
      expect(await works.ask(pid, "grow", pages)).toBe(2);
      works.tell(pid, "fill", (2 + pages) * PAGE - 8, 8, i + 1);
    }
    for (let round = 0; round < 3; round++) {
      for (const [i, { pid, pages }] of actors.entries()) {
        expect(await works.ask(pid, "size")).toBe(2 + pages);
        expect(await works.ask(pid, "load", (2 + pages) * PAGE - 4)).toBe(0x01010101 * (i + 1));
        const fresh = works.spawn();
        expect(await works.ask(fresh, "size")).toBe(2);
        works.runtime.kill(fresh);
      }
    }
  });

  test("grows further after it was away, up to the actor's limit", async () => {
    await using works = await Works.open();
    const pid = works.spawn({ limits: { memoryPages: 5 } });
    for (const [pages, answer] of [
      [1, 2],
      [2, 3],
      [1, -1],
    ]) {
      expect(await works.ask(pid, "grow", pages)).toBe(answer);
      await works.ask(works.spawn({ limits: { memoryPages: 5 } }), "size");
    }
  });
});

describe("an actor whose state is too long for an image", () => {
  test("keeps its instance, and others get theirs", async () => {
    await using works = await Works.open();
    const actors = Array.from({ length: 5 }, () => works.spawn());
    for (const [i, pid] of actors.entries()) {
      if (i > 0) expect(await works.ask(pid, "grow", 2)).toBe(2);
      works.tell(pid, "fill", 512, 120_000 + 20_000 * i, i + 1);
    }
    for (let round = 0; round < 2; round++) {
      for (const [i, pid] of actors.entries()) {
        expect(await works.ask(pid, "load", 120_000)).toBe(0x01010101 * (i + 1));
        expect(await works.ask(works.spawn(), "load", 120_000)).toBe(0);
      }
    }
  });
});

describe("actors of more modules than there are instances", () => {
  /** Actors of five modules, each with a word of its own, and what comes of them. */
  async function visited(options: RuntimeOptions) {
    await using works = await Works.open(2, undefined, options);
    const actors: Pid[] = [];
    for (let i = 0; i < 5; i++) {
      const module = await works.runtime.load(guest(`(data (i32.const 4000) "${i}") ${WORKER}`));
      for (let j = 0; j < 3; j++) actors.push(works.runtime.spawn(module));
    }
    const found: number[] = [];
    for (const [i, pid] of actors.entries()) works.tell(pid, "fill", 1000, 4, i);
    for (const pid of [...actors, ...actors.toReversed()]) found.push(await works.ask(pid, "load", 1000));
    const own = actors.map((_, i) => 0x01010101 * i);
    expect(found).toEqual([...own, ...own.toReversed()]);
    return works.runtime.snapshot().memory.memories / (2 * PAGE);
  }

  test("find theirs again where others keep all the rest, which never get the last one", async () => {
    await using works = await Works.open(2, undefined, { limits: { allInstances: 3 } });
    const pid = works.spawn();
    works.tell(pid, "fill", 1000, 4, 7);
    expect(await works.ask(pid, "size")).toBe(2);
    expect(works.runtime.hibernate(pid)).toBe(true);
    const own = await works.runtime.load(guest(`${WORKER} (func $first) (start $first)`));
    const kept = Array.from({ length: 2 }, () => works.runtime.spawn(own));
    expect(() => works.runtime.spawn(own)).toThrow(/3 instances are in use already/);
    const other = works.runtime.spawn(await works.runtime.load(guest(`(data (i32.const 4000) "x") ${WORKER}`)));
    for (const asked of [other, pid, other]) expect(await works.ask(asked, "size")).toBe(2);
    expect(await works.ask(pid, "load", 1000)).toBe(0x07070707);
    expect(kept.map(each => works.runtime.isAlive(each))).toEqual([true, true]);
  });

  test("take turns in those that allInstances allows", async () => {
    expect(await visited({ limits: { instances: 2, allInstances: 3 } })).toBe(3);
  });

  test("are refused where no actor can leave its instance", async () => {
    await using works = await Works.open(2, undefined, { limits: { allInstances: 1 } });
    const pid = works.spawn();
    await works.ask(pid, "keep");
    expect(works.contexts[0].memory.buffer.byteLength).toBe(2 * PAGE);
    const module = await works.runtime.load(guest(`(data (i32.const 4000) "x") ${WORKER}`));
    expect(() => works.runtime.spawn(module)).toThrow(/1 instances are in use already/);
    works.runtime.kill(pid);
    await works.settle();
    expect(await works.ask(works.runtime.spawn(module), "size")).toBe(2);
  });
});

test("a crash report has what the actor has received last, also if another had its instance before it was told", async () => {
  const exits: ActorExit[] = [];
  await using works = await Works.open(1, undefined, { onExit: exit => exits.push(exit) });
  const parks = await works.runtime.load(
    guest(`(func (export "run")) (func (export "resume:run") (param i32) (result i32)
      (drop (call $recv_tag (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 99))) (i32.const 1))`),
  );
  const holder = works.runtime.spawn(parks);
  const [crashes, other] = [works.spawn(), works.spawn()];
  await works.ask(crashes, "size");
  for (let i = 0; i < 20_000; i++) works.boss.send(holder, "", { tag: 1 });
  works.tell(crashes, "trap", 5, 6);
  works.tell(other, "size");
  // Its end takes several pieces, and the others are told after it.
  works.runtime.kill(holder);
  await works.settle();
  const bytes = new Uint8Array(Uint32Array.of(5, 6).buffer);
  expect(exits.find(({ pid }) => pid === crashes)?.lastReceived).toMatchObject({ tag: tags.trap, bytes });
});
