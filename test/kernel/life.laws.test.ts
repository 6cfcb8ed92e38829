/** Actors take turns in pools of instances, spawn others and end, and a plain model says how. */
import { fc, test as law } from "@fast-check/vitest";
import { expect } from "vitest";
import { compiledKernel } from "../support/compiled-kernel.ts";
import { word } from "../support/kernel-memory.ts";
import { LifePlayer } from "../support/life-player.ts";
import { lifeStep, sizes } from "../support/life-steps.ts";
import * as W from "../support/words.ts";

const steps = fc.array(lifeStep, { maxLength: 60, size: "max" });

law.prop([sizes, steps], { numRuns: 100 })(
  "each actor finds its own state, is told each end once, and nothing is lost",
  (most, given) => {
    const player = new LifePlayer(most);
    for (const step of given) {
      player.play(step);
      player.check();
    }
    player.endAll();
  },
);

law.prop([sizes, steps], { numRuns: 60 })(
  "the compiled kernel and its TypeScript leave the same memories",
  (most, given) => {
    const source = new LifePlayer(most);
    const compiled = new LifePlayer(most, compiledKernel());
    for (const step of given) {
      source.play(step);
      compiled.play(step);
      const end = word(source.world.memory, W.ARENA_END);
      const [one, other] = [source, compiled].map(({ world }) => new Uint8Array(world.memory.buffer, 0, end));
      expect(Buffer.compare(one, other)).toBe(0);
    }
    compiled.check();
    compiled.endAll();
  },
);
