/** Instances are used again, and no actor can tell. Those that cannot be made as new are not. */

import binaryen from "binaryen";
import { describe, expect, test, vi } from "vitest";
import type { SpawnOptions } from "../../host/index.ts";
import { isRecyclable } from "../../host/module/recyclable.ts";
import { buildGuests } from "../support/guests.ts";
import { Stage, wordsOf } from "../support/player.ts";
import { PLAIN, guest as plain } from "../support/wat.ts";

const guest = (body: string) => plain(body, undefined, PLAIN | binaryen.Features.ReferenceTypes);

/** Adds one to what a body counts with, and sends the sum; then does what else the body says. */
const counts = (next: string, globals = "", then = "") => `${globals}
  (func $next (result i32) ${next})
  (func (export "run")
    (drop (call $args (i32.const 16) (i32.const 8)))
    (i32.store (i32.const 32) (call $next))
    (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 4)))
    ${then})`;
const inMemory = `(i32.store (i32.const 60000) (i32.add (i32.load (i32.const 60000)) (i32.const 1))) (i32.load (i32.const 60000))`;
const inGlobal = `(global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)`;

/** What each of five actors sends, one after the other. */
async function sums(body: string, options: SpawnOptions = {}, stage = new Stage()): Promise<number[]> {
  const module = await stage.runtime.load(guest(body));
  const args = new Uint8Array(BigUint64Array.of(BigInt(stage.boss.pid)).buffer);
  const found: number[] = [];
  for (let i = 0; i < 5; i++) {
    await stage.reason(stage.runtime.spawn(module, { args, ...options }));
    const item = await stage.boss.receive({ timeoutMs: 0 });
    if (item?.kind === "message") found.push(...wordsOf(item.bytes));
  }
  await stage.runtime.stop();
  return found;
}

const ONES = [1, 1, 1, 1, 1];

describe("an actor finds everything as if it were the first, whatever the one before it left", () => {
  test.each([
    ["in its memory", counts(inMemory)],
    ["in its initial image", `(data (i32.const 60000) "\\05") ${counts(inMemory)}`],
    ["behind its initial image", `(data (i32.const 59996) "abcd")${counts(inMemory)}`],
    ["in an exported global", counts(inGlobal, `(global $g (export "global:g") (mut i32) (i32.const 0))`)],
    ["in a global that is not exported", counts(inGlobal, "(global $g (mut i32) (i32.const 0))")],
    ["in the size of its memory", counts("(memory.grow (i32.const 1)) (i32.const -1) (i32.add)")],
    [
      "in its table",
      `(type $f (func (result i32))) (table 2 funcref) (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
       (elem (i32.const 0) $one $two) ${counts(
         "(call_indirect (type $f) (i32.const 0))",
         "",
         "(table.set (i32.const 0) (table.get (i32.const 1)))",
       )}`,
    ],
    [
      "in a segment that it dropped",
      `(data $d "\\01") ${counts("(memory.init $d (i32.const 100) (i32.const 0) (i32.const 1)) (i32.load8_u (i32.const 100))", "", "(data.drop $d)")}`,
    ],
    [
      "by a start function",
      `(start $begin) (func $begin (i32.store (i32.const 60000) (i32.const 0))) ${counts(inMemory)}`,
    ],
    ["and trapped", counts(inMemory, "", "unreachable")],
    ["and exhausted its stack", counts(inMemory, "(func $deep (call $deep))", "(call $deep)")],
  ])("%s", async (_, body) => {
    const first = (await sums(body)).slice(0, 1);
    expect(await sums(body)).toEqual(Array(5).fill(first[0]));
  });

  test("also where it counts its reductions, and was killed for them", async () => {
    const body = counts(inMemory, "", "(loop $l (br $l))");
    const stage = new Stage();
    const load = stage.runtime.load.bind(stage.runtime);
    stage.runtime.load = (source, options) => load(source, { ...options, reductions: "count" });
    expect(await sums(body, { reductions: { policy: "kill", perTurn: 5000 } }, stage)).toEqual(ONES);
  });

  test("and the instance of the one before it is what the next one gets", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(guest(`(func (export "run"))`));
    const made = vi.spyOn(WebAssembly, "Instance");
    try {
      const spawn = async () => expect(await stage.reason(stage.runtime.spawn(module))).toBe("normal");
      await spawn();
      const first = made.mock.calls.length;
      for (let i = 0; i < 5; i++) await spawn();
      expect([first > 0, made.mock.calls.length - first]).toEqual([true, 0]);
    } finally {
      made.mockRestore();
    }
  });

  test("also where the embedder keeps a memory that it was handed", async () => {
    const kept: WebAssembly.Memory[] = [];
    const stage = new Stage({ imports: { host: { keep: context => void kept.push(context.memory) } } });
    const body = `(import "host" "keep" (func $keep)) ${counts(inMemory, "", "(call $keep)")}`;
    expect(await sums(body, {}, stage)).toEqual(ONES);
    expect(new Set(kept).size).toBe(5);
  });

  test("with the memory that its own limits allow", async () => {
    await using stage = new Stage();
    const grows = `(local $n i32) (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (memory.size)`;
    const module = await stage.runtime.load(guest(counts(grows)));
    const args = new Uint8Array(BigUint64Array.of(BigInt(stage.boss.pid)).buffer);
    for (const memoryPages of [3, 5, 3, 7]) {
      await stage.reason(stage.runtime.spawn(module, { args, limits: { memoryPages } }));
      expect(await stage.notes()).toEqual([memoryPages]);
    }
  });
});

describe("the state of a module", () => {
  test("is its memory and its globals, where the transform has made it", async () => {
    for (const [name, wasm] of await buildGuests("examples", ["echo", "counter", "ping-handler"], "asyncify")) {
      expect(isRecyclable(wasm), name).toBe(true);
    }
  });

  test("is more where its code changes more", () => {
    expect(isRecyclable(guest(counts(inMemory)))).toBe(true);
    expect(isRecyclable(guest(counts(inGlobal, "(global $g (mut i32) (i32.const 0))")))).toBe(true);
    const grows = "(drop (table.grow (ref.null func) (i32.const 1))) (i32.const 1)";
    expect(isRecyclable(guest(`(table 2 funcref) ${counts(grows)}`))).toBe(false);
  });
});

test("an actor may link to no more than it is granted, whatever the actor before it in its instance was", async () => {
  const stage = new Stage();
  const target = stage.runtime.spawn(await stage.runtime.load(guest(`(func (export "handle") (param i32))`)));
  const links = await stage.runtime.load(
    guest(`(func (export "run")
      (drop (call $args (i32.const 16) (i32.const 16)))
      (i32.store (i32.const 32) (call $link (i32.load (i32.const 24)) (i32.load (i32.const 28))))
      (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 4))))`),
  );
  const args = new Uint8Array(BigUint64Array.of(BigInt(stage.boss.pid), BigInt(target)).buffer);
  const statuses: number[] = [];
  for (const kill of [true, false, true]) {
    await stage.reason(stage.runtime.spawn(links, { args, grants: { kill } }));
    const item = await stage.boss.receive({ timeoutMs: 0 });
    if (item?.kind === "message") statuses.push(...wordsOf(item.bytes));
  }
  await stage.runtime.stop();
  expect(statuses).toEqual([1, -100, 1]);
});
