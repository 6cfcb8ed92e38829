/**
 * The smoke suite in every engine that is here. The others are skipped, and say what installs them.
 * `npm run engines` installs all of them and runs these tests.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crashesOfExamples, crashesOfScenarios } from "../support/crashes.ts";
import { buildGuest } from "../support/guests.ts";
import { ROOT } from "../support/pages.ts";
import { bundleOf } from "./bundle.ts";
import { engines } from "./engines.ts";
import { summaryOf } from "./main.ts";

let folder: string;
let script: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isopod-engines-"));
  const wasm = {
    handler: await buildGuest("examples", "pong-handler", "asyncify"),
    asyncify: await buildGuest("guests", "smoke", "asyncify", "count"),
    jspi: await buildGuest("guests", "smoke", "jspi"),
    engine: await readFile(join(ROOT, "host/js/engine.wasm")),
  };
  const texts = Object.entries(wasm).map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);
  const main = JSON.stringify(join(ROOT, "test/engines/main.ts"));
  const [guests, recordings] = [Object.fromEntries(texts), await recordingsAsTexts()].map(each => JSON.stringify(each));
  const source = `import { run } from ${main};\nawait run(${guests}, ${recordings});\n`;
  script = await bundleOf(source, folder, "smoke");
});
afterAll(() => rm(folder, { recursive: true }));

/** One crash of each example and of each guest of the benchmarks, recorded here. */
async function recordingsAsTexts(): Promise<string[]> {
  const crashes = [await crashesOfExamples(), await crashesOfScenarios()].flatMap(each => each.ofEach);
  return crashes.map(recording => Buffer.from(recording.bytes()).toString("base64"));
}

describe.each(engines)("$name", ({ path, installedBy, run }) => {
  test.skipIf(path === undefined)(
    path === undefined ? `is not here: ${installedBy}` : "does all of the smoke suite, or refuses isopod in words",
    async () => {
      const report = await run(script);
      const { hasMemories, outcomes } = report;
      console.info(summaryOf(report));
      const failed = outcomes.filter(({ error }) => error !== undefined);
      if (hasMemories) expect(failed).toEqual([]);
      else {
        const refusals = outcomes.filter(({ skipped }) => skipped === undefined).map(({ error }) => error);
        expect(refusals.filter(error => !/^EngineError: isopod needs .*several memories/.test(error ?? ""))).toEqual(
          [],
        );
      }
    },
    300_000,
  );
});
