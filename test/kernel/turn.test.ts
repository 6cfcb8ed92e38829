/** What turns and receives of the kernel leave to the host, case by case. */
import { describe, expect, test } from "vitest";
import { me } from "../../host/kernel/self.ts";
import { HostBlocks } from "../support/host-blocks.ts";
import { kernel } from "../support/kernel-functions.ts";
import { kernelMemory, readQueue, setWord, word } from "../support/kernel-memory.ts";
import * as W from "../support/words.ts";

/** The record of the actor that is staged. */
let staged = 0;

/** One actor in a kernel, whose turn it is. `deliver` brings it a message. */
function stage(flags: number, outside: Parameters<typeof kernel.useOutside>[0] = {}) {
  const memory = kernelMemory();
  const guest = new WebAssembly.Memory({ initial: 1 });
  const calls: string[] = [];
  const note = (name: string) => () => calls.push(name);
  kernel.useMemories(memory, guest);
  const get = (address: number) => word(memory, address);
  const set = (address: number, value: number) => setWord(memory, address, value);
  kernel.useOutside({
    ...{ hostCall: note("call"), hostGrown: () => undefined, hostHeadroom: () => undefined },
    ...{ callTurn: given => kernel.turn(given), hostDisarm: note("disarm"), hostSeed: () => undefined, ...outside },
  });
  const record = kernel.open();
  staged = record;
  kernel.become(record);
  set(record + W.BODY, new HostBlocks(memory, kernel).instance);
  set(
    record + W.FLAGS,
    W.TAKES_TURNS | W.RESIDENT | W.TAKES_MESSAGES | W.STARTED | W.HAS_MATCH | W.HAS_MATCH_FIRST | flags,
  );
  for (const limit of [W.MAX_MESSAGES, W.MAX_BYTES, W.MAX_MESSAGE_BYTES]) set(record + limit, 1 << 30);
  const deliver = (tag: number, length: number) => kernel.deliver(record, W.MESSAGE, tag, 1, 1, 0, 0, length, 0, false);
  const mine = (field: number) => get(record + field);
  return { memory, guest, record, calls, get, set, mine, deliver };
}

const PROCESS = W.MAY_PARK | W.KNOWS_PARK;

describe("a handler", () => {
  test("that leaves an item which is longer than its window crashes, and its last item stays", () => {
    const left: number[] = [];
    const { deliver, mine } = stage(W.IS_HANDLER, {
      callHandle: () => undefined,
      hostLeft: length => {
        left.push(length);
        throw new Error("crashed");
      },
    });
    deliver(1, 40);
    expect(() => kernel.turn(staged)).toThrow("crashed");
    expect(left).toEqual([40]);
    expect(mine(W.COUNT)).toBe(1);
  });

  test("that takes such an item with a window of its own has the next one in its old window", () => {
    const lengths: number[] = [];
    const { deliver, mine } = stage(W.IS_HANDLER, {
      callHandle: length => {
        lengths.push(length);
        if (length > 0) expect(kernel.recv(64, 1000, 100, -1)).toBe(length);
      },
    });
    for (const length of [40, 0, 50, 0]) deliver(1, length);
    expect(kernel.turn(staged)).toBe(W.NOTHING);
    expect(lengths).toEqual([40, 0, 50, 0]);
    expect(mine(W.STATE)).toBe(W.PARKED);
    expect(mine(W.CAPACITY)).toBe(0);
  });

  test("goes to the end of the queue after as many items as a turn has", () => {
    let handled = 0;
    const { deliver, memory, record, mine } = stage(W.IS_HANDLER, { callHandle: () => void handled++ });
    for (let i = 0; i < W.TURN_ITEMS + 10; i++) deliver(1, 0);
    kernel.turn(staged);
    expect(handled).toBe(W.TURN_ITEMS);
    expect(readQueue(memory)).toEqual([record]);
    expect(mine(W.COUNT)).toBe(10);
  });

  test("that ends in the middle of its turn is left to the host, with its other items", () => {
    const { deliver, mine, set, record } = stage(W.IS_HANDLER, {
      callHandle: () => set(record + W.RESTRAINT, W.EXITING),
    });
    deliver(1, 0);
    deliver(1, 0);
    expect(kernel.turn(staged)).toBe(W.STOPPED);
    expect(mine(W.COUNT)).toBe(1);
  });
});

