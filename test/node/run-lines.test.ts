/** `isopod run` as a way to try a guest: lines of stdin become messages and calls, answers are printed. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseArguments, UsageError } from "../../host/node/cli/command.ts";
import { run } from "../../host/node/cli/commands/run.ts";
import { FormatError, payloadOf, textOf } from "../../host/node/payload-text.ts";
import { build } from "../support/compiler.ts";
import { withoutGenerations } from "../support/pages.ts";

const CLI = fileURLToPath(new URL("../../bin/isopod.js", import.meta.url));
const example = (name: string) => fileURLToPath(new URL(`../../guest/examples/${name}.ts`, import.meta.url));
const [ECHO, COUNTER, SUPERVISED, HELLO] = ["echo", "supervised-counter", "supervised", "hello"].map(example);

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "isopod-lines-"));
  const write = (name: string, source: string) => writeFileSync(join(folder, name), source);
  // Waits for a message with a tag that no line has, and keeps all others.
  write("deaf.ts", 'import { receiveTag } from "isopod/guest"; export function run(): void { receiveTag(9); }');
  write(
    "mute.ts",
    'import { log, receive, receiveTag } from "isopod/guest"; export function run(): void { receive(); log("taken"); receiveTag(9); }',
  );
  write("empty.ts", "export function other(): void {}");
  // The command finds these in the cache.
  await build([ECHO, COUNTER, SUPERVISED, HELLO, "deaf.ts", "mute.ts"], { baseDir: folder });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a guest with this text as stdin. Without a text, stdin stays open. */
function isopodRun(args: string[], input?: string, interruptAt?: RegExp): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [CLI, "run", ...args], { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] });
  let [stdout, stderr, isInterrupted] = ["", "", false];
  const look = () => {
    if (isInterrupted || !interruptAt?.test(stderr + stdout)) return;
    isInterrupted = child.kill("SIGINT");
  };
  child.stdout.setEncoding("utf8").on("data", text => {
    stdout += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", text => {
    stderr += text;
    look();
  });
  child.stdin.on("error", () => {});
  if (input !== undefined) child.stdin.end(input);
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", code => done({ code, stdout, stderr: withoutGenerations(stderr) }));
  });
}

describe("lines", () => {
  test("are messages in their order, and what the actor sends back is printed", async () => {
    const input = Array.from({ length: 3000 }, (_, i) => `line ${i} é\n`).join("");
    expect(await isopodRun([ECHO], input)).toEqual({ code: 0, stdout: input, stderr: "" });
  });

  test("are calls with --call; the line without an answer is named, and why", async () => {
    const ended = await isopodRun([COUNTER, "--call"], "add 5\nadd 6\ndouble\nget\n");
    expect(ended.stdout).toBe("5\n11\n");
    expect(ended.stderr).toMatch(
      /^isopod: line 3 has no answer: <[\d.N]+> ended before it answered: crashed: not a request: double /m,
    );
    expect(ended.code).toBe(1);
  });

  test("go to a defined guest by its name, and to the one that has taken its place", async () => {
    const args = [SUPERVISED, "--define", `supervised-counter=${COUNTER}`, "--to", "counter", "--call"];
    const ended = await isopodRun(args, "add 5\ndouble\nadd 7\nget\n");
    expect(ended.stdout).toBe("5\n7\n7\n");
    expect(ended.stderr).toContain("isopod: line 2 has no answer: counter ended before it answered");
    expect(ended.stderr).not.toContain("line 3");
  });

  test("that are not what --lines says are refused by number, and the others are sent", async () => {
    const json = await isopodRun([ECHO, "--lines", "json"], '{"a": 1}\n{a: 1}\n[2]\n');
    expect(json).toMatchObject({ code: 1, stdout: '{"a": 1}\n[2]\n' });
    expect(json.stderr).toMatch(/^isopod: line 2 was not sent: it is not JSON: .*\n$/);
    const evil = await isopodRun([ECHO, "--lines", "json"], "\x1b[2J\n");
    expect(evil.stderr).not.toContain("\x1b");
    const hex = await isopodRun([ECHO, "--lines", "hex"], "41 42\n0\n00ff\n");
    expect(hex).toEqual({
      code: 1,
      stdout: "41 42\n00 ff\n",
      stderr: 'isopod: line 2 was not sent: it is not hex: "0"; a byte is two digits, for example 0a ff\n',
    });
  });

  test("are refused if the mailbox is full, if they are too long, and if no actor has the name", async () => {
    const full = await isopodRun(["deaf.ts", "--limit", "mailboxMessages=1"], "a\nb\n");
    expect(full.stderr).toMatch(/^isopod: line 2 was not sent: the mailbox of <[\d.N]+> is full \(1 items, 1 bytes\)/);
    const long = await isopodRun(["deaf.ts", "--limit", "messageBytes=3"], "abcd\n");
    expect(long.stderr).toBe("isopod: line 1 was not sent: it has 4 bytes, and the limit messageBytes is 3\n");
    const nobody = await isopodRun([ECHO, "--to", "nobody"], "a\n");
    expect(nobody.stderr).toBe("isopod: line 1 was not sent: no actor has the name nobody\n");
  });

  test("have a tag, if one is asked for", async () => {
    const ended = await isopodRun(["deaf.ts", "--tag", "9", "--log", "debug"], "a\n");
    expect(ended).toEqual({ code: 0, stdout: "", stderr: "debug: <0.0.0.N> deaf.ts normal\n" });
  });
});

