/** Pids, their text form, and the table that hands them out. */
import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { secretRandom } from "../../host/time/random.ts";
import { formatPid, highWord, lowWord, MAX_SLOTS, PidTable, parsePid, pidFromWords } from "../../host/wire/pid.ts";

interface Entry {
  lo: number;
  hi: number;
}
const entry = (lo: number, hi: number) => ({ lo, hi });

function end(table: PidTable<Entry>, ended: Entry): void {
  table.hide(ended);
  table.release(ended);
}

describe("a pid", () => {
  law.prop([fc.nat(255), fc.nat(63), fc.nat(MAX_SLOTS - 1), fc.integer({ min: 1, max: 131_071 })])(
    "survives its text form, its two words, and is a safe integer",
    (node, thread, slot, generation) => {
      const text = `<${node}.${thread}.${slot}.${generation}>`;
      const pid = parsePid(text);
      if (pid === undefined) throw new Error(`${text} was not read`);
      expect(Number.isSafeInteger(pid)).toBe(true);
      expect(pid).toBeGreaterThan(0);
      expect(formatPid(pid)).toBe(text);
      expect(pidFromWords(lowWord(pid), highWord(pid))).toBe(pid);
      for (const word of [lowWord(pid), highWord(pid)]) expect(word).toBeLessThan(2 ** 30);
    },
  );

  test("that no table could give out is not read", () => {
    for (const text of ["<0.0.1>", "<0.0.1.0>", "<256.0.1.1>", "<0.64.1.1>", "<0.0.1048576.1>", "0.0.1.1", ""]) {
      expect(parsePid(text)).toBeUndefined();
    }
  });
});

describe("a table of pids", () => {
  test("finds a live entry by its words, and nobody by a dead one's, whose slot is in use again", () => {
    const table = new PidTable<Entry>();
    const seen = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      const added = table.add(entry);
      const pid = pidFromWords(added.lo, added.hi);
      expect(seen.has(pid)).toBe(false);
      seen.add(pid);
      expect(table.get(added.lo, added.hi)).toBe(added);
      end(table, added);
      expect(table.get(added.lo, added.hi)).toBeUndefined();
    }
    for (const pid of seen) expect(table.get(lowWord(pid), highWord(pid))).toBeUndefined();
  });

  test("uses slots again rather than growing for ever", () => {
    const table = new PidTable<Entry>();
    let most = 0;
    for (let i = 0; i < 100_000; i++) {
      const added = table.add(entry);
      most = Math.max(most, added.lo & (MAX_SLOTS - 1));
      end(table, added);
    }
    expect(most).toBeLessThan(2000);
  });

  test("uses a slot again after 1,024 others were freed, and not before", () => {
    const table = new PidTable<Entry>();
    const slot = ({ lo }: Entry) => lo & (MAX_SLOTS - 1);
    const first = table.add(entry);
    end(table, first);
    let others = 0;
    for (let added = table.add(entry); slot(added) !== slot(first); added = table.add(entry)) {
      end(table, added);
      others++;
    }
    expect(others).toBe(1024);
  });

  test("marks pids with its thread and node", () => {
    const added = new PidTable<Entry>(() => 0, 3, 9).add(entry);
    expect(formatPid(pidFromWords(added.lo, added.hi))).toBe("<9.3.0.1>");
  });

  test("is as it was when making an entry fails", () => {
    const table = new PidTable<Entry>();
    expect(() =>
      table.add(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(table.size).toBe(0);
    expect([...table]).toEqual([]);
    expect(table.add(entry)).toBeDefined();
  });

  test("keeps the slot of a hidden entry until it is released", () => {
    const table = new PidTable<Entry>();
    const first = table.add(entry);
    table.hide(first);
    expect(table.get(first.lo, first.hi)).toBeUndefined();
    expect([...table]).toEqual([]);
    expect(table.size).toBe(1);
    table.release(first);
    expect(table.size).toBe(0);
  });

  test("begins the generations of each slot at a random number", () => {
    const generations = new Set<number>();
    const table = new PidTable<Entry>(secretRandom);
    for (let slot = 0; slot < 100; slot++) {
      const { lo, hi } = table.add(entry);
      generations.add(((hi & 0x7f) << 10) | (lo >> 20));
    }
    expect(generations.size).toBeGreaterThan(90);
  });

  law.prop([fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 3000 })])(
    "tells pids that it gave out from those that it never did, also where generations begin anew",
    (start, users) => {
      const table = new PidTable<Entry>(() => start);
      const given: Entry[] = [];
      for (let i = 0; i < users; i++) {
        given.push(table.add(entry));
        end(table, given[i]);
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
});