describe("a predicate", () => {
  const asked = (outside: Parameters<typeof kernel.useOutside>[0]) => {
    const on = stage(PROCESS, { callMatch: () => 0, ...outside });
    kernel.begin(me);
    for (let i = 0; i < 5; i++) on.deliver(i, 8);
    return on;
  };

  test.each([4, 39, 41, 5 * 40, 1 << 20])("whose match_first answers %i, where no item begins, crashes", place => {
    const { mine } = asked({
      callMatchFirst: () => place,
      hostAstray: () => {
        throw new Error("astray");
      },
    });
    expect(() => kernel.recvMatch(64, 1000, 1000, -1, 1)).toThrow("astray");
    expect(mine(W.COUNT)).toBe(5);
  });

  test("in which its actor was ended does not take what it wants", () => {
    const on: ReturnType<typeof stage> = asked({
      callMatch: () => {
        on.set(on.record + W.RESTRAINT, W.EXITING);
        return 1;
      },
      hostDoomed: () => {
        throw new Error("doomed");
      },
    });
    expect(() => kernel.recvMatch(64, 1000, 1000, -1, 1)).toThrow("doomed");
    expect(on.mine(W.COUNT)).toBe(5);
  });

  test("is asked about 256 KiB in a turn, and goes on where it stopped", () => {
    let asks = 0;
    const { deliver, mine, memory, record } = stage(PROCESS, { callMatch: () => +(++asks < 0) });
    kernel.begin(me);
    setWord(memory, record + W.FLAGS, mine(W.FLAGS) & ~W.HAS_MATCH_FIRST);
    for (let i = 0; i < 100; i++) deliver(0, 8000);
    expect(kernel.recvMatch(64, 1000, 10, -1, 1)).toBe(W.PARK);
    expect(asks).toBe(Math.ceil(262_144 / 8032));
    expect(kernel.park()).toBe(true);
    expect(readQueue(memory)).toEqual([record]);
    kernel.begin(me);
    for (let turns = 0; turns < 2; turns++) expect(kernel.proceed()).toBe(W.PARK);
    expect(kernel.proceed()).toBe(W.PARK);
    expect(asks).toBe(100);
    expect(mine(W.SAVED)).toBe(mine(W.TAIL));
  });
});

