/**
 * Attacks on time: guests whose reductions take longer than others. What calls the engine is charged for it (test/paths.test.ts has the amounts); what waits for
 * memory, or computes with denormals and roots, is cut by the clock. The clock here goes on whenever somebody looks, as if each piece had taken long.
 */
import { describe, expect, test } from "vitest";
import { SpawnError } from "../../host/index.ts";
import { assemble } from "../wat.ts";
import { Arena } from "./arena.ts";
import { IDLE, MANY_FEATURES, TickingClock } from "./attackers.ts";

const loads = (count: number) => `${"(i32.load ".repeat(count)}(local.get $x)${")".repeat(count)}`;

const attacks: readonly (readonly [what: string, more: string, locals: string, body: string])[] = [
  ["throws and catches", "(tag $e)", "", "(block $c (try_table (catch_all $c) (throw $e)))".repeat(10)],
  ["throws, and catches in the old way", "(tag $e)", "", "(try (do (throw $e)) (catch_all))".repeat(10)],
  ["grows memory by nothing", "", "", "(drop (memory.grow (i32.const 0)))".repeat(15)],
  [
    "sets an element of a table",
    "(table $t 1 funcref) (elem declare func $f) (func $f)",
    "",
    "(table.set $t (i32.const 0) (ref.func $f))".repeat(20),
  ],
  ["names functions", "(elem declare func $f) (func $f)", "", "(drop (ref.func $f))".repeat(30)],
  [
    "initializes three bytes",
    '(data $d "abc")',
    "",
    "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))".repeat(15),
  ],
  ["fills nothing", "", "", "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))".repeat(15)],
  [
    "follows pointers through 16 MiB",
    "",
    `(local $x i32) (local $i i32) (drop (memory.grow (i32.const 200)))
     (loop $f (i32.store (i32.shl (local.get $i) (i32.const 6)) (i32.shl (i32.and (i32.add (i32.mul (local.get $i) (i32.const 40503)) (i32.const 12345)) (i32.const 0x7ff)) (i32.const 6)))
       (br_if $f (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 0x800))))`,
    `(local.set $x ${loads(60)})`,
  ],
  [
    "computes with denormals",
    "",
    "(local $d f64) (local.set $d (f64.const 3e-310))",
    "(local.set $d (f64.add (f64.mul (local.get $d) (f64.const 0.5)) (f64.const 2e-310)))".repeat(10),
  ],
  [
    "draws roots",
    "",
    "(local $d f64) (local.set $d (f64.const 2))",
    "(local.set $d (f64.sqrt (f64.add (local.get $d) (f64.const 2))))".repeat(20),
  ],
];

describe.each(attacks)("a guest that %s", (_, more, locals, body) => {
  const spin = `(func $spin ${locals} (loop $l ${body} (br $l)))`;
  const module = (entries: string) =>
    assemble(`(module (import "env" "memory" (memory 1)) ${more} ${spin} ${entries})`, MANY_FEATURES);

  test("gives way by the clock, and the witness is served", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const pid = await arena.attack(module(`(func (export "run") (call $spin))`), {
      reductions: { policy: "yield", perTurn: 1_000_000 },
    });
    for (let i = 0; i < 3; i++) expect(await arena.served()).toBe(true);
    expect(arena.runtime.isAlive(pid)).toBe(true);
    expect(arena.runtime.counters.turnsCut).toBeGreaterThan(0);
    arena.runtime.kill(pid);
    expect(await arena.served()).toBe(true);
  });

  test("is ended in a handler at turnMs, with default limits", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const pid = await arena.attack(module(`(func (export "handle") (param i32) (call $spin))`));
    const reason = arena.reason(pid);
    arena.runtime.send(pid, "");
    expect(await reason).toMatch(/^crashed: reductions: .* by the clock .*\(limit turnMs: 10\)/);
    expect(arena.runtime.counters.turnsCut).toBe(1);
    expect(await arena.served()).toBe(true);
  });

  test("is ended in a start function at startMs, and in _start", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const limits = { startMs: 5 };
    const loaded = await arena.load(module(`(start $spin) ${IDLE}`));
    expect(() => arena.runtime.spawn(loaded, { limits })).toThrow(SpawnError);
    expect(() => arena.runtime.spawn(loaded, { limits })).toThrow(/by the clock .*\(limit startMs: 5\)/);
    const pid = await arena.attack(module(`(func (export "_start") (call $spin)) ${IDLE}`), { limits });
    expect(await arena.reason(pid)).toMatch(/^crashed: reductions: .* by the clock .*\(limit startMs: 5\)/);
    expect(await arena.served()).toBe(true);
  });
});
