/** Images are the actors that they were made of, whatever these have written, and in whatever order they run. */
import { fc, test as law } from "@fast-check/vitest";
import { expect } from "vitest";
import { compiledKernel } from "../support/compiled-kernel.ts";
import { ImagePlayer } from "../support/image-player.ts";
import { firstState, guestIn, imageStep } from "../support/image-steps.ts";

law.prop([firstState, fc.array(imageStep, { maxLength: 60, size: "max" })], { numRuns: 100 })(
  "after any steps, each instance has its actor's bytes, or its module's first state",
  (first, steps) => {
    const player = new ImagePlayer(guestIn(first));
    player.check();
    for (const step of steps) {
      player.play(step);
      player.check();
    }
  },
);

law.prop([firstState, fc.array(imageStep, { maxLength: 60, size: "max" })], { numRuns: 60 })(
  "the compiled kernel and its TypeScript leave the same memories",
  (first, steps) => {
    const source = new ImagePlayer(guestIn(first));
    const compiled = new ImagePlayer(guestIn(first), compiledKernel());
    for (const step of steps) {
      source.play(step);
      compiled.play(step);
      expect(Buffer.compare(new Uint8Array(source.memory.buffer), new Uint8Array(compiled.memory.buffer))).toBe(0);
      compiled.check();
    }
  },
);
