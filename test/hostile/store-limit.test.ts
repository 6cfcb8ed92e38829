/**
 * Modules that use the store limit against the host: a limit that is none, that is lowered, that is
 * the host's counter, or that is moved by code which the host has not seen.
 */
import binaryen from "binaryen";
import { describe, expect, test } from "vitest";
import { Copies } from "../../host/module/copies.ts";
import { CrashPlaces } from "../../host/module/crash-places.ts";
import { compileLimited } from "../../host/module/limited.ts";
import { guest, PLAIN } from "../support/wat.ts";
import { Arena } from "./arena.ts";
import { MANY_FEATURES } from "./attackers.ts";

const RUN = `(func (export "run"))`;
const LIMIT = `(global $limit (export "isopod:limit") (mut i32) (i32.const 1024))`;

describe("a module is refused", () => {
  test.each([
    ["a function", `(func (export "isopod:limit"))`],
    ["a constant", `(global (export "isopod:limit") i32 (i32.const 5))`],
    ["an i64", `(global (export "isopod:limit") (mut i64) (i64.const 5))`],
    ["a float", `(global (export "isopod:limit") (mut f64) (f64.const 5))`],
    ["a memory", `(export "isopod:limit" (memory 0))`],
    [
      "a global whose first value is computed",
      `(global (export "isopod:limit") (mut i32) (i32.add (i32.const 5) (i32.const 6)))`,
    ],
  ])("whose limit is %s", async (_, body) => {
    await using arena = await Arena.open();
    for (const reductions of ["count", "none"] as const) {
      const refused = arena.runtime.load(
        guest(`${RUN} ${body}`, undefined, MANY_FEATURES | binaryen.Features.ExtendedConst),
        {
          name: "bad",
          reductions,
        },
      );
      await expect(refused).rejects.toMatchObject({
        code: "ISOPOD_LOAD",
        message: expect.stringMatching(/^bad .*isopod:limit/),
      });
    }
    expect(await arena.served()).toBe(true);
  });

  test("whose limit is the counter of its reductions, which the host lowers", async () => {
    await using arena = await Arena.open();
    const bytes = guest(`${RUN} ${LIMIT} (export "isopod:left" (global $limit))`);
    await expect(arena.runtime.load(bytes, { reductions: "none" })).rejects.toThrow(/isopod:limit and as isopod:left/);
    // Where the host counts, its own counter takes the name.
    await endsNormally(arena, bytes);
  });

  test("whose checks would make a function too expensive to compile", async () => {
    await using arena = await Arena.open();
    const stores = "(i32.store (i32.const 0) (i32.const 1))".repeat(300_000);
    const body = `(func (export "run") ${stores})`;
    await expect(arena.load(`${LIMIT} ${body}`)).rejects.toThrow(
      /has \d+ slots in all its blocks; a function may have/,
    );
    await arena.load(body);
  });
});

async function endsNormally(arena: Arena, bytes: Uint8Array): Promise<void> {
  expect(await arena.reason(await arena.attack(bytes))).toBe("normal");
}

/** How an actor of this module ends. */
async function endOf(body: string, reductions: "count" | "none"): Promise<string> {
  await using arena = await Arena.open();
  const pid = await arena.attack(guest(body), {}, { reductions });
  const reason = await arena.reason(pid);
  expect(await arena.served()).toBe(true);
  return reason;
}

const BEHIND = /^crashed: store limit: it wrote to memory that its allocator has not given out$/;
const store = (address: number) => `(i32.store (i32.const ${address}) (i32.const 1))`;

describe.each(["count", "none"] as const)("a module whose reductions are: %s", reductions => {
  test("writes up to its limit", async () => {
    expect(await endOf(`${LIMIT} (func (export "run") ${store(1024)})`, reductions)).toBe("normal");
  });

  test.each([
    ["a store", store(1025)],
    ["a bulk instruction", "(memory.fill (i32.const 1000) (i32.const 0) (i32.const 25))"],
    ["a store after it has lowered the limit and raised it again", `(global.set $limit (i32.const 0)) ${store(1025)}`],
    ["a store with an offset", "(i64.store offset=4294967295 (i32.const 1) (i64.const 1))"],
    ["a store of a function in a table", `(call_indirect (i32.const 0))`],
  ])("is told of a write behind its limit by %s", async (_, body) => {
    const more = `(table funcref (elem $f)) (func $f ${store(2000)})`;
    expect(await endOf(`${LIMIT} ${more} (func (export "run") ${body})`, reductions)).toMatch(BEHIND);
  });

  test("is not told of it where it reads behind its memory, or traps otherwise", async () => {
    const ends = [
      "(drop (i32.load (i32.const -1)))",
      "(unreachable)",
      "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
    ];
    for (const body of ends) {
      const reason = await endOf(`${LIMIT} (func (export "run") ${body})`, reductions);
      expect(reason).toMatch(/^crashed: /);
      expect(reason).not.toMatch(/limit/);
    }
  });

  test("reads what lies behind the limit", async () => {
    const body = `(if (i32.load (i32.const 65528)) (then (unreachable)))`;
    expect(await endOf(`${LIMIT} (func (export "run") ${body})`, reductions)).toBe("normal");
  });

  test("that catches everything catches no trap of a check", async () => {
    const body = `(try (do ${store(1025)}) (catch_all))`;
    expect(await endOf(`${LIMIT} (func (export "run") ${body})`, reductions)).toMatch(BEHIND);
  });
});

test("bytes that the engine refuses do not become a module by the locals of the checks", async () => {
  const valid = guest(`${LIMIT} (func (export "run") (local i32) (drop (local.get 0)) ${store(0)})`, undefined, PLAIN);
  // The local 1, which is that of the check.
  const at = valid.findIndex((byte, i) => byte === 0x20 && valid[i + 1] === 0 && valid[i + 2] === 0x1a);
  const invalid = valid.slice();
  invalid[at + 1] = 1;
  expect(WebAssembly.validate(invalid)).toBe(false);
  await expect(compileLimited("bad", invalid)).rejects.toThrow(WebAssembly.CompileError);
  await compileLimited("good", valid);
});

test("an engine that says no place of a trap leaves two reasons", () => {
  const places = new CrashPlaces(undefined, guest(RUN), [], new Copies(true));
  const crash = {
    kind: "crashed",
    message: "Unreachable code should not be executed",
    stack: "run@[wasm code]",
  } as const;
  expect(places.ofCrash(crash).message).toBe(
    "Unreachable code should not be executed, or store limit: it wrote to memory that its allocator has not given out",
  );
  expect(places.ofCrash({ ...crash, message: "Division by zero" }).message).toBe("Division by zero");
});
