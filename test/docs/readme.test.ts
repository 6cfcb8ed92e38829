/**
 * What the README and the pages of docs/ show is run: their programs, as they stand there, print
 * what they say.
 */
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../support/compiler.ts";
import { type Place, ROOT, stepsOf, take } from "../support/pages.ts";

const SLOW = 180_000;

const PAGES = ["README.md", ...readdirSync(join(ROOT, "docs")).map(name => `docs/${name}`)].filter(path =>
  path.endsWith(".md"),
);

test.each(PAGES)("%s shows no `using`, which is a SyntaxError in Node 22", page => {
  expect(readFileSync(join(ROOT, page), "utf8")).not.toMatch(/^\s*(await )?using \w+ =/m);
});

/** In the source tree the package's entries are these files. */
function fromSources(text: string): string {
  return text
    .replace(`from "isopod"`, `from ${JSON.stringify(join(ROOT, "host/index.ts"))}`)
    .replace(`"isopod/node"`, JSON.stringify(join(ROOT, "host/node/index.ts")))
    .replace(`"isopod/test"`, JSON.stringify(join(ROOT, "host/test.ts")))
    .replace(`"isopod/codec"`, JSON.stringify(join(ROOT, "host/adapters/codec.ts")));
}

describe.each(["README.md", "docs/tutorial.md", "docs/messages.md", "docs/examples.md", "docs/testing.md"])(
  "of %s",
  page => {
    let place: Place;

    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), "isopod-readme-"));
      await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
      await writeFile(join(folder, "package.json"), `{"type":"module"}`);
      const compile = (file: string) => build([file], { baseDir: folder });
      place = { folder, node: process.execPath, cli: join(ROOT, "bin/isopod.js"), compile };
      for (const step of stepsOf(page)) {
        if ("file" in step) await take({ ...step, text: fromSources(step.text) }, place);
      }
    });
    afterAll(() => rm(place.folder, { recursive: true }));

    const commands = stepsOf(page).filter(step => "command" in step);

    test.each(commands)("$command", async step => expect(await take(step, place)).toBe(step.output), SLOW);
  },
);
