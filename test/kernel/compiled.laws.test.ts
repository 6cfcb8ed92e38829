/** The compiled kernel does what its TypeScript does: the same steps leave the same memories. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { compiledKernel } from "../support/compiled-kernel.ts";
import { step as happening, programs } from "../support/guest-programs.ts";
import { KernelGuests } from "../support/kernel-guests.ts";
import { word } from "../support/kernel-memory.ts";
import { KernelPlayer } from "../support/kernel-player.ts";
import { check } from "../support/mailbox-check.ts";
import { step } from "../support/mailbox-steps.ts";
import * as W from "../support/words.ts";

function expectSame(one: WebAssembly.Memory, other: WebAssembly.Memory, end = one.buffer.byteLength): void {
  expect(Buffer.compare(new Uint8Array(one.buffer, 0, end), new Uint8Array(other.buffer, 0, end))).toBe(0);
}

describe("the compiled kernel and its TypeScript leave the same memories", () => {
  test.prop([fc.array(step, { maxLength: 150, size: "max" }), fc.constantFrom(150_000, 2 ** 30)], { numRuns: 100 })(
    "after any steps on mailboxes",
    (steps, maxItemBytes) => {
      const source = new KernelPlayer(maxItemBytes);
      const compiled = new KernelPlayer(maxItemBytes, compiledKernel());
      for (const each of steps) {
        source.play(each);
        compiled.play(each);
        expectSame(source.memory, compiled.memory, word(source.memory, W.ARENA_END));
        expectSame(source.guest, compiled.guest);
      }
      check(source);
      check(compiled);
    },
  );

  test.prop([programs, fc.array(happening, { maxLength: 60, size: "max" })], { numRuns: 60 })(
    "after any turns of guests, each with a port of its own",
    (given, steps) => {
      const source = new KernelGuests(given);
      const compiled = new KernelGuests(given, compiledKernel());
      for (const each of steps) {
        source.play(each);
        compiled.play(each);
        expectSame(source.memory, compiled.memory, word(source.memory, W.ARENA_END));
        source.guests.forEach(({ memory }, at) => {
          expectSame(memory, compiled.guests[at].memory);
        });
      }
      source.settle();
      compiled.settle();
    },
  );
});