describe("a process", () => {
  test("that waits for the embedder is not woken by a message, and gets its answer", () => {
    let answer: number = W.PARK;
    const { deliver, set, record, mine, memory } = stage(PROCESS, { hostAnswer: () => answer });
    kernel.begin(me);
    set(record + W.WANT, W.WANT_ANSWER);
    expect(kernel.proceed()).toBe(W.PARK);
    expect(mine(W.STATE)).toBe(W.PARKED);
    deliver(1, 3);
    expect(readQueue(memory)).toEqual([]);
    answer = 77;
    expect(kernel.proceed()).toBe(77);
    // The message is there for the next receive.
    expect(kernel.recv(64, 1000, 10, 0)).toBe(3);
  });

  test("that was preempted goes on with what the host says", () => {
    const { set, record } = stage(PROCESS | W.PREEMPTED, { hostGoOn: () => 0, callResume: result => 2 + result });
    set(record + W.WANT, W.WANT_TAG);
    expect(kernel.turn(staged)).toBe(W.RETURNED + 2);
  });

  test("that says it has parked, but waits for nothing, is left to the host", () => {
    const { set, record } = stage(PROCESS, { callResume: () => 1 });
    // What it waited for is over.
    set(record + W.TIMED, W.GIVING_WAY);
    expect(kernel.turn(staged)).toBe(W.RETURNED + 1);
  });

  test("whose timer the host has set cancels it with its item", () => {
    const { deliver, calls, set, record, mine } = stage(PROCESS);
    kernel.begin(me);
    expect(kernel.recv(64, 1000, 10, 500)).toBe(W.PARK);
    expect(kernel.park()).toBe(true);
    expect(mine(W.TIMED)).toBe(W.TIMED_BY_KERNEL);
    set(record + W.TIMED, W.TIMED_BY_HOST);
    deliver(1, 5);
    kernel.begin(me);
    expect(kernel.proceed()).toBe(5);
    expect(calls).toEqual(["call", "disarm"]);
    expect(mine(W.TIMED)).toBe(W.NOT_WAITING);
  });

  test("that has used its turn parks before a receive, and after a poll that finds nothing", () => {
    const { deliver, set, record, memory } = stage(PROCESS);
    kernel.begin(me);
    for (let i = 0; i < W.TURN_ITEMS + 2; i++) deliver(1, i & 7);
    for (let i = 0; i < W.TURN_ITEMS; i++) expect(kernel.recv(64, 1000, 10, -1)).toBe(i & 7);
    expect(kernel.recv(64, 1000, 10, -1)).toBe(W.PARK);
    expect(kernel.recv(64, 1000, 10, 0)).toBe(0);
    expect(kernel.recvTag(64, 1000, 10, 0, 2)).toBe(W.PARK);
    expect(kernel.park()).toBe(true);
    expect(readQueue(memory)).toEqual([record]);
    kernel.begin(me);
    expect(kernel.proceed()).toBe(W.TIMEOUT_OVER);
    // A guest that knows no `park` never parks after a poll.
    set(record + W.FLAGS, W.MAY_PARK);
    set(record + W.BUDGET, 0);
    expect(kernel.recvTag(64, 1000, 10, 0, 2)).toBe(W.TIMEOUT_OVER);
  });

  test("gives way once it has sent 256 messages in a turn, where its library knows that", () => {
    for (const flags of [PROCESS, PROCESS | W.GIVES_WAY, W.GIVES_WAY]) {
      const { mine } = stage(flags);
      kernel.begin(me);
      const answers = Array.from({ length: 520 }, () => kernel.send(mine(W.LO), mine(W.HI), 1, 0, 0));
      const ways = answers.flatMap((answer, i) => (answer === W.ACCEPTED_GIVE_WAY ? [i + 1] : []));
      // It does not park, so each further one says so again.
      const every = Array.from({ length: 520 - 255 }, (_, i) => 256 + i);
      expect(ways).toEqual((flags & W.MAY_PARK) !== 0 && (flags & W.GIVES_WAY) !== 0 ? every : []);
    }
  });
});

test("the loop returns when the list of timeouts is full", () => {
  const memory = kernelMemory();
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 1 }));
  const records: number[] = [];
  kernel.useOutside({
    ...{ hostHeadroom: () => undefined, hostSeed: () => undefined },
    hostCall: () => undefined,
    hostGrown: () => undefined,
    callTurn: given => kernel.turn(given),
    callResume: () => (kernel.recv(64, 1000, 10, 50) === W.PARK ? 1 : 0),
  });
  const { instance } = new HostBlocks(memory, kernel);
  for (let slot = 0; slot < W.TIMED_ENTRIES + 5; slot++) {
    const record = kernel.open();
    records.push(record);
    setWord(memory, record + W.FLAGS, W.TAKES_TURNS | W.RESIDENT | PROCESS);
    setWord(memory, record + W.BODY, instance);
    kernel.enqueue(record);
  }
  expect(kernel.run(10_000)).toBe(0);
  expect(word(memory, W.TIMED_LENGTH)).toBe(W.TIMED_ENTRIES);
  expect(word(memory, W.QUEUE_LENGTH)).toBe(5);
  for (let i = 0; i < W.TIMED_ENTRIES; i++) expect(word(memory, W.TIMED_LIST + 4 * i)).toBe(records[i]);
});
