/**
 * `isopod run --observe` and `isopod top`, as a user runs them. The address is printed, the
 * terminal shows the actor, and the exit code is the same as without the observer.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../support/compiler.ts";

const CLI = fileURLToPath(new URL("../../bin/isopod.js", import.meta.url));
const example = (name: string) => fileURLToPath(new URL(`../../guest/examples/${name}.ts`, import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `isopod`; `onAddress` is called once the observer's address stands on stderr. */
function isopod(args: string[], onAddress?: (url: string) => void): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  let isTold = false;
  child.stdout.setEncoding("utf8").on("data", text => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", text => {
    stderr += text;
    const url = /^isopod: observe at (\S+)\n/m.exec(stderr)?.[1];
    if (url !== undefined && !isTold) onAddress?.(url);
    isTold ||= url !== undefined;
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", code => done({ code, stdout, stderr }));
  });
}

describe.concurrent("isopod run --observe", () => {
  // The command finds them in the cache.
  beforeAll(async () => {
    await build([example("echo"), example("hello")]);
  });

  test("serves as long as its actors live; one is seen in a terminal, killed, and is the exit code", async () => {
    let top: Promise<Ended> | undefined;
    const ended = isopod(["run", example("echo"), "--observe"], url => {
      top = isopod(["top", url, "--once"]).then(async seen => {
        const { origin, hash } = new URL(url);
        const headers = { Authorization: `Bearer ${hash.slice("#token=".length)}` };
        const [pid] = /(?<=^<)[\d.]+/m.exec(seen.stdout) ?? [];
        await fetch(`${origin}/api/actors/${pid}/kill`, { method: "POST", headers });
        return seen;
      });
    });
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/isopod: <[\d.]+> echo\.ts killed\n/);
    expect(code).toBe(1);
    const seen = await top;
    expect(seen?.code).toBe(0);
    expect(seen?.stdout).toMatch(/^guests 1 /m);
    expect(seen?.stdout).toMatch(/^<0\.0\.0\.\d+> +echo\.ts +(parked|ready|running) /m);
  });

  test("ends with the guest, and as it does", async () => {
    const { code, stdout, stderr } = await isopod(["run", example("hello"), "world", "--observe"]);
    expect(stdout).toBe("hello, world!\n");
    expect(stderr).toMatch(/^isopod: observe at http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}\n$/);
    expect(code).toBe(0);
  });

  test("says what is wrong with the command line", async () => {
    const port = await isopod(["run", example("hello"), "--port", "8080"]);
    expect([port.code, port.stderr]).toEqual([2, expect.stringContaining("--port is the port of --observe")]);
    const top = await isopod(["top"]);
    expect([top.code, top.stderr]).toEqual([2, expect.stringContaining("which runtime?")]);
    const gone = await isopod(["top", "http://127.0.0.1:9/#token=0123456789abcdef"]);
    expect([gone.code, gone.stderr]).toEqual([
      1,
      "isopod: http://127.0.0.1:9 does not answer: its process may have ended\n",
    ]);
  });
});
