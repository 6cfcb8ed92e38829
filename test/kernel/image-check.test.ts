/** The check of tests finds what images and resets do not look at. */
import { expect, test } from "vitest";
import { ImagePlayer, type ImageStep } from "../support/image-player.ts";
import { setWord } from "../support/kernel-memory.ts";
import * as W from "../support/words.ts";

const LIMIT = 4096;

test.each<[string, ImageStep]>([
  ["a save", { do: "saveOnly", of: 0 }],
  ["a reset", { do: "end", of: 0 }],
])("%s finds a byte beyond the store limit that has changed", (_, step) => {
  for (const at of [LIMIT, 60_001, 65_535]) {
    const player = new ImagePlayer({ bytes: new Uint8Array(65_536), globals: [1], limit: LIMIT, scratch: 0 });
    setWord(player.memory, W.CHECKS_IMAGES, 1);
    player.play({ do: "spawn", of: 0, which: 0 });
    new Uint8Array(player.instances[0].memory.buffer)[LIMIT - 1] = 1;
    player.play({ do: "saveOnly", of: 0 });
    new Uint8Array(player.instances[0].memory.buffer)[at] = 1;
    expect(() => player.play(step)).toThrow(/hostStrayed/);
  }
});
