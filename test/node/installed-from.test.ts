/** Where the package was installed from, by what npm records of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installedFrom } from "../../host/node/installed-from.ts";

let folder: string;
/** The package, installed in the project `old`. */
let installed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-installed-"));
  installed = join(folder, "old", "node_modules", "isopod");
  mkdirSync(installed, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a new project beside `old` asks for, if npm's record of the package is this. */
function asked(record: unknown, project = join(folder, "new")): string {
  const packages = { "node_modules/isopod": record };
  writeFileSync(join(folder, "old", "node_modules", ".package-lock.json"), JSON.stringify({ packages }));
  return installedFrom(installed, "1.2.3", project);
}

test("a package of a registry is asked for by its version", () => {
  expect(asked({ version: "1.2.3", resolved: "https://registry.example/isopod/-/isopod-1.2.3.tgz" })).toBe("^1.2.3");
});

test("a tarball is asked for by its path, as the new project sees it", () => {
  const record = { version: "1.2.3", resolved: "file:../isopod-1.2.3.tgz" };
  expect(asked(record)).toBe("file:../isopod-1.2.3.tgz");
  expect(asked(record, join(folder, "deep", "new"))).toBe("file:../../isopod-1.2.3.tgz");
});

test.each(["git+ssh://git@example.com/isopod.git#0123456", "https://example.com/downloads/isopod.tgz"])(
  "a package of %s is asked for there",
  resolved => expect(asked({ version: "1.2.3", resolved })).toBe(resolved),
);

test("a folder that is linked, and a checkout, are asked for by their path", () => {
  const checkout = join(folder, "isopod");
  mkdirSync(checkout);
  expect(installedFrom(checkout, "1.2.3", join(folder, "new"))).toBe("file:../isopod");
});

test("a package without a record of npm is asked for by its version", () => {
  expect(installedFrom(installed, "1.2.3", join(folder, "new"))).toBe("^1.2.3");
  expect(asked(undefined)).toBe("^1.2.3");
  writeFileSync(join(folder, "old", "node_modules", ".package-lock.json"), "not JSON");
  expect(installedFrom(installed, "1.2.3", join(folder, "new"))).toBe("^1.2.3");
});
