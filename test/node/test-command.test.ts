/** The command `isopod test`, run as a user runs it: output and exit codes. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseArguments, UsageError } from "../../host/node/cli/command.ts";
import { test as command } from "../../host/node/cli/commands/test.ts";
import { build } from "../support/compiler.ts";

const CLI = fileURLToPath(new URL("../../bin/isopod.js", import.meta.url));
const BUG = fileURLToPath(new URL("../guests/bugs/killed-transfer.ts", import.meta.url));

/** The same bank in JavaScript. */
const SCRIPTS = {
  account: `import { reply } from "isopod";
let balance = 100;
export function onMessage(message) {
  balance += message.value;
  if (message.ref !== 0) reply(message, balance);
}
`,
  transfer: `import { call, whereis } from "isopod";
export async function main() {
  await call(whereis("alice"), -10);
  await call(whereis("bob"), 10);
}
`,
  test: `import { call, register, spawn, whereis } from "isopod";
export async function testTransfer() {
  register("alice", spawn("account"));
  register("bob", spawn("account"));
  spawn("transfer");
  for (let i = 0; i < 3; i++) await call(whereis("bob"), 0);
  const sum = (await call(whereis("alice"), 0)) + (await call(whereis("bob"), 0));
  if (sum !== 200) throw new Error(\`both have \${sum}\`);
}
export function testimony() {}
`,
};

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "isopod-test-"));
  const bank = readFileSync(BUG, "utf8")
    .replaceAll('"bug"', '"bank"')
    .replace("function test(", "function testTransfer(");
  write("bank.test.ts", `${bank}\nexport function testNothing(): void {}\nexport function testimony(): void {}\n`);
  write(
    "slow.test.ts",
    'import { assert, sleep } from "isopod/guest";\nexport function test(): void {\n  sleep(1_000_000);\n}\n',
  );
  write(
    "price.test.ts",
    `import { assertEquals } from "isopod/guest";
@external("shop", "price") declare function price(): i32;
export function testPrice(): void { assertEquals(price(), 7); }
`,
  );
  write("functions.js", "export default { shop: { price: () => 7 } };\n");
  write("account.js", SCRIPTS.account);
  write("transfer.js", SCRIPTS.transfer);
  write("scripts.test.js", SCRIPTS.test);
  write("loop.test.ts", "export function testLoop(): void {\n  while (true) {}\n}\n");
  const debug = { baseDir: folder, debug: true };
  await build(["bank.test.ts", "slow.test.ts", "price.test.ts"], debug);
  await build(["loop.test.ts"], { ...debug, reductions: "yield" });
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, source: string): void {
  writeFileSync(join(folder, name), source);
}

function isopod(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [CLI, "test", ...args], { cwd: folder });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", text => {
      stdout += text;
    });
    child.stderr.on("data", text => {
      stderr += text;
    });
    child.on("error", fail);
    child.on("close", code => done({ code, stdout, stderr }));
  });
}

test("tests that pass are one line each, and the exit code is 0", async () => {
  const { code, stdout } = await isopod(["bank.test.ts", "--seeds", "20"]);
  expect(stdout).toMatch(
    /^ok {4}bank\.test\.ts testTransfer: 21 orders, \d+ steps\nok {4}bank\.test\.ts testNothing: 21 orders, 21 steps\nall 2 tests have passed\n$/,
  );
  expect(code).toBe(0);
});

test("a failure has its reason with file and line, its story, and the command that plays it again", async () => {
  const { code, stdout } = await isopod(["bank.test.ts", "--kill", "transfer", "--only", "testTransfer"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^FAIL {2}bank\.test\.ts testTransfer\n {6}testTransfer crashed: .*, from bank\.test\.ts:\d+:\d+\)\n/,
  );
  expect(stdout).toMatch(/^ {8}transfer asks alice "-10" \(bank\.test\.ts:\d+\)$/m);
  expect(stdout).toMatch(/^ {3}\d {2}transfer is killed by the test {3}<- choice 1$/m);
  const [, again] = /To play it again: isopod test (.*)$/m.exec(stdout) ?? [];
  expect(again).toMatch(/^bank\.test\.ts --only testTransfer --kill transfer --choices [\d,]+$/);
  const replayed = await isopod([...again.split(" "), "--json"]);
  expect(replayed.code).toBe(1);
  const result = JSON.parse(replayed.stdout);
  expect(result).toMatchObject({
    test: "testTransfer",
    passed: false,
    kind: "crash",
    choices: again.split(" ").at(-1)?.split(",").map(Number),
  });
  expect(stdout).toContain(result.story.join("\n"));
});

test("tests in JavaScript are found and told as those of AssemblyScript are", async () => {
  const defined = ["--define", "account=account.js", "--define", "transfer=transfer.js"];
  const { code, stdout } = await isopod(["scripts.test.js", ...defined, "--seeds", "200"]);
  expect(stdout).toMatch(/^FAIL {2}scripts\.test\.js testTransfer\n {6}testTransfer: Error: both have 190\n/);
  expect(stdout).toMatch(/^ {8}transfer asks alice -10$/m);
  expect(code).toBe(1);
});

test("time passes at once, however long a test sleeps", async () => {
  const { code, stdout } = await isopod(["slow.test.ts", "--json", "--seeds", "0"]);
  expect(JSON.parse(stdout)).toEqual({
    file: "slow.test.ts",
    test: "test",
    passed: true,
    seeds: 0,
    steps: 3,
    hash: expect.any(String),
  });
  expect(code).toBe(0);
});

test("with --preempt, a guest that computes for ever gives way, and is a livelock", async () => {
  const { code, stdout } = await isopod(["loop.test.ts", "--preempt", "1000", "--steps", "50", "--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ kind: "livelock", reason: "the program goes on after 50 steps" });
});

test("functions of the host come from the file of --imports, and one that is missing is named", async () => {
  const missing = await isopod(["price.test.ts"]);
  expect(missing.code).toBe(1);
  expect(missing.stdout).toMatch(/FAIL {2}price\.test\.ts testPrice\n.*shop.*--imports FILE/);
  const given = await isopod(["price.test.ts", "--imports", "functions.js", "--seeds", "5"]);
  expect([given.code, given.stdout]).toEqual([0, expect.stringContaining("ok    price.test.ts testPrice")]);
});

test.each([
  [[], "which guests?"],
  [["a.ts", "--choices", "0,x"], '--choices is a list of whole numbers such as 0,0,3, not "0,x"'],
  [["a.ts", "--choices", "1", "--watch"], "--choices plays one run"],
  [["a.ts", "--seeds", "-1"], "--seeds"],
])("a wrong command line is refused: %j", async (args, message) => {
  const run = async () => command.run(parseArguments(args, command.options));
  await expect(run()).rejects.toThrow(UsageError);
  await expect(run()).rejects.toThrow(message);
});