describe("the end", () => {
  test("comes with the actor's, whatever stdin still has", async () => {
    expect(await isopodRun([HELLO])).toEqual({ code: 0, stdout: "hello, !\n", stderr: "" });
  });

  test("is quiet after Ctrl-C, also while a call waits for its answer", async () => {
    const ended = await isopodRun(["mute.ts", "--call"], "a\nb\n", /taken/);
    expect(ended).toEqual({ code: 130, stdout: "taken\n", stderr: "" });
  });

  test("does not come with the last line if --stay is given, nor where there was no line", async () => {
    const stayed = await isopodRun([ECHO, "--stay"], "a\n", /Ctrl-C ends it/);
    expect(stayed).toMatchObject({ code: 130, stdout: "a\n" });
    const silent = await isopodRun([ECHO], "", /Ctrl-C ends it/);
    expect(silent).toMatchObject({ code: 130, stdout: "" });
  });
});

test("a definition that is none, or that does not compile, is refused before anything runs", async () => {
  const refusal = async (...args: string[]) => run.run(parseArguments(["x.ts", ...args], run.options));
  await expect(refusal("--define", "worker")).rejects.toThrow(
    new UsageError('--define takes NAME=FILE, for example worker=worker.ts, not "worker"'),
  );
  await expect(refusal("--define", "a=b.ts", "--define", "a=c.ts")).rejects.toThrow("a was defined twice");
  await expect(refusal("--lines", "xml")).rejects.toThrow('--lines is text or json or value or hex, not "xml"');
  const ended = await isopodRun([HELLO, "--define", "other=empty.ts"], "");
  expect([ended.code, ended.stdout]).toEqual([1, ""]);
  expect(ended.stderr).toContain("empty.ts: error: ");
});

test("bytes are text or not: a rule with an answer for every payload", () => {
  expect(payloadOf(" 0A\tff00 ", "hex")).toEqual(Uint8Array.of(10, 255, 0));
  expect(() => payloadOf("0x0a", "hex")).toThrow(FormatError);
  expect(() => payloadOf("", "json")).toThrow(FormatError);
  expect(textOf(new Uint8Array(0))).toBe("");
  expect(textOf(Uint8Array.of(0xff))).toBeUndefined();
  expect(textOf(Uint8Array.of(0x61, 0xc3))).toBeUndefined();
  expect(textOf(Uint8Array.of(0x61, 0xc3), true)).toBe("a");
  expect(textOf(Uint8Array.of(0, 0x61))).toBeUndefined();
});
