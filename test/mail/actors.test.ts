/** The table of live actors: who is found by a pid, and which pids there have been. */
import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { Actors } from "../../host/mail/actors.ts";
import { Kernel, type Recorded } from "../../host/mail/kernel.ts";
import { secretRandom } from "../../host/time/random.ts";
import { formatPid, highWord, lowWord, MAX_SLOTS, parsePid, pidFromWords, placeOf } from "../../host/wire/pid.ts";
import * as W from "../support/words.ts";

/** A table, and how to add to it. */
function newTable(random?: () => number, thread = 0, node = 0) {
  const kernel = new Kernel<Recorded>(undefined, undefined, random);
  kernel.setWord(W.PLACE, placeOf(thread, node));
  const table = new Actors<Recorded>(kernel);
  kernel.view = (lo, hi, record) => ({ lo, hi, record });
  const make = (record: number) => kernel.userAt(record) as Recorded;
  const hide = ({ record }: Recorded) => kernel.call.hide(record);
  return { kernel, table, make, hide, add: () => table.add(make) };
}

function end(kernel: Kernel, { record }: Recorded): void {
  kernel.call.hide(record);
  kernel.close(record);
}

describe("a table of actors", () => {
  test("finds a live entry by its words, and nobody by a dead one's, whose slot is in use again", () => {
    const { kernel, table, add } = newTable();
    const seen = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      const added = add();
      const pid = pidFromWords(added.lo, added.hi);
      expect(seen.has(pid)).toBe(false);
      seen.add(pid);
      expect(table.get(added.lo, added.hi)).toBe(added);
      end(kernel, added);
      expect(table.get(added.lo, added.hi)).toBeUndefined();
    }
    for (const pid of seen) expect(table.get(lowWord(pid), highWord(pid))).toBeUndefined();
  });

  test("uses slots again rather than growing for ever", () => {
    const { kernel, add } = newTable();
    let most = 0;
    for (let i = 0; i < 100_000; i++) {
      const added = add();
      most = Math.max(most, added.lo & (MAX_SLOTS - 1));
      end(kernel, added);
    }
    expect(most).toBeLessThan(2000);
  });

  test("uses a slot again after 1,024 others were freed, and not before", () => {
    const { kernel, add } = newTable();
    const slot = ({ lo }: Recorded) => lo & (MAX_SLOTS - 1);
    const first = add();
    end(kernel, first);
    let others = 0;
    for (let added = add(); slot(added) !== slot(first); added = add()) {
      end(kernel, added);
      others++;
    }
    expect(others).toBe(1024);
  });

  test("marks pids with its thread and node", () => {
    const added = newTable(() => 0, 3, 9).add();
    expect(formatPid(pidFromWords(added.lo, added.hi))).toBe("<9.3.0.1>");
  });

  test("is as it was when making an entry fails", () => {
    const { table, add } = newTable();
    expect(() =>
      table.add(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(table.size).toBe(0);
    expect([...table]).toEqual([]);
    expect(add()).toBeDefined();
  });

  test("keeps the slot of a hidden entry until it is released", () => {
    const { kernel, table, hide, add } = newTable();
    const first = add();
    hide(first);
    expect(table.get(first.lo, first.hi)).toBeUndefined();
    expect([...table]).toEqual([]);
    expect(table.size).toBe(1);
    kernel.close(first.record);
    expect(table.size).toBe(0);
  });

  test("begins the generations of each slot at a random number", () => {
    const generations = new Set<number>();
    const { add } = newTable(secretRandom);
    for (let slot = 0; slot < 100; slot++) {
      const { lo, hi } = add();
      generations.add(((hi & 0x7f) << 10) | (lo >> 20));
    }
    expect(generations.size).toBeGreaterThan(90);
  });

  law.prop([fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 3000 })])(
    "tells pids that it gave out from those that it never did, also where generations begin anew",
    (start, users) => {
      const { kernel, table, add } = newTable(() => start);
      const given: Recorded[] = [];
      for (let i = 0; i < users; i++) {
        given.push(add());
        end(kernel, given[i]);
      }
      for (const { lo, hi } of given) expect(table.wasIssued(lo, hi)).toBe(true);
      const { lo, hi } = given[0];
      // The generation before the first one, another thread, a slot that was never used, and bits
      // that no pid has.
      const generation = ((hi & 0x7f) << 10) | (lo >>> 20);
      const before = parsePid(`<0.0.${lo & (MAX_SLOTS - 1)}.${generation === 1 ? 131_071 : generation - 1}>`) ?? 0;
      expect(table.wasIssued(lowWord(before), highWord(before))).toBe(false);
      expect(table.wasIssued(lo, hi | (1 << 7))).toBe(false);
      expect(table.wasIssued(lo | (MAX_SLOTS - 1), hi)).toBe(false);
      expect(table.wasIssued(lo | (1 << 30), hi)).toBe(false);
    },
  );

  test("remembers the last 1,024 users of a slot", () => {
    const { kernel, table, add } = newTable();
    const given = [add()];
    // All other slots are taken, so it is the next one again.
    kernel.setWord(W.FRESH_SLOT, MAX_SLOTS);
    for (let i = 1; i < 1500; i++) {
      end(kernel, given[i - 1]);
      given.push(add());
    }
    const slots = new Set(given.map(({ lo }) => lo & (MAX_SLOTS - 1)));
    expect(slots.size).toBe(1);
    expect(given.map(({ lo, hi }) => table.wasIssued(lo, hi))).toEqual(given.map((_, i) => i >= 1500 - 1024));
  });

  test("has no slot where all are taken, and says so", () => {
    const { kernel, table, add } = newTable();
    kernel.setWord(W.FRESH_SLOT, MAX_SLOTS);
    expect(add).toThrow(new RangeError("all 1048576 actor slots are taken"));
    expect(table.size).toBe(MAX_SLOTS);
  });

  test("gives a slot back whose entry has claimed its record, and then failed", () => {
    const { kernel, table, make } = newTable();
    let failed: Recorded | undefined;
    const fails = (record: number) => {
      failed = make(record);
      // It is the one that was looked up last.
      expect(kernel.userAt(record)).toBe(failed);
      throw new Error("no");
    };
    expect(() => table.add(fails)).toThrow("no");
    const { lo, hi, record } = failed as unknown as Recorded;
    expect([table.size, table.get(lo, hi), kernel.userAt(record), [...table]]).toEqual([0, undefined, null, []]);
  });

  test("is walked in the order of its slots, from any of them", () => {
    const { kernel, table, hide, add } = newTable();
    const added = Array.from({ length: 1200 }, add);
    for (const ended of added.filter((_, i) => i % 3 === 0)) end(kernel, ended);
    hide(added[1]);
    const alive = added.filter((_, i) => i % 3 !== 0 && i !== 1);
    expect([...table]).toEqual(alive);
    expect([...table.from(700)]).toEqual(alive.filter(({ lo }) => (lo & (MAX_SLOTS - 1)) >= 700));
    expect([...table.from(1200)]).toEqual([]);
  });

  test("finds nobody by words that no pid has", () => {
    const { kernel, table, add } = newTable();
    const first = add();
    expect(first.lo & (MAX_SLOTS - 1)).toBe(0);
    end(kernel, first);
    const words = [0, -1, first.lo, ~first.lo, MAX_SLOTS - 1];
    for (const lo of words) for (const hi of words) expect(table.get(lo, hi)).toBeUndefined();
  });

  test("is whole where the source of random numbers adds others", () => {
    let isAdding = false;
    const { table, add } = newTable(() => {
      if (isAdding) return 0.5;
      isAdding = true;
      for (let i = 0; i < 600; i++) others.push(add());
      return 0.25;
    });
    const others: Recorded[] = [];
    const last = add();
    expect([...table]).toEqual([...others, last]);
    for (const each of [...others, last]) expect(table.get(each.lo, each.hi)).toEqual(each);
  });
});
