/** The compiler and the command line in Deno and Bun, where this machine has them on its PATH. */
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { ROOT } from "../support/pages.ts";

const exec = promisify(execFile);
/** An engine that waits for a message that never comes must not hold up the suite. */
const TIMEOUT_MS = 60_000;
const env = { ...process.env, ISOPOD_CACHE: "off", ISOPOD_QUIET: "1", NODE_OPTIONS: "" };

const engines = [
  { name: "deno", run: ["run", "--allow-all"], evaluate: ["eval"] },
  { name: "bun", run: ["run"], evaluate: ["--eval"] },
];

/** Two that compile, and between them one that ends the compiler's worker. */
const PROGRAM = `
  import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
  import { tmpdir } from "node:os";
  import { join } from "node:path";
  import { build } from ${JSON.stringify(join(ROOT, "host/node/compile/build.ts"))};
  const baseDir = mkdtempSync(join(tmpdir(), "isopod-engine-"));
  writeFileSync(join(baseDir, "good.ts"), "export function run(): void {}");
  writeFileSync(join(baseDir, "bad.ts"), "enum E { A = E.B, B = E.A } export function run(): void { E.A; }");
  const results = await build(["good.ts", "bad.ts", "good.ts"], { baseDir });
  rmSync(baseDir, { recursive: true });
  console.log(results.map(({ wasm, text }) => wasm === undefined ? /has crashed/.test(text) : "made").join());
`;

describe.each(engines)("in $name", ({ name, run, evaluate }) => {
  const isThere = spawnSync(name, ["--version"]).status === 0;
  const how = isThere ? "" : ` (to run: npm install --global ${name})`;

  test.skipIf(!isThere)(`isopod run compiles a guest and runs it${how}`, async () => {
    const command = [...run, "host/node/cli/cli.ts", "run", "guest/examples/hello.ts", "world"];
    const { stdout } = await exec(name, command, { cwd: ROOT, env, timeout: TIMEOUT_MS });
    expect(stdout).toBe("hello, world!\n");
  });

  test.skipIf(!isThere)(`build goes on after a guest that crashes the compiler${how}`, async () => {
    const { stdout } = await exec(name, [...evaluate, PROGRAM], { cwd: ROOT, env, timeout: TIMEOUT_MS });
    expect(stdout).toBe("made,true,made\n");
  });
});
