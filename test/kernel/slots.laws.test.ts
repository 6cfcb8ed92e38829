/** The kernel gives out slots and pids as a plain list does, for any steps. */
import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { compiledKernel } from "../support/compiled-kernel.ts";
import { kernel } from "../support/kernel-functions.ts";
import { word } from "../support/kernel-memory.ts";
import { SlotsPlayer, settings, step } from "../support/slots-player.ts";
import * as W from "../support/words.ts";

const kernels = { "its TypeScript": () => kernel, "the compiled kernel": compiledKernel };
const plenty = { fresh: 0, last: 7, pages: undefined };

describe.for(Object.entries(kernels))("any history of slots, in %s", ([, used]) => {
  law.prop([settings, fc.array(step, { maxLength: 60, size: "max" })], { numRuns: 60 })(
    "gives out the pids of a plain list, clears what the last actor left, and loses no byte of the arena",
    (given, steps) => {
      const player = new SlotsPlayer(given, used());
      for (const each of steps) player.play(each);
      player.check();
    },
  );

  test("a slot is used again after 1,024 others were freed, and not before", () => {
    const player = new SlotsPlayer(plenty, used());
    player.play({ do: "open", many: 1 });
    for (let others = 0; others <= 1024; others++) {
      expect(player.live).toEqual([others]);
      player.play({ do: "end", many: 1 });
      player.play({ do: "open", many: 1 });
    }
    expect(player.live).toEqual([0]);
    player.check();
  });

  test("where all slots are taken there is none, until one is freed", () => {
    const player = new SlotsPlayer({ ...plenty, fresh: W.MAX_SLOTS - 2 }, used());
    player.play({ do: "open", many: 3 });
    expect(player.live).toEqual([W.MAX_SLOTS - 2, W.MAX_SLOTS - 1]);
    player.play({ do: "end", many: 1 });
    player.play({ do: "open", many: 2 });
    expect(player.live).toEqual([W.MAX_SLOTS - 1, W.MAX_SLOTS - 2]);
    player.check();
  });

  test("where there is no memory there is no slot, and nothing has changed", () => {
    const player = new SlotsPlayer({ ...plenty, pages: 2 }, used());
    player.play({ do: "open", many: 512 });
    const before = new Uint8Array(player.memory.buffer.slice(0));
    before.fill(0, W.STAGING);
    player.play({ do: "open", many: 1 });
    const after = new Uint8Array(player.memory.buffer.slice(0));
    after.fill(0, W.STAGING);
    expect(player.live.length).toBe(512);
    expect(Buffer.compare(before, after)).toBe(0);
    player.check();
  });
});

law.prop([settings, fc.array(step, { maxLength: 40, size: "max" })], { numRuns: 40 })(
  "the compiled kernel and its TypeScript leave the same memories after any steps on slots",
  (given, steps) => {
    const source = new SlotsPlayer(given);
    const compiled = new SlotsPlayer(given, compiledKernel());
    for (const each of steps) {
      source.play(each);
      compiled.play(each);
      const bytes = (player: SlotsPlayer) => new Uint8Array(player.memory.buffer, 0, word(source.memory, W.ARENA_END));
      expect(Buffer.compare(bytes(source), bytes(compiled))).toBe(0);
    }
    source.check();
    compiled.check();
  },
);
