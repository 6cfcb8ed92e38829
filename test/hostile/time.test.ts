/**
 * Attacks on time: guests whose reductions take longer than others. What calls the engine is charged for it (test/paths.test.ts has the amounts); what waits for
 * memory, or computes with denormals and roots, is cut by the clock. The clock here goes on whenever somebody looks, as if each piece had taken long.
 */

import { describe, expect, test } from "vitest";
import { slowGuests } from "../../bench/studies/slow-guests.ts";
import { SpawnError } from "../../host/index.ts";
import { assemble } from "../support/wat.ts";
import { Arena } from "./arena.ts";
import { IDLE, MANY_FEATURES, TickingClock } from "./attackers.ts";

describe.each(Object.entries(slowGuests))("a guest whose loop is of %s", (_, { more, locals, body }) => {
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
