/** `isopod run --threads`: actors of `--define` begin on each thread in turn, and lines are answered as with one. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildGuest } from "../support/guests.ts";
import { ROOT } from "../support/pages.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isopod-threads-"));
  await writeFile(join(folder, "echo.wasm"), await buildGuest("examples", "echo", "asyncify"));
});
afterAll(() => rm(folder, { recursive: true }));

const run = (...args: string[]) => {
  const env = { ...process.env, ISOPOD_QUIET: "1" };
  const command = [join(ROOT, "bin/isopod.js"), "run", "echo.wasm", ...args];
  const started = promisify(execFile)(process.execPath, command, { cwd: folder, env });
  started.child.stdin?.end("one\ntwo\n");
  return started;
};

test("isopod run --threads answers lines, and ends", async () => {
  const { stdout } = await run("--define", "worker=echo.wasm", "--threads", "2");
  expect(stdout).toBe("one\ntwo\n");
});

test("a node of a cluster has one thread, and says so", async () => {
  const given = ["--threads", "2", "--join", "nats://127.0.0.1:1", "--cluster", "shop"];
  await expect(run(...given)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("one thread") });
});
