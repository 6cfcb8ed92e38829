/**
 * The stack may end in any call while an actor is saved, loaded or reset. An instance that is marked
 * clean then has nothing of any actor, and no actor loses a byte.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as law } from "@fast-check/vitest";
import { beforeAll, expect, test } from "vitest";
import { fallingKernel } from "../support/falling-kernel.ts";
import { type Guest, ImagePlayer, type ImageStep, isSameState } from "../support/image-player.ts";
import { firstState, guestIn, imageStep } from "../support/image-steps.ts";
import { word } from "../support/kernel-memory.ts";
import * as I from "../support/words.ts";

let copy: Awaited<ReturnType<typeof fallingKernel>>;

beforeAll(async () => {
  copy = await fallingKernel(join(tmpdir(), `isopod-falling-images-${process.pid}-${Date.now()}`));
});

function newPlayer(first: Guest): ImagePlayer {
  const { kernel, stack } = copy;
  Object.assign(stack, { calls: 0, endsAt: 0 });
  const player = new ImagePlayer(first, kernel);
  player.onHeadroom = () => {
    stack.isSafe = true;
  };
  player.onGlobals = () => {
    if (++stack.calls !== stack.endsAt) return;
    stack.ended = "callGlobals";
    throw new RangeError("the stack ends in callGlobals");
  };
  return player;
}

/** Plays a step whose n-th call finds no stack left. Answers where the stack has ended; undefined: nowhere. */
function fallIn(player: ImagePlayer, step: ImageStep, call: number): string | undefined {
  const { stack } = copy;
  const instance = player.instances[step.of];
  const before = instance.actor;
  const hibernated = [...player.hibernated];
  Object.assign(stack, { calls: 0, endsAt: call, ended: undefined });
  try {
    player.play(step);
  } catch (error) {
    if (!(error instanceof RangeError) || stack.ended === undefined) throw error;
  } finally {
    stack.endsAt = 0;
  }
  if (stack.ended === undefined) return undefined;
  const isClean = word(player.memory, instance.at + I.CONDITION) === I.CLEAN;
  if (isClean) {
    const state = player.states.get(word(player.memory, instance.at + I.IN_STATE));
    expect(state !== undefined && isSameState(instance.memory, instance.globals, state)).toBe(true);
  } else if (instance.actor === undefined) {
    // Whose bytes may be in it: the actor that left, or the one that came.
    const last = before ?? (step.do === "enter" ? hibernated[step.which % hibernated.length][1] : undefined);
    const [spawned] = step.do === "spawn" ? [[...player.states.values()][step.which % player.states.size]] : [];
    // As `recycle` does.
    player.port(step.of).reset(instance.at, (last ?? spawned)?.limit ?? 0);
  }
  return stack.ended;
}

law.prop([firstState, fc.array(fc.tuple(imageStep, fc.integer({ min: 1, max: 12 })), { maxLength: 60, size: "max" })], {
  numRuns: 40,
})("wherever the stack ends, actors are whole and instances are reset", (first, steps) => {
  const player = newPlayer(guestIn(first));
  for (const [step, call] of steps) {
    fallIn(player, step, call);
    player.check();
    player.play(step);
    player.check();
  }
});

/** Two modules of which one is derived, and an actor of each in one instance. */
const SCRIPT: readonly ImageStep[] = [
  { do: "spawn", of: 0, which: 0 },
  { do: "write", of: 0, at: 3000, bytes: new Uint8Array(100).fill(1) },
  { do: "global", of: 0, which: 3, value: 7 },
  { do: "derive", of: 0 },
  { do: "saveOnly", of: 0 },
  { do: "keepOnly", of: 0 },
  { do: "leave", of: 0 },
  { do: "spawn", of: 0, which: 1 },
  { do: "write", of: 0, at: 20, bytes: new Uint8Array(100).fill(2) },
  { do: "leave", of: 0 },
  { do: "enter", of: 0, which: 0 },
  { do: "end", of: 0 },
  { do: "enter", of: 0, which: 0 },
  { do: "end", of: 0 },
];

test("it can end in each function of images", () => {
  const first: Guest = {
    bytes: new Uint8Array(65_536).fill(9, 70, 900),
    globals: [1, 2, 3, 4, 5],
    limit: 0,
    scratch: 0,
  };
  const ended = new Set<string>();
  SCRIPT.forEach((given, index) => {
    for (let call = 1, falls = true; falls; call++) {
      const player = newPlayer(first);
      for (const before of SCRIPT.slice(0, index)) player.play(before);
      const where = fallIn(player, given, call);
      player.check();
      falls = where !== undefined;
      if (where !== undefined) ended.add(where);
    }
  });
  const ofImages = ["first-state.ts", "globals.ts", "image.ts", "restore.ts"];
  const missing = copy.functions.filter(([name, file]) => ofImages.includes(file) && !ended.has(name));
  expect(missing).toEqual([]);
  expect(ended).toContain("callGlobals");
});

test("globals that an interrupted load leaves beyond the store limit are removed", () => {
  const first: Guest = { bytes: new Uint8Array(65_536), globals: new Array(100).fill(1), limit: 0, scratch: 0 };
  const steps: readonly ImageStep[] = [
    { do: "spawn", of: 0, which: 0 },
    { do: "global", of: 0, which: 90, value: 7 },
    { do: "leave", of: 0 },
  ];
  for (let call = 1, falls = true; falls; call++) {
    const player = newPlayer(first);
    for (const step of steps) player.play(step);
    falls = fallIn(player, { do: "enter", of: 0, which: 0 }, call) !== undefined;
    player.check();
  }
});
