import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { formatPid, highWord, lowWord, MAX_SLOTS, PidTable, parsePid, pidFromWords } from "../host/pid.ts";

const entry = (lo: number, hi: number) => ({ lo, hi });

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
    const table = new PidTable<{ lo: number; hi: number }>();
    const seen = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      const added = table.add(entry);
      const pid = pidFromWords(added.lo, added.hi);
      expect(seen.has(pid)).toBe(false);
      seen.add(pid);
      expect(table.get(added.lo, added.hi)).toBe(added);
      table.delete(added);
      expect(table.get(added.lo, added.hi)).toBeUndefined();
    }
    for (const pid of seen) expect(table.get(lowWord(pid), highWord(pid))).toBeUndefined();
  });

  test("uses slots again rather than growing for ever", () => {
    const table = new PidTable<{ lo: number; hi: number }>();
    let most = 0;
    for (let i = 0; i < 100_000; i++) {
      const added = table.add(entry);
      most = Math.max(most, added.lo & (MAX_SLOTS - 1));
      table.delete(added);
    }
    expect(most).toBeLessThan(2000);
  });

  test("marks pids with its thread and node", () => {
    const added = new PidTable<{ lo: number; hi: number }>(3, 9).add(entry);
    expect(formatPid(pidFromWords(added.lo, added.hi))).toBe("<9.3.0.1>");
  });

  test("is as it was when making an entry fails", () => {
    const table = new PidTable<{ lo: number; hi: number }>();
    expect(() =>
      table.add(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(table.size).toBe(0);
    expect([...table]).toEqual([]);
    expect(table.add(entry)).toBeDefined();
  });

  test("removes an entry once only", () => {
    const table = new PidTable<{ lo: number; hi: number }>();
    const first = table.add(entry);
    table.delete(first);
    table.delete(first);
    expect(table.size).toBe(0);
  });
});
