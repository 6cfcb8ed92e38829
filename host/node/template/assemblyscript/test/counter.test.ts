import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { build, createRuntime, type Runtime } from "isopod/node";

let runtime: Runtime;

before(async () => {
  runtime = createRuntime();
  runtime.define("counter", await runtime.load(build("guest/counter.ts")));
  runtime.supervise({ children: [{ id: "counter", start: "counter", name: "counter" }] });
});
after(() => runtime.stop());

const ask = (request: string) => runtime.callText("counter", request);

test("the counter adds up", async () => {
  await ask("add 2");
  assert.equal(await ask("add 40"), "42");
});

test("after a crash the counter is restarted, and begins at 0", async () => {
  await assert.rejects(ask("double"), /not a request: double \(guest\/counter\.ts:11:\d+\)/);
  assert.equal(await ask("get"), "0");
});
