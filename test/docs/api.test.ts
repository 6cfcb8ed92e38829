/** docs/api.md is what the sources say. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { apiPage } from "../../docs/api.ts";

test("the API's page is up to date; if not: npm run docs:api", async () => {
  const page = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8");
  const written = page.split("\n");
  const current = apiPage().split("\n");
  // Compared as one, the difference would be two thousand lines.
  expect(current.filter((line, at) => line !== written[at]).slice(0, 5)).toEqual([]);
  expect(written.length).toBe(current.length);
});
