import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { build, createRuntime, type Runtime } from "isopod/node";

let runtime: Runtime;

before(async () => {
  const [counter] = await build(["guest/counter.ts"]);
  runtime = createRuntime();
  runtime.define("counter", await runtime.load(counter));
  runtime.supervise({ children: [{ id: "counter", start: "counter", name: "counter" }] });
});
after(() => runtime.stop());

async function ask(request: string): Promise<string> {
  return runtime.callText("counter", request);
}

test("the counter adds up", async () => {
  await ask("add 2");
  assert.equal(await ask("add 40"), "42");
});

test("after a crash the counter is restarted, and begins at 0", async () => {
  await assert.rejects(ask("double"), /not a request: double \(guest\/counter\.ts:11:\d+\)/);
  assert.equal(await ask("get"), "0");
});
