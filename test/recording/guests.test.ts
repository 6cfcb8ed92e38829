/** Every example and every guest of the benchmarks, killed by a trap, dies the same death in a replay. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readFile } from "../../host/recording/file.ts";
import { replay } from "../../host/replay.ts";
import { GUEST_FOLDERS } from "../support/compile-guests.ts";
import { type Crashes, crashesOfExamples, crashesOfScenarios } from "../support/crashes.ts";

const sources = (folder: string): string[] =>
  readdirSync(folder)
    .filter(name => name.endsWith(".ts"))
    .map(name => name.slice(0, -".ts".length));

/** Replays all. Answers the modules of which one has crashed. */
async function replayed(crashes: Crashes): Promise<string[]> {
  const modules = new Set<string>();
  for (const recording of crashes.all) {
    const file = recording.bytes();
    const { module } = readFile(file).header;
    const played = (await replay(file)).play();
    expect(played, module.name).toMatchObject({ isSame: true, isSameMemory: true });
    expect(played.reason, module.name).toMatchObject({ message: (played.recorded as { message: string }).message });
    modules.add(module.name);
  }
  return [...modules].sort();
}

test("each example does", async () => {
  const played = await replayed(await crashesOfExamples());
  const missing = sources(fileURLToPath(GUEST_FOLDERS.examples)).filter(name => !played.includes(name));
  expect(missing).toEqual([]);
});

test("each guest of the benchmarks does", async () => {
  const folder = fileURLToPath(new URL("../../bench/guests", import.meta.url));
  const played = await replayed(await crashesOfScenarios());
  // It is preempted, and has a runtime of its own.
  expect(sources(folder).filter(name => !played.includes(name))).toEqual(["spinner"]);
});
