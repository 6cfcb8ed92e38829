/**
 * Attacks of scripts. Limits hold below the engine: whatever a script does ends its own actor with a reason, or is an
 * exception there. A witness of another script answers all the while.
 */

import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import { type Client, type DerivedModule, type ExitReason, Runtime } from "../../host/index.ts";
import { loadScript, ScriptError } from "../../host/js/index.ts";

type Outcome = ExitReason | { readonly answered: unknown };

interface Attack {
  readonly attack: () => unknown;
}

const engine = await readFile(new URL("../../host/js/engine.wasm", import.meta.url));

describe("a script that misbehaves", () => {
  let runtime: Runtime;
  let witness: Client<{ double(n: number): number }>;
  const denied: string[] = [];

  beforeAll(async () => {
    // A loaded machine may take 10 ms, the default, from a turn that does little.
    runtime = new Runtime({
      limits: { turnMs: 1_000 },
      onDenied: ({ call, grant }) => denied.push(`${call} ${grant}`),
    });
    const module = await loadScript(runtime, "export const double = n => 2 * n;", { engine });
    witness = runtime.client(runtime.spawn(module), cbor, { timeoutMs: Number.POSITIVE_INFINITY });
  });

  afterAll(() => runtime.stop());

  /** Attacks, while the witness is called. Answers how the attacker ended, or what its attack has answered. */
  async function attacked(body: string, memoryPages = 64): Promise<Outcome> {
    const module = await loadScript(runtime, `export async function attack() { ${body} }`, { engine, memoryPages });
    const pid = runtime.spawn(module, { limits: { memoryPages } });
    const api = runtime.client<Attack>(pid, cbor, { timeoutMs: Number.POSITIVE_INFINITY });
    const exited = runtime.exited(pid);
    const answer = api.attack().then(
      answered => ({ answered }),
      error => ({ answered: String(error) }),
    );
    for (let i = 0; i < 5; i++) expect(await witness.double(i)).toBe(2 * i);
    const alive = answer.then((given): Outcome | Promise<Outcome> => (runtime.isAlive(pid) ? given : exited));
    const outcome = await Promise.race<Outcome>([exited, alive]);
    runtime.kill(pid);
    expect(await witness.double(7)).toBe(14);
    return outcome;
  }

  const CUT = /^reductions: .*(limit turnMs|reductions\.perTurn)/;
  const MEMORY = /memoryPages/;
  const endless: Readonly<Record<string, string>> = {
    "loops for ever": "while (true) {}",
    "catches all that is thrown, for ever": "while (true) { try { while (true) {} } catch {} finally { continue } }",
    "resolves promises for ever":
      "const again = () => Promise.resolve().then(again); again(); await new Promise(() => {});",
    "queues microtasks for ever": "const again = () => queueMicrotask(again); again(); await new Promise(() => {});",
    "matches a catastrophic regular expression": "return /^(a+)+$/.test('a'.repeat(40) + 'b');",
    "joins a huge array": "return (new Array(3e8) + '').length;",
    "sorts by a comparator that never ends": "[3, 1, 2].sort(() => { while (true) {} });",
    "has a getter that never ends": "return { get x() { while (true) {} } }.x;",
    "has a proxy that never ends": "return new Proxy({}, { get() { while (true) {} } }).x;",
    "has an iterator that never ends":
      "for (const x of { [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }) x;",
    "has a toString that never ends where the error is shown":
      "throw Object.assign(new Error(), { get message() { while (true) {} } });",
    "generates for ever": "function* all() { while (true) yield 1; } for (const x of all()) x;",
    "copies a typed array again and again": "const a = new Uint8Array(1e6); while (true) a.slice(0);",
    "fills a typed array again and again": "const a = new Uint8Array(3e6); while (true) a.fill(1);",
    "multiplies huge bigints": "let n = 3n ** 100000n; while (true) n = (n * n) >> 150000n;",
    "evaluates new code for ever": "let n = 0; while (true) eval(String(n++));",
    "collects garbage for ever": "while (true) { const a = {}; a.a = a; }",
  };

  test.each(Object.entries(endless))("is cut where it %s", async (_, body) => {
    const reason = await attacked(body);
    expect(reason).toMatchObject({ kind: "crashed", message: expect.stringMatching(CUT) });
  });

  test("ends by its stack where it parses JSON of a million brackets", async () => {
    const reason = await attacked("const text = '['.repeat(1e6); while (true) try { JSON.parse(text) } catch {}");
    expect(reason).toMatchObject({ kind: "crashed", message: "stack overflow" });
  });

  const greedy: Readonly<Record<string, string>> = {
    "keeps all that it makes": "const all = []; while (true) all.push({ n: all.length });",
    "asks for a buffer that is too large": "return new ArrayBuffer(60e6).byteLength;",
    "repeats a text beyond its memory": "return 'x'.repeat(1e8).length;",
    "catches the end of its memory": "const all = []; while (true) { try { all.push(new Array(1000)); } catch {} }",
  };

  test.each(Object.entries(greedy))("ends by the limit of its memory where it %s", async (_, body) => {
    // On a machine that others load, its time may be over before its memory is.
    const message = expect.stringMatching(new RegExp(`${MEMORY.source}|${CUT.source}`));
    expect(await attacked(body)).toMatchObject({ kind: "crashed", message });
  });

  const exceptions: Readonly<Record<string, readonly [body: string, thrown: RegExp]>> = {
    "recurses deeply": ["const f = () => f() + 1; return f();", /InternalError|RangeError.*stack/i],
    "makes a text that is too long for any engine": ["return 'x'.repeat(2 ** 30).length;", /RangeError/],
    "makes an array that is too long": ["return new Array(-1);", /RangeError/],
    "sends what cannot be sent": ["return () => {};", /TypeError/],
    "sends a value that contains itself": ["const a = []; a.push(a); return a;", /RangeError/],
  };

  test.each(Object.entries(exceptions))("gets an exception where it %s", async (_, [body, thrown]) => {
    const outcome = await attacked(body);
    expect("answered" in outcome ? String(outcome.answered) : outcome.kind).toMatch(thrown);
  });

  test.each([
    ["a bigint beyond what the engine has", "return 10n ** 10_000_000n > 1n;"],
    ["nested arrays", `return eval("[".repeat(100_000));`],
    ["nested brackets of a parser bomb", "return eval('('.repeat(200_000));"],
    ["nested JSON", "return JSON.parse('['.repeat(200_000));"],
    ["a deep regular expression", "return new RegExp('('.repeat(100_000));"],
    ["deep recursion in toString", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return String(a);"],
  ])("survives or ends alone by %s", async (_, body) => {
    const outcome = await attacked(body);
    if ("answered" in outcome) expect(String(outcome.answered)).not.toBe("");
    else expect(outcome.kind).toBe("crashed");
  });

  test("cannot spawn, look up, log, see the time or draw numbers without a grant", async () => {
    const outcome = await attacked(`
      const { spawn, whereis, register, host } = await import("isopod");
      const tried = [];
      for (const f of [() => spawn("x"), () => whereis("x"), () => register("x"), () => crypto.getRandomValues(new Uint8Array(1))]) {
        try { f(); tried.push("done") } catch (error) { tried.push(error.name) }
      }
      await host.db.get("k").catch(error => tried.push(error.name));
      return [...tried, Date.now(), performance.now()];`);
    expect(outcome).toEqual({
      answered: [...Array(3).fill("NotGrantedError"), "Error", expect.stringMatching(/Error$/), 0, 0],
    });
  });

  test("finds no module of the engine's own", async () => {
    const outcome = await attacked(`return String(await import("isopod:native").catch(error => error));`);
    expect(outcome).toEqual({ answered: expect.stringContaining("there is no module isopod:native") });
  });

  test("changes nothing for other actors of the engine, nor for the next actor of its own script", async () => {
    await attacked(
      "Array.prototype.map = () => 'mine'; globalThis.kept = 'secret'; Object.prototype.then = 1; return 1;",
    );
    const module = await loadScript(
      runtime,
      "export const look = () => [[1].map(x => x), typeof kept, 'then' in {}];",
      { engine },
    );
    const pid = runtime.spawn(module);
    expect(await runtime.client<{ look(): unknown }>(pid, cbor).look()).toEqual([[1], "undefined", false]);
  });
});

describe("a script that misbehaves while it is loaded", () => {
  let runtime: Runtime;

  beforeAll(() => {
    runtime = new Runtime({ grants: "all" });
  });

  afterAll(() => runtime.stop());

  test.each([
    ["loops for ever", "while (true) {}", /limit turnMs|limit handlerReductions/],
    ["throws", "throw new TypeError('at the top')", /TypeError: at the top/],
    ["is no JavaScript", "export function (", /SyntaxError/],
    ["awaits what never comes", "await new Promise(() => {}); export const f = () => 1;", /top level/],
    ["awaits a timer", "await new Promise(r => setTimeout(r, 1)); export const f = () => 1;", /timer|limit/],
    ["sends to itself", "import { send, self } from 'isopod'; send(self(), 1); export const f = () => 1;", null],
    ["asks for randomness", "crypto.getRandomValues(new Uint8Array(4)); export const f = () => 1;", /random/],
    ["uses up its memory", "const all = []; while (true) all.push(new Array(1000));", /memoryPages|limit turnMs/],
    ["has a module that is not there", "import './no.js'; export const f = () => 1;", /imports no\.js/],
    ["exports nothing", "export const x = 1;", /exports no function/],
    ["exports two shapes", "export function onMessage() {} export async function main() {}", /only one/],
  ])("is refused where it %s", async (_, source, why) => {
    const loaded = loadScript(runtime, source, { engine, memoryPages: 32 });
    if (why === null) return void (await loaded.catch(error => expect(error).toBeInstanceOf(ScriptError)));
    await expect(loaded).rejects.toThrow(ScriptError);
    await expect(loaded).rejects.toThrow(why);
  });

  test("sees no time and the same numbers at each load, and its actors see others", async () => {
    const source = "const first = [Date.now(), Math.random()]; export const look = () => [...first, Math.random()];";
    const look = async (module: DerivedModule) => {
      return (await runtime.client<{ look(): number[] }>(runtime.spawn(module), cbor).look()) as number[];
    };
    const module = await loadScript(runtime, source, { engine });
    const [one, other] = [await look(module), await look(module)];
    const again = await look(await loadScript(runtime, source, { engine }));
    expect(one.slice(0, 2)).toEqual([0, one[1]]);
    expect(again.slice(0, 2)).toEqual(one.slice(0, 2));
    expect(other.slice(0, 2)).toEqual(one.slice(0, 2));
    expect(new Set([one[2], other[2], again[2]]).size).toBe(3);
  });
});
