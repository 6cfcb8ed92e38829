/**
 * `isopod init` as a newcomer meets it: the packed package is installed into the project that init
 * has made.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pack } from "../support/compiler.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLI = join(ROOT, "bin", "isopod.js");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-init-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Node 26 for npm's scripts too, even if another Node is installed. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, NO_COLOR: "1" };

async function isopod(...args: string[]): Promise<string> {
  return (await run(process.execPath, [CLI, ...args], { cwd: folder, env })).stdout;
}

describe("a project that isopod init has made", () => {
  let project: string;
  const npm = async (...args: string[]) => (await run("npm", args, { cwd: project, env })).stdout;

  beforeAll(async () => {
    const tarball = await pack(folder);
    const said = await isopod("init", "my-app", "--isopod", `file:${relative(join(folder, "my-app"), tarball)}`);
    project = join(folder, "my-app");
    expect(said).toMatch(/my-app\/host\.ts\n[\s\S]*my-app is ready\. Next:\n {2}cd my-app\n {2}npm install\n/);
    await npm("install", "--no-audit", "--no-fund", "--prefer-offline");
  }, 240_000);

  test("starts: a guest says hello, and another is restarted when it has crashed", async () => {
    expect(await npm("--silent", "start")).toMatch(
      /^hello, world!\nadd 2 -> 2\nadd 3 -> 5\nchild counter <[\d.]+> ended \(crashed: not a request: double \(guest\/counter\.ts:11:\d+\)\): restart\ndouble -> .*\nget -> 0\n$/,
    );
  });

  test("passes its own tests", async () => {
    expect(await npm("--silent", "test")).toMatch(/pass 2\n[\s\S]*fail 0\n/);
  });

  test("builds its guests, which isopod run plays with", async () => {
    await npm("run", "build");
    expect(readdirSync(join(project, "build"))).toEqual([
      "counter.wasm",
      "counter.wasm.map",
      "hello.wasm",
      "hello.wasm.map",
    ]);
    expect(await npm("exec", "--", "isopod", "run", "build/hello.wasm", "you")).toBe("hello, you!\n");
  });

  test("has the right types, the guests for editors too", async () => {
    await npm("run", "check");
    await npm("exec", "--", "tsc", "-p", "guest");
  });

  test("makes a second project with its own isopod init, which asks for the same tarball", async () => {
    await npm("exec", "--", "isopod", "init", "../deep/second");
    const manifestOf = (path: string) => JSON.parse(readFileSync(join(folder, path, "package.json"), "utf8"));
    const { isopod } = manifestOf("deep/second").dependencies;
    expect(isopod).toMatch(/^file:.*\.tgz$/);
    const tarball = (path: string, spec: string) => join(folder, path, spec.slice("file:".length));
    expect(tarball("deep/second", isopod)).toBe(tarball("my-app", manifestOf("my-app").dependencies.isopod));
  });

  test("tells a host that imports the guests' library what that is", async () => {
    const program = 'await import("isopod/guest").catch(error => console.log(error.message))';
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: project });
    expect(stdout).toBe(
      'isopod/guest is AssemblyScript, the library of guests, which isopod build compiles. A host imports "isopod" or "isopod/node".\n',
    );
  });
});

describe("a project that isopod init --template js has made", () => {
  let project: string;
  const npm = async (...args: string[]) => (await run("npm", args, { cwd: project, env })).stdout;

  beforeAll(async () => {
    const tarball = await pack(folder);
    project = join(folder, "my-shop");
    const said = await isopod(
      ...["init", "my-shop", "--template", "js", "--isopod", `file:${relative(project, tarball)}`],
    );
    expect(said).toMatch(/my-shop\/host\.ts\n[\s\S]*my-shop\/plugins\/prices\.js\n[\s\S]*my-shop is ready\. Next:\n/);
    await npm("install", "--no-audit", "--no-fund", "--prefer-offline");
  }, 240_000);

  test("starts: the plug-in gives prices, an error is an answer, and an endless loop ends its own actor", async () => {
    expect(await npm("--silent", "start")).toMatch(
      /^10 teas and 5 cakes cost 90\ngold: .*the shop has no gold\nchild prices <[\d.]+> ended \(crashed: reductions: .*\): restart\nspin: prices ended before it answered: crashed: reductions: .*\nafter that, 200 become 180\n$/,
    );
  });

  test("passes its own tests, and has the right types", async () => {
    expect(await npm("--silent", "test")).toMatch(/pass 3\n[\s\S]*fail 0\n/);
    await npm("run", "check");
  });

  test("has a plug-in that isopod run calls, as its README says", async () => {
    const readme = readFileSync(join(project, "README.md"), "utf8");
    const [, command] = /`(echo .*prices\.js)`/.exec(readme) ?? [];
    const { stdout } = await run("sh", ["-c", command], { cwd: project, env });
    expect(stdout).toBe("180\n");
  });
});

describe("isopod init", () => {
  test("refuses a folder that is not empty, and a file, and leaves them as they are", async () => {
    mkdirSync(join(folder, "full"));
    writeFileSync(join(folder, "full", "mine.txt"), "mine");
    await expect(isopod("init", "full")).rejects.toMatchObject({
      code: 2,
      stderr: "isopod: full is not empty (mine.txt): name a new folder\nTry: isopod init --help\n",
    });
    await expect(isopod("init", "full/mine.txt")).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("full/mine.txt is a file: name a new folder"),
    });
    expect(readdirSync(join(folder, "full"))).toEqual(["mine.txt"]);
  });

  test("takes a folder in which there is a repository only, and makes a name for npm of the folder's", async () => {
    mkdirSync(join(folder, "My App!", ".git"), { recursive: true });
    const said = await isopod("init", "My App!");
    expect(said).toMatch(/my-app is ready\. Next:\n {2}cd .*\n {2}npm --prefix \.\.\/.* run build\n {2}npm install\n/);
    const { name, dependencies } = JSON.parse(readFileSync(join(folder, "My App!", "package.json"), "utf8"));
    // npm has not installed this checkout.
    const checkout = relative(realpathSync(join(folder, "My App!")), ROOT);
    expect({ name, dependencies }).toEqual({ name: "my-app", dependencies: { isopod: `file:${checkout}` } });
    expect(readFileSync(join(folder, "My App!", "README.md"), "utf8")).toMatch(/^# my-app\n/);
  });
});
