/** The kernel's mailboxes do what plain arrays do, for any steps, of several actors at once. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { word } from "../support/kernel-memory.ts";
import { KernelPlayer } from "../support/kernel-player.ts";
import { check } from "../support/mailbox-check.ts";
import { step } from "../support/mailbox-steps.ts";
import * as W from "../support/words.ts";

describe("any history of mailboxes in one arena", () => {
  test.prop([fc.array(step, { maxLength: 200, size: "max" }), fc.constantFrom(150_000, 400_000, 2 ** 30)], {
    numRuns: 150,
  })(
    "leaves the items, save pointers and marks that plain arrays have, and loses no byte of the arena",
    (steps, maxItemBytes) => {
      const player = new KernelPlayer(maxItemBytes);
      for (const each of steps) {
        player.play(each);
        check(player);
      }
      for (let of = 0; of < player.records.length; of++) {
        player.play({ do: "takeFirst", of, many: 10_000 });
        check(player);
      }
      expect(word(player.memory, W.ITEM_BYTES)).toBe(0);
      expect(player.kept.size).toBe(0);
    },
  );
});
