/** Where a script was: in crashes, in the files that a bundle was made of, and in what other actors are told. */
import { transformSync } from "esbuild";
import { describe, expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import { type ActorExit, CallError, type ExitReason, formatReason, type InspectEvent } from "../../host/index.ts";
import { loadScript, ScriptError } from "../../host/js/index.ts";
import { newRuntime } from "../support/runtimes.ts";
import { functionsOf, scriptOptions, spawnScript } from "../support/scripts.ts";

interface Shop {
  sell(name: string): number;
}

/** Line 6 of shop.ts throws. */
const SHOP = `interface Item { name: string; price: number }
const items: Item[] = [{ name: "tea", price: 3 }];

function find(name: string): Item {
  const item = items.find(item => item.name === name);
  if (item === undefined) throw new RangeError("no " + name);
  return item;
}

export function onMessage(message: { value: string }): void {
  find(message.value);
}
`;

/** A bundle as an embedder makes it: in one line. */
const bundle = (source: string, sourcemap: "inline" | "external" = "inline") =>
  transformSync(source, { loader: "ts", format: "esm", minify: true, sourcemap, sourcefile: "src/shop.ts" });

type Crash = Extract<ExitReason, { kind: "crashed" }>;

describe("a loop without an end", () => {
  test.each([
    ["for (;;) {\n    n++;\n  }", 4],
    ["do {\n    n = (n * 3) % 7;\n  } while (n >= 0);", 4],
    ["while (n >= 0)\n    n = Math.abs(n);", 4],
  ])("is named by its own line: %s", async (loop, line) => {
    const runtime = newRuntime();
    const pid = await spawnScript(runtime, `export function onMessage() {\n  let n = 1;\n  ${loop}\n}`, {
      limits: { handlerReductions: 20_000_000 },
    });
    const exited = runtime.exited(pid);
    runtime.send(pid, "");
    expect(((await exited) as Crash).stack).toMatch(new RegExp(`^ {4}at onMessage \\(script\\.js:[3-${line + 1}]:`));
  });
});

describe("a source map", () => {
  test.each(["in the bundle", "as an option"])("%s leads a crash to the source", async where => {
    const runtime = newRuntime();
    const { code, map } = bundle(SHOP, where === "in the bundle" ? "inline" : "external");
    const options = where === "in the bundle" ? {} : { sourceMap: map };
    const module = await loadScript(runtime, code, await scriptOptions({ name: "shop.min.js", ...options }));
    const pid = runtime.spawn(module);
    const exited = runtime.exited(pid);
    runtime.send(pid, cbor.encode("coffee"));
    const reason = await exited;
    expect(formatReason(reason)).toMatch(/^crashed: RangeError: no coffee \(src\/shop\.ts:6:\d+\)$/);
    expect((reason as Crash).stack).toMatch(/\(src\/shop\.ts:11:\d+\)/);
    expect((reason as Crash).stack).not.toContain("shop.min.js");
  });

  test("leads an exception of loading to the source, too", async () => {
    const { code } = bundle(`const a: number = 1;\n\nthrow new Error("at once " + a);\nexport {};`);
    const error = await loadScript(newRuntime(), code, await scriptOptions()).catch(error => error);
    expect(error).toBeInstanceOf(ScriptError);
    expect((error as ScriptError).scriptStack).toMatch(/\(?src\/shop\.ts:3:\d+\)?/);
  });

  test("of a module that the script imports is read, too", async () => {
    const runtime = newRuntime();
    const source = `import { onMessage } from "./shop.min.js"; export { onMessage };`;
    const modules = { "shop.min.js": bundle(SHOP).code };
    const pid = runtime.spawn(await loadScript(runtime, source, await scriptOptions({ modules })));
    const exited = runtime.exited(pid);
    runtime.send(pid, cbor.encode("coffee"));
    expect(formatReason(await exited)).toContain("(src/shop.ts:6:");
  });

  test.each([
    ["no JSON", "{"],
    ["of another version", `{"version":2}`],
    ["with mappings that are none", `{"version":3,"sources":["a"],"names":[],"mappings":"!!"}`],
    ["whose source has line ends", `{"version":3,"sources":["a\\n    at b (c:1:1)"],"names":[],"mappings":"AAAA"}`],
  ])("that is damaged changes nothing else: %s", async (_name, map) => {
    const runtime = newRuntime();
    const source = `export function onMessage() { throw new Error("x"); }\n//# sourceMappingURL=data:application/json,${encodeURIComponent(map)}`;
    const pid = await spawnScript(runtime, source);
    const exited = runtime.exited(pid);
    runtime.send(pid, "");
    const { message, stack } = (await exited) as Crash;
    expect(message).toBe("Error: x");
    expect(stack.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("another actor", () => {
  const caller = `import { call, whereis } from "isopod";
    export async function ask() {
      try { return await call(whereis("victim"), 0); }
      catch ({ message, reason }) { return [message.replace(/\\d+/, "…"), reason.message, reason.stack]; }
    }`;
  const victim = `export function onMessage() {\n  throw new Error("oh");\n}`;

  test("that may hear of a crash gets the frames of the script", async () => {
    const runtime = newRuntime();
    runtime.register("victim", await spawnScript(runtime, victim));
    const api = await functionsOf<{ ask(): string[] }>(runtime, caller, { grants: "all" });
    const [message, reason, stack] = await api.ask();
    expect([message, reason]).toEqual(["actor … ended before it answered: crashed: Error: oh", "Error: oh"]);
    expect(stack).toMatch(/^ {4}at onMessage \(script\.js:2:/);
  });

  test("gets no folder of the host's disk", async () => {
    const runtime = newRuntime();
    const name = "/home/someone/secret/victim.js";
    const module = await loadScript(runtime, victim, await scriptOptions({ name }));
    const pid = runtime.spawn(module, { name: "victim" });
    const exited = runtime.exited(pid);
    const api = await functionsOf<{ ask(): string[] }>(runtime, caller, { grants: "all" });
    const [, , stack] = await api.ask();
    expect(stack).toMatch(/^ {4}at onMessage \(victim\.js:2:\d+\)$/m);
    expect(((await exited) as Crash).stack).toContain(`(${name}:2:`);
  });

  test("that may not is told of the end, and of nothing else", async () => {
    const runtime = newRuntime();
    runtime.register("victim", await spawnScript(runtime, victim));
    const api = await functionsOf<{ ask(): string[] }>(runtime, caller, { grants: { lookup: true } });
    expect(await api.ask()).toEqual(["actor … ended before it answered: crashed", "", ""]);
  });
});

test("nobody is told of the actors that load scripts", async () => {
  const exits: ActorExit[] = [];
  const events: InspectEvent[] = [];
  const runtime = newRuntime({ onExit: exit => exits.push(exit) });
  runtime.inspect(event => events.push(event));
  await expect(loadScript(runtime, "throw 1", await scriptOptions())).rejects.toThrow(ScriptError);
  const pid = await spawnScript(runtime, "export const f = () => 1;");
  runtime.kill(pid);
  await runtime.settled();
  expect(exits.map(({ module }) => module)).toEqual(["script.js"]);
  const ofModules = events.filter(event => "module" in event && event.module !== undefined);
  expect(ofModules.map(event => event.kind)).toEqual(["spawn", "exit"]);
});

test("a call of the host that fails names the callee's crash and place", async () => {
  const runtime = newRuntime();
  const api = await functionsOf<Shop>(runtime, `export function sell() {\n  for (let n = 0; ; n++)\n    n *= 2;\n}`, {
    limits: { handlerReductions: 20_000_000 },
  });
  const error = await api.sell("tea").catch(error => error);
  expect(error).toBeInstanceOf(CallError);
  expect((error as CallError).message).toMatch(/script\.js:[23]:\d+\)$/);
});
