/** What editors know of scripts: in a folder that extends isopod/js/tsconfig.json, their module and their globals alone. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newRuntime } from "../support/runtimes.ts";
import { functionsOf } from "../support/scripts.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-types-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/isopod"));
  writeFileSync(join(folder, "tsconfig.json"), `{ "extends": "isopod/js/tsconfig.json" }`);
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What tsc says of a script in the folder. */
function checked(name: string, source: string): string {
  const path = join(folder, name);
  writeFileSync(path, source);
  try {
    const { stdout, stderr } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", "."], {
      cwd: folder,
      encoding: "utf8",
    });
    return stdout + stderr;
  } finally {
    rmSync(path);
  }
}

const good = `import { call, client, demonitor, exit, host, monitor, receive, reply, self, send, spawnMonitor, type Received } from "isopod";

declare module "isopod" {
  interface Host {
    db: { get(key: string): string | undefined };
  }
}

interface Shop {
  total(prices: readonly number[]): number;
}

export async function main(): Promise<void> {
  const { pid, ref } = spawnMonitor("worker", { args: "x", link: true });
  const sum: number = await client<Shop>(pid, { timeoutMs: 10 }).total([1, 2]);
  const key: string | undefined = await host.db.get("key");
  await host.any.thing(1);
  const answer: Uint8Array = await call("name", "raw", { raw: true });
  const message: Received = await receive({ tag: ref, where: ({ kind }) => kind === "down" });
  const late: Received | undefined = await receive({ timeoutMs: 5 });
  if (message.kind === "down" && message.reason.kind === "crashed") console.log(message.reason.message, sum, key, answer, late);
  if (late?.kind === "message" && late.ref < 0) reply(late, { value: late.value, list: [1, null, undefined, 2n] });
  demonitor(monitor(self()));
  send(pid, new Uint8Array(1), { raw: true });
  const timer: number = setTimeout((name: string) => console.info(name), 5, "x");
  clearTimeout(timer);
  const url = new URL("x", "http://h");
  for (const [name, value] of url.searchParams) structuredClone({ name, value });
  crypto.getRandomValues(new Uint32Array(1));
  new TextDecoder("utf-8", { fatal: true }).decode(new TextEncoder().encode(btoa("x")), { stream: true });
  exit({ kind: "custom", bytes: new Uint8Array(1) });
}
`;

test("a script in TypeScript has the module's types and the globals", { timeout: 120_000 }, () => {
  expect(checked("plugin.ts", good)).toBe("");
});

test("a script in JavaScript is checked, too, and has no more than there is", { timeout: 120_000 }, () => {
  const source = `import { Runtime, send } from "isopod";
import { readFile } from "node:fs";
send("x", () => 1);
send("x", 1, { tags: 1 });
process.exit();
document.body;
fetch("x");
new Intl.NumberFormat();
setImmediate(() => {});
new URL("x").nothing;
setTimeout("text");
`;
  const lines = checked("plugin.js", source)
    .split("\n")
    .map(line => /^plugin\.js\((\d+)/.exec(line)?.[1]);
  expect(lines.filter(line => line !== undefined)).toEqual(["1", "2", "3", "4", "5", "6", "7", "9", "10", "11"]);
});

test("the globals and exports that are declared are those that scripts have", async () => {
  const { readFile } = await import("node:fs/promises");
  const types = (name: string) => readFile(join(ROOT, "guest/js/types", name), "utf8");
  const namesIn = (source: string, pattern: RegExp) =>
    [...new Set(Array.from(source.matchAll(pattern), ([, name]) => name))].sort();
  const script = await functionsOf<{ globals(): string[]; exports(): string[] }>(
    newRuntime(),
    `import * as isopod from "isopod";
    export const globals = () => Object.getOwnPropertyNames(globalThis);
    export const exports = () => Object.keys(isopod);`,
  );
  const ofLanguage = new Set<string>(runInNewContext("Object.getOwnPropertyNames(globalThis)"));
  ofLanguage.delete("console");
  // QuickJS throws this error.
  ofLanguage.add("InternalError");
  const others = (await script.globals()).filter(name => !ofLanguage.has(name));
  expect(others.sort()).toEqual(namesIn(await types("globals.d.ts"), /^declare (?:var|function) (\w+)/gm));
  expect((await script.exports()).sort()).toEqual(
    namesIn(await types("isopod.d.ts"), /^export declare (?:function|class|const) (\w+)/gm),
  );
});
