/**
 * The stack may end in any call of a turn, in that of a guest's `spawn` too. Then the actor ends, as
 * with any crash. No other one is made by half or loses a byte, and no instance has two actors.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as law } from "@fast-check/vitest";
import { beforeAll, expect, test } from "vitest";
import { fallingKernel } from "../support/falling-kernel.ts";
import { readMailbox } from "../support/kernel-memory.ts";
import { LifePlayer } from "../support/life-player.ts";
import { type Act, type LifeStep, lifeStep, sizes } from "../support/life-steps.ts";
import * as W from "../support/words.ts";

let copy: Awaited<ReturnType<typeof fallingKernel>>;

beforeAll(async () => {
  copy = await fallingKernel(join(tmpdir(), `isopod-falling-lives-${process.pid}-${Date.now()}`), true);
});

/** Functions of guests, which may use what headroom there was. It is there again when they return. */
const OF_GUESTS = ["callStart", "callResume"];

function newPlayer(most: readonly number[]): LifePlayer {
  const { kernel, stack } = copy;
  Object.assign(stack, { calls: 0, endsAt: 0, isSafe: false });
  const player = new LifePlayer(most, kernel, (name, call) => {
    const before = stack.isSafe;
    if (OF_GUESTS.includes(name)) stack.isSafe = false;
    if (!stack.isSafe && ++stack.calls === stack.endsAt) {
      Object.assign(stack, { ended: name, endedIn: "outside.ts" });
      throw new RangeError(`the stack ends in ${name}`);
    }
    const answer = call();
    stack.isSafe = before || name === "hostHeadroom";
    return answer;
  });
  player.onHost = () => {
    stack.endsAt = 0;
  };
  return player;
}

/** Plays a step whose n-th call finds no stack left. False: it has fewer calls. */
function fallIn(player: LifePlayer, step: LifeStep, call: number): boolean {
  const { stack } = copy;
  const { world, host } = player;
  // All else is the host's, which has made sure of its stack.
  Object.assign(stack, { calls: 0, endsAt: step.do === "run" ? call : 0, ended: undefined, endedIn: undefined });
  try {
    player.play(step);
    return false;
  } catch (error) {
    if (!(error instanceof RangeError) || stack.ended === undefined) throw error;
  } finally {
    stack.endsAt = 0;
  }
  const failed = host.live.find(({ record }) => record === world.get(W.CURRENT));
  if (failed === undefined) return true;
  const { items } = readMailbox(world.memory, failed.record);
  // It may have taken an item.
  if (items.length === failed.mailbox.length - 1) failed.mailbox.shift();
  host.end(failed, true);
  return true;
}

const mayFall = ({ do: what }: Act) => !["send", "monitor", "link", "kill"].includes(what);

/** Messages and ties are not made by half either, as stack.test.ts says. */
const step = lifeStep.map(given =>
  given.do === "run"
    ? { ...given, turns: given.turns.map(turn => ({ ...turn, acts: turn.acts.filter(mayFall) })) }
    : given,
);

law.prop([sizes, fc.array(fc.tuple(step, fc.integer({ min: 1, max: 120 })), { maxLength: 50, size: "max" })], {
  numRuns: 100,
})("wherever the stack ends, actors are whole, and each instance has one", (most, steps) => {
  const player = newPlayer(most);
  for (const [given, call] of steps) {
    fallIn(player, given, call);
    player.check();
  }
  player.endAll();
});

const spawns = (flags: number, args: number): Act => ({ do: "spawn", child: 0, flags, args });
const run = (...acts: Act[]): LifeStep => ({ do: "run", turns: [{ acts, stops: "parks" }] });
const returns: LifeStep = { do: "run", turns: [{ acts: [], stops: "returns" }] };
const post: LifeStep = { do: "post", to: 0, length: 9 };

/** Two actors of a pool with one instance, which spawn, are preempted, and end. */
const SCRIPT: readonly LifeStep[] = [
  { do: "refs", many: 9 },
  { do: "found", spec: 0, args: 5 },
  run({ do: "trap", on: 1 }, { do: "write", at: 5, length: 9 }, { do: "global", which: 1, value: 8 }),
  post,
  run(spawns(1, 9), spawns(2, 0), spawns(0, 30)),
  run({ do: "write", at: 5, length: 9 }),
  returns,
  post,
  { do: "run", turns: [{ acts: [{ do: "write", at: 700, length: 9 }], stops: "yields" }] },
  run(),
  run(spawns(2, 100)),
  returns,
  returns,
];

/**
 * What no guest calls: the loop makes sure of headroom for all of it. `runTimed` is `run` with a clock. And
 * the last steps of a spawn are no calls.
 */
const NOT_REACHED = [
  ...["end.ts end", "end.ts note", "end.ts isPlain", "end.ts endTie", "end.ts tellWatcher", "end.ts signal"],
  ...["loop.ts runTimed", "loop.ts turnOf"],
  ...["pool.ts settle", "pool.ts vacate", "pool.ts mayLeave", "pool.ts free", "pool.ts isLeft"],
  ...["residence.ts enter", "residence.ts changedIn", "residence.ts leave", "residence.ts leaveNothing"],
  "residence.ts recycle",
  ...["restore.ts beginIn", "restore.ts loadImage", "restore.ts exchange", "restore.ts reset", "restore.ts resetSaved"],
  ...["restore.ts putLinesOf", "restore.ts putRoot", "restore.ts putZeros"],
  ...["turn.ts turn", "turn.ts start", "turn.ts turnOfHandler", "turn.ts handleLong"],
];

test("it can end in each function of a turn", () => {
  const ended = new Set<string>();
  SCRIPT.forEach((given, index) => {
    for (let call = 1, falls = given.do === "run"; falls; call++) {
      const player = newPlayer([1, 1]);
      for (const before of SCRIPT.slice(0, index)) player.play(before);
      falls = fallIn(player, given, call);
      ended.add(`${copy.stack.endedIn} ${copy.stack.ended}`);
      player.check();
      for (const each of SCRIPT.slice(index)) player.play(each);
      player.check();
      player.endAll();
    }
  });
  const files = ["end.ts", "loop.ts", "pool.ts", "residence.ts", "restore.ts", "spawn.ts", "turn.ts"];
  const missing = copy.functions.filter(([name, file]) => files.includes(file) && !ended.has(`${file} ${name}`));
  expect(missing.map(([name, file]) => `${file} ${name}`)).toEqual(NOT_REACHED);
  for (const name of ["callStart", "callResume", "hostHeadroom", "hostCall"])
    expect(ended).toContain(`outside.ts ${name}`);
});
