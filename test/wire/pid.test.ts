/** Pids and their text form. */
import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { formatPid, highWord, lowWord, MAX_SLOTS, parsePid, pidFromWords } from "../../host/wire/pid.ts";

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
