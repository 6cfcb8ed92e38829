/** Pools and ends, case by case. */
import { expect, test } from "vitest";
import { LifePlayer } from "../support/life-player.ts";
import type { Act, LifeStep } from "../support/life-steps.ts";
import * as W from "../support/words.ts";

const found: LifeStep = { do: "found", spec: 0, args: 0 };
const run = (...acts: Act[]): LifeStep => ({ do: "run", turns: [{ acts, stops: "parks" }] });
const post = (to: number): LifeStep => ({ do: "post", to, length: 1 });

function played(sizes: readonly number[], ...steps: LifeStep[]): LifePlayer {
  const player = new LifePlayer(sizes);
  for (const step of steps) {
    player.play(step);
    player.check();
  }
  return player;
}

/** Which actors are resident, in the order in which they began. */
const residents = ({ host }: LifePlayer) => host.live.map(({ record }) => host.isResident(record));

test("who has had a turn since is passed over when an actor has to leave", () => {
  const player = played([3, 1], found, run(), found, run(), found, run(), found, run());
  expect(residents(player).filter(isResident => isResident).length).toBe(3);
  const gone = residents(player).indexOf(false);
  const [used, ...others] = [0, 1, 2].filter(which => which !== gone);
  for (const step of [post(used), run(), found, run()]) player.play(step);
  player.check();
  const now = residents(player);
  expect([now[used], now[others[0]], now[3], now[4]]).toEqual([true, false, true, true]);
  player.endAll();
});

test("an actor whose memory has grown keeps its instance, and another finds none", () => {
  const player = played([1, 1], found, run({ do: "grow" }), found);
  player.play(run());
  player.check();
  // The host ends it.
  expect(player.host.endings.length).toBe(1);
  expect(residents(player)).toEqual([true]);
  player.endAll();
});

test("an end with many watchers is told in part, and the host tells the others, each once", () => {
  const spawns: Act = { do: "spawn", child: 0, flags: 0, args: 0 };
  const player = played([1, 1], found, run(spawns), run());
  const { host, ties, world } = player;
  const [watcher, watched] = host.live;
  for (let i = 0; i < 70; i++) {
    expect(world.enterKernel().watch(watcher.record, watched.record, -7001 - 2 * i)).toBe(true);
    ties.add(W.MONITOR, watcher.slot, watched.slot, -7001 - 2 * i);
  }
  player.play(post(1));
  player.play({ do: "run", turns: [{ acts: [], stops: "returns" }] });
  host.toldInPart(watched);
  player.check();
  expect([host.endings.length, watcher.mailbox.length]).toEqual([1, 64]);
  player.play({ do: "tell", many: 1 });
  player.check();
  expect(watcher.mailbox.map(({ ref }) => ref)).toEqual(Array.from({ length: 70 }, (_, i) => -7001 - 2 * i));
  player.endAll();
});
