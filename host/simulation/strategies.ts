/**
 * Strategies: which of the things that can happen next does. Each finds other bugs first, so the seeds take
 * them in turns. Time and faults are rare: with equal weight for time, most of what a program does is never
 * reached.
 */
import { slotOf } from "../wire/pid.ts";
import { SeededRandom } from "./random.ts";
import type { Option } from "./world.ts";

/** Says which of several options is taken. */
export interface Chooser {
  /** There are at least two. */
  choose(options: readonly Option[]): number;
}

/** What the runtime itself would do. */
export const ordinary: Chooser = { choose: () => 0 };

/** Plays a list of choices; behind its end, what the runtime itself would do. */
export class Given implements Chooser {
  readonly #choices: readonly number[];
  #at = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  choose(options: readonly Option[]): number {
    return (this.#choices[this.#at++] ?? 0) % options.length;
  }
}

/** The chance that time passes although something else can happen. */
const TIME_EARLY = 0.05;
/** A run is unfair to some actors for at most so many choices, so that those who wait for them do not wait for ever. */
const MOST_UNFAIR = 2_000;

/** What an option concerns: the same actor or the same pair has the same number. */
function entityOf(option: Option): number {
  if (option.kind === "arrival") {
    const [{ fromLo, to }] = option.lane;
    return (slotOf(fromLo) + 1) * 2 ** 21 + slotOf(to.lo) * 2 + 1;
  }
  return option.kind === "turn" ? slotOf(option.lo) * 2 : -1;
}

/** The actor whose mailbox or turn an option concerns. */
function receiverOf(option: Option): number {
  if (option.kind === "arrival") return option.lane[0].to.record;
  return option.kind === "turn" ? option.record : 0;
}

export const STRATEGIES = ["random", "pct", "pos"] as const;
export type StrategyName = (typeof STRATEGIES)[number];

/**
 * One seed's choices. When kills are allowed, their moments are drawn at first, over the length of the
 * ordinary run. Otherwise nearly all of them would come early.
 */
export class Seeded implements Chooser {
  readonly #random: SeededRandom;
  readonly #kills: number[];
  readonly #pick: (options: readonly Option[], count: number) => number;
  #count = 0;

  /** @param length choices of the ordinary run */
  constructor(seed: number, strategy: StrategyName, length: number, kills: number) {
    this.#random = new SeededRandom(seed);
    const expected = Math.max(8, Math.ceil(length * 1.25));
    this.#kills = Array.from({ length: kills }, () => this.#random.below(expected)).sort((a, b) => a - b);
    if (strategy === "pct") this.#pick = pct(this.#random, expected);
    else if (strategy === "pos") this.#pick = pos(this.#random);
    else this.#pick = (_, count) => this.#random.below(count);
  }

  choose(options: readonly Option[]): number {
    const first = options.findIndex(({ kind }) => kind === "kill");
    const count = this.#count++;
    if (first >= 0 && count >= (this.#kills[0] ?? Number.POSITIVE_INFINITY)) {
      this.#kills.shift();
      return first + this.#random.below(options.length - first);
    }
    const tame = first < 0 ? options.length : first;
    // Time is the last thing before kills.
    const common = options[tame - 1].kind === "time" ? tame - 1 : tame;
    if (common === 0) return 0;
    if (common < tame && this.#random.next() < TIME_EARLY) return common;
    if (common === 1) return 0;
    return count < MOST_UNFAIR ? this.#pick(options, common) : this.#random.below(common);
  }
}

/** Probabilistic concurrency testing: priorities, of which a few fall at random moments. It finds bugs of that depth. */
function pct(random: SeededRandom, length: number) {
  const changes = new Set(Array.from({ length: 1 + random.below(3) }, () => random.below(length)));
  const priorities = new Map<number, number>();
  let lowest = 0;
  let count = 0;
  let last = 0;
  const fall = (entity: number) => priorities.set(entity, --lowest);
  const best = (options: readonly Option[], common: number): number => {
    let found = 0;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < common; i++) {
      const entity = entityOf(options[i]);
      let priority = priorities.get(entity);
      if (priority === undefined) {
        priority = random.next();
        priorities.set(entity, priority);
      }
      if (priority > highest) [found, highest] = [i, priority];
    }
    return found;
  };
  return (options: readonly Option[], common: number): number => {
    let found = best(options, common);
    const entity = entityOf(options[found]);
    // An actor that has had its turn and is ready again gives way: it may wait for others in a loop.
    if (changes.has(count++) || (entity === last && options[found].kind === "turn")) {
      fall(entity);
      found = best(options, common);
    }
    last = entityOf(options[found]);
    return found;
  };
}

/** Partial order sampling: each event has a random priority, and those that race with what happened get another one. */
function pos(random: SeededRandom) {
  const priorities = new Map<number, number>();
  return (options: readonly Option[], common: number): number => {
    let found = 0;
    let highest = -1;
    for (let i = 0; i < common; i++) {
      const entity = entityOf(options[i]);
      let priority = priorities.get(entity);
      if (priority === undefined) {
        priority = random.next();
        priorities.set(entity, priority);
      }
      if (priority > highest) [found, highest] = [i, priority];
    }
    const receiver = receiverOf(options[found]);
    for (let i = 0; i < common; i++) {
      if (receiverOf(options[i]) === receiver) priorities.delete(entityOf(options[i]));
    }
    return found;
  };
}
