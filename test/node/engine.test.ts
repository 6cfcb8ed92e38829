/** What a host program is told about its engine: a flag that helps there, or nothing. */
import { describe, expect, test } from "vitest";
import { adviceFor } from "../../host/node/engine.ts";

const inNode = { versions: { node: "26.10.0" }, env: {}, hasFlag: false };
const inBun = { versions: { node: "26.3.0", bun: "1.4.5" }, env: {}, hasFlag: false };
const inDeno = { versions: { node: "26.3.0", deno: "2.9.6" }, env: {}, hasFlag: false };

describe("the advice about memories", () => {
  test("is the flag in Node, until it is given", () => {
    expect(adviceFor(inNode, 12_000)).toMatch(
      /at most 12000 instances fit: start node with --disable-wasm-trap-handler$/,
    );
    expect(adviceFor({ ...inNode, hasFlag: true }, 12_000)).toBeUndefined();
  });

  test("is the variable in Bun, and never Node's flag", () => {
    expect(adviceFor(inBun, 12_000)).toMatch(/start bun with BUN_JSC_useWasmFastMemory=0 in the environment$/);
    expect(adviceFor({ ...inBun, env: { BUN_JSC_useWasmFastMemory: "1" } }, 12_000)).toMatch(/BUN_JSC/);
    expect(adviceFor({ ...inBun, env: { BUN_JSC_useWasmFastMemory: "0" } }, 12_000)).toBeUndefined();
  });

  test("is none in Deno, whose V8 does not know the flag", () => {
    expect(adviceFor(inDeno, 12_000)).toBeUndefined();
  });
});
