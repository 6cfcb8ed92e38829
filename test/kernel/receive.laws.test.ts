/** The kernel's receives, sends, requests and turns do what docs/abi.md says, for any guests. */
import { fc, test as law } from "@fast-check/vitest";
import { describe } from "vitest";
import { programs, step } from "../support/guest-programs.ts";
import { KernelGuests } from "../support/kernel-guests.ts";

describe("any guests", () => {
  law.prop([programs, fc.array(step, { maxLength: 60, size: "max" })], { numRuns: 200 })(
    "get from each receive what a plain array gives, and are shown no byte of another actor",
    (given, steps) => {
      const guests = new KernelGuests(given);
      for (const each of steps) guests.play(each);
      guests.settle();
    },
  );
});
