/** Guests that call every import at random are recorded, and each crash of one happens again. */
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ActorExit } from "../../host/index.ts";
import { recorder, replay } from "../../host/replay.ts";
import type { Event } from "../hostile/fuzz/calls.ts";
import { events, play, type Setting, setting } from "../hostile/fuzz/calls.ts";
import { inChunks, seconds } from "../hostile/fuzz/chunks.ts";

/** Where the recording goes that is not replayed as it should be, if a person wants it. */
const KEEP = process.env.ISOPOD_KEEP_RECORDING;

/** Depends on how much of the engine's stack there is. */
const OF_THE_STACK = /stack overflow|call stack|too much recursion/;

/** The same events without steps that ask how much of the engine's stack is left. */
const withoutBrinks = (given: readonly Event[]): Event[] =>
  given.map(event =>
    event.do === "spawn"
      ? { ...event, script: { ...event.script, steps: event.script.steps.filter(({ name }) => name !== "brink") } }
      : event,
  );

const replayed = { crashes: 0, bytes: 0 };

async function recordAndReplay(given: Event[], where: Setting): Promise<void> {
  const exits: ActorExit[] = [];
  const record = recorder({ modules: ["resume", "handler", "early"], bytes: 4_096 });
  await play(withoutBrinks(given), where, { record, onExit: exit => exits.push(exit) });
  for (const { recording, reason } of exits) {
    if (recording === undefined || reason.kind !== "crashed" || OF_THE_STACK.test(reason.message)) continue;
    const file = recording.bytes();
    try {
      const played = (await replay(file)).play();
      expect(played.reason).toMatchObject({ kind: "crashed", message: reason.message });
      expect(played.isSameMemory).toBe(true);
    } catch (error) {
      if (KEEP !== undefined) writeFileSync(KEEP, file);
      throw error;
    }
    replayed.crashes++;
    replayed.bytes += file.length;
  }
}

test(
  "crashes of random guests happen again",
  async () => {
    await inChunks(fc.asyncProperty(events, setting, recordAndReplay));
    if (KEEP !== undefined) console.log(replayed);
    expect(replayed.crashes).toBeGreaterThan(0);
  },
  seconds * 1000 + 120_000,
);
