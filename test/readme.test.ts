/** What the README and docs/messages.md show is run: their programs, as they stand there, and their output. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const SLOW = 60_000;

/** The blocks behind comments such as `<!-- file: hello.ts -->`, by kind and name. */
function blocks(markdown: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, kind, name, text] of markdown.matchAll(/<!-- (file|output): (\S+) -->\n```\w*\n([\s\S]*?)```/g)) {
    found.set(`${kind} ${name}`, text);
  }
  return found;
}

describe.each(["README.md", "docs/messages.md"])("of %s", page => {
  let folder: string;
  let shown: Map<string, string>;

  beforeAll(async () => {
    shown = blocks(await readFile(join(root, page), "utf8"));
    folder = await mkdtemp(join(tmpdir(), "isopod-readme-"));
    for (const [key, text] of shown) {
      if (!key.startsWith("file ")) continue;
      // In the source tree the package's entries are these files.
      const source = text
        .replace(`"isopod/node"`, JSON.stringify(join(root, "host/node/index.ts")))
        .replace(`"isopod/codec"`, JSON.stringify(join(root, "host/codec.ts")));
      await writeFile(join(folder, key.slice(5)), source);
    }
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "package.json"), `{"type":"module"}`);
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function node(...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, args, { cwd: folder, env: { ...process.env, ISOPOD_QUIET: "1" } });
    return stdout;
  }

  if (page === "README.md") {
    test(
      "the first guest says hello",
      async () => {
        expect(await node(join(root, "bin/isopod.js"), "run", "hello.ts", "world")).toBe("hello, world!\n");
      },
      SLOW,
    );
  }

  test(
    "the programs print what it says they print",
    async () => {
      const outputs = [...shown].filter(([key]) => key.startsWith("output "));
      expect(outputs.length).toBeGreaterThan(0);
      for (const [key, text] of outputs) expect(await node(key.slice(7))).toBe(text);
    },
    SLOW,
  );
});
