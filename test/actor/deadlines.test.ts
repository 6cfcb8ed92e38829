/** The deadline of a receive holds, even if its actor is woken before. */
import { expect, test } from "vitest";
import { hasJspi } from "../../host/module/engine.ts";
import { type PlayerWay, Stage, step, wordsOf } from "../support/player.ts";

const ways: PlayerWay[] = hasJspi() ? ["jspi", "resume"] : ["resume"];
const TIMED_OUT = -1;

/** The notes that have come; undefined where none have. */
function noted(stage: Stage): number[] | undefined {
  const item = stage.boss.poll();
  return item?.kind === "message" ? wordsOf(item.bytes) : undefined;
}

test.each(ways)(
  "an actor of the way %s that finds nothing it wants when it parks still has its deadline",
  async way => {
    await using stage = new Stage();
    // What it sends itself before it parks gives it another turn, in vain.
    await stage.play(way, [step.recvTag(50, 7), step.sendSelf(3, 0, 4), step.park(), step.flush()]);
    await stage.settle();
    await stage.clock.advance(49);
    expect(noted(stage)).toBeUndefined();
    await stage.clock.advance(1);
    expect(noted(stage)).toEqual([-2, 1, TIMED_OUT]);
  },
);

test.each(ways)("an actor of the way %s that is woken in vain times out when it would have without", async way => {
  await using stage = new Stage();
  const pid = await stage.play(way, [step.recvTag(50, 7), step.await(), step.flush()]);
  await stage.settle();
  for (let ms = 0; ms < 50; ms += 10) {
    expect(noted(stage)).toBeUndefined();
    stage.boss.send(pid, "not this one", { tag: 3 });
    await stage.clock.advance(10);
  }
  expect(noted(stage)).toEqual([TIMED_OUT]);
});
