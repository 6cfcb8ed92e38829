/** The date, the time and random numbers of scripts are the host's: by its clock and its random, and exact. */
import { expect, test } from "vitest";
import { ManualClock } from "../../host/test.ts";
import { newRuntime } from "../support/runtimes.ts";
import { functionsOf } from "../support/scripts.ts";

const source = `export const times = () => [Date.now(), new Date().toISOString(), performance.now(), performance.timeOrigin];
  export const random = () => [Math.random(), Math.random()];
  export const bytes = count => crypto.getRandomValues(new Uint8Array(count));
  export const early = [Date.now(), Math.random()];
  export const before = () => early;`;

interface Script {
  times(): [number, string, number, number];
  random(): [number, number];
  bytes(count: number): Uint8Array;
  before(): [number, number];
}

class Dated extends ManualClock {
  readonly date = () => Date.UTC(2030, 0, 1) + this.now();
}

test("with the grant, dates are the clock's, to the millisecond", async () => {
  const clock = new Dated();
  const runtime = newRuntime({ clock });
  const script = await functionsOf<Script>(runtime, source);
  clock.jump(1234.5);
  expect(await script.times()).toEqual([
    Date.UTC(2030, 0, 1) + 1234,
    "2030-01-01T00:00:01.234Z",
    1234.5,
    Date.UTC(2030, 0, 1),
  ]);
});

test("the system's clock gives the system's date", async () => {
  const { systemClock } = await import("../../host/time/clock.ts");
  const before = Date.now();
  const script = await functionsOf<Script>(newRuntime({ clock: systemClock }), source);
  const [now] = await script.times();
  expect(now).toBeGreaterThanOrEqual(before - 50);
  expect(now).toBeLessThanOrEqual(Date.now() + 50);
});

test("while a script is loaded there is neither date nor randomness", async () => {
  const clock = new Dated();
  clock.jump(5);
  const numbers = await Promise.all(
    [1, 2].map(async () => (await functionsOf<Script>(newRuntime({ clock }), source)).before()),
  );
  expect(numbers[0][0]).toBe(0);
  expect(numbers[1]).toEqual(numbers[0]);
});

test("random numbers are the runtime's: the same in each runtime with the same source, and others in each actor", async () => {
  const seeded = () => {
    let state = 1;
    return () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
  };
  const drawn = async () => {
    const runtime = newRuntime({ random: seeded() });
    const scripts = [await functionsOf<Script>(runtime, source), await functionsOf<Script>(runtime, source)];
    const numbers = [];
    for (const script of scripts) numbers.push(await script.random(), await script.bytes(10));
    return numbers;
  };
  const [first, second] = [await drawn(), await drawn()];
  expect(second).toEqual(first);
  expect(first[2]).not.toEqual(first[0]);
});

test("all bits of random bytes are random", async () => {
  const script = await functionsOf<Script>(newRuntime(), source);
  const bytes = await script.bytes(8000);
  for (let place = 0; place < 8; place++) {
    for (let bit = 0; bit < 8; bit++) {
      const ones = bytes.filter((byte, at) => at % 8 === place && (byte >> bit) & 1).length;
      // Of 1,000 draws: within 6 standard deviations.
      expect(Math.abs(ones - 500)).toBeLessThan(95);
    }
  }
});
