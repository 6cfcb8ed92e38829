/** The limits of a runtime: defaults, and what depends on the engine. */
import { expect, test } from "vitest";
import { defaultInstances, defaultLimits, limitsFrom, runtimeLimits } from "../../host/wire/limits.ts";

const CHROMIUM =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

test.each([
  ["a browser", CHROMIUM, 32],
  ["Node", "Node.js/26", 1_024],
  ["Bun", "Bun/1.4.5", 1_024],
  ["Deno", "Deno/2.9.6", 1_024],
  ["an engine without a navigator", undefined, 1_024],
])("the actors of a module share so many instances in %s", (_, userAgent, instances) => {
  expect(defaultInstances(userAgent)).toBe(instances);
});

test("a founder may have a million actors, and the runtime allows it by default", () => {
  const { actors, allMemoryBytes } = runtimeLimits();
  expect(limitsFrom(defaultLimits, { familyActors: 1_000_000 }).familyActors).toBeLessThan(actors);
  // What the host counts for an actor, and the share of the heap (mail/account.ts).
  expect(1_000_000 * 512).toBeLessThan(allMemoryBytes / 4);
});
