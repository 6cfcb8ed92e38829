/** The digest is that of Node's crypto. */
import { createHash } from "node:crypto";
import { fc, test as law } from "@fast-check/vitest";
import { expect } from "vitest";
import { sha256 } from "../../host/wire/sha256.ts";

law.prop([fc.uint8Array({ maxLength: 300 }), fc.nat(9)], { numRuns: 300 })(
  "a digest is that of the same bytes elsewhere, wherever they lie",
  (bytes, from) => {
    const part = bytes.subarray(Math.min(from, bytes.length));
    expect(Buffer.from(sha256(part)).toString("hex")).toBe(createHash("sha256").update(part).digest("hex"));
  },
);

law.prop([fc.integer({ min: 50, max: 70 })], { numRuns: 21 })("also where the last block is almost full", length => {
  const bytes = new Uint8Array(length).fill(length);
  expect(Buffer.from(sha256(bytes)).toString("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
});
