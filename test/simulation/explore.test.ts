/** `explore` and `simulate`: programs of host actors, which need no compiler. */
import { describe, expect, test } from "vitest";
import type { HostMailbox, Message, Pid, Runtime } from "../../host/index.ts";
import { type ExploreOptions, explore, SimulationError, simulate } from "../../host/test.ts";

const decoder = new TextDecoder();

async function text(mailbox: HostMailbox): Promise<string> {
  const item = await mailbox.receive();
  return item?.kind === "message" ? decoder.decode(item.bytes) : `${item?.kind}`;
}

/** The error with which a run fails. */
async function failure(run: Promise<unknown>): Promise<SimulationError> {
  const error = await run.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof SimulationError) return error;
  throw new Error("no run has failed", { cause: error });
}

/** What each run of the seeds has noted. */
async function seen(
  program: (runtime: Runtime, note: (text: string) => void) => unknown,
  options: ExploreOptions = {},
): Promise<string[]> {
  const all: string[] = [];
  let notes: string[] = [];
  await explore(
    runtime => {
      if (notes.length > 0) all.push(notes.join(" "));
      notes = [];
      return program(runtime, note => notes.push(note));
    },
    { seeds: 100, ...options },
  );
  return [...all, notes.join(" ")];
}

/** Two actors send two messages each to a third one, which notes them. */
async function twoSenders(runtime: Runtime, note: (text: string) => void): Promise<void> {
  const to = runtime.mailbox();
  for (const name of ["a", "b"]) {
    runtime.actor(async mailbox => {
      mailbox.send(to.pid, `${name}1`);
      mailbox.send(to.pid, `${name}2`);
    });
  }
  for (let i = 0; i < 4; i++) note(await text(to));
}

describe("orders", () => {
  test("messages of one sender stay in order, and those of two come in every order", async () => {
    const orders = new Set(await seen(twoSenders));
    expect([...orders].sort()).toEqual([
      "a1 a2 b1 b2",
      "a1 b1 a2 b2",
      "a1 b1 b2 a2",
      "b1 a1 a2 b2",
      "b1 a1 b2 a2",
      "b1 b2 a1 a2",
    ]);
  });

  test("the first run has the order of the runtime itself", async () => {
    expect(await seen(twoSenders, { seeds: 0 })).toEqual(["a1 a2 b1 b2"]);
  });

  test("a Down comes after everything that the actor has sent", async () => {
    const orders = await seen(async (runtime, note) => {
      const to = runtime.mailbox();
      const pid = runtime.actor(async mailbox => {
        mailbox.send(to.pid, "last");
      });
      to.monitor(pid);
      note(await text(to));
      note(await text(to));
    });
    expect(new Set(orders)).toEqual(new Set(["last down"]));
  });

  test("a removed monitor brings no Down, and a removed link no Exit, whatever is under way", async () => {
    const orders = await seen(async (runtime, note) => {
      const to = runtime.mailbox();
      const pid = runtime.actor(async mailbox => {
        await mailbox.receive();
      });
      const ref = to.monitor(pid);
      to.link(pid);
      to.send(pid, "end");
      await to.receive({ timeoutMs: 1 });
      to.demonitor(ref, { flush: true });
      to.unlink(pid);
      for (let item = to.poll(); item !== undefined; item = to.poll()) note(item.kind);
      note("clean");
      for (let i = 0; i < 3; i++) note(`${(await to.receive({ timeoutMs: 1 }))?.kind}`);
    });
    expect(orders.filter(order => !order.endsWith("clean undefined undefined undefined"))).toEqual([]);
  });

  test("time passes early, but nothing is later than delayMs", async () => {
    const timed = (delayMs: number) =>
      seen(
        async (runtime, note) => {
          const to = runtime.mailbox();
          runtime.actor(async mailbox => {
            mailbox.send(to.pid, "answer");
          });
          note(`${(await to.receive({ timeoutMs: 100 }))?.kind}`);
        },
        { delayMs, seeds: 300 },
      );
    expect(new Set(await timed(100))).toEqual(new Set(["message", "undefined"]));
    expect(new Set(await timed(99))).toEqual(new Set(["message"]));
  });

  test("calls are answered in every order, and end with their callees", async () => {
    const orders = await seen(
      async (runtime, note) => {
        const callee = runtime.actor(async mailbox => {
          for await (const item of mailbox) if (item.kind === "message") mailbox.reply(item, "answer");
        });
        const results = await Promise.allSettled([runtime.callText(callee, "a"), runtime.callText(callee, "b")]);
        for (const result of results) note(result.status === "fulfilled" ? result.value : "ended");
      },
      { kill: "host" },
    );
    expect(new Set(orders)).toEqual(new Set(["answer answer", "answer ended", "ended ended"]));
  });
});

describe("runs", () => {
  test("each begins anew: the same pids, refs, times and random numbers", async () => {
    const runs = await seen(
      async (runtime, note) => {
        const mailbox = runtime.mailbox();
        const other = runtime.actor(async () => {});
        note(`${mailbox.pid} ${other} ${mailbox.monitor(other)} ${runtime.whereis("name")}`);
        runtime.register("name", mailbox.pid);
        runtime.join("group", mailbox.pid);
        note(`${runtime.members("group").length}`);
        mailbox.sendAfter(50, "late");
        await runtime.exited(other);
      },
      { seeds: 50 },
    );
    expect(new Set(runs).size).toBe(1);
  });

  test("the same seeds have the same hash, and others another one", async () => {
    const play = (first: number) => explore(runtime => twoSenders(runtime, () => {}), { seeds: 50, first });
    const [one, again, other] = [await play(1), await play(1), await play(51)];
    expect(again).toEqual(one);
    expect(other.hash).not.toBe(one.hash);
  });

  test("a run is over with the actor whose pid the program returns", async () => {
    let ends = 0;
    const result = await explore(
      runtime => {
        const boss = runtime.mailbox();
        runtime.actor(async mailbox => {
          for (;;) await mailbox.receive({ timeoutMs: 10 });
        });
        boss.sendAfter(100, "enough");
        return runtime.actor(async mailbox => {
          await mailbox.receive({ timeoutMs: 50 });
          ends++;
        });
      },
      { seeds: 20 },
    );
    expect([result.seeds, ends]).toEqual([20, 21]);
  });
});

/** Fails if the second sender's message comes first. */
function hasty(runtime: Runtime): Promise<void> {
  return twoSenders(runtime, note => {
    if (note === "b2" || note === "a2") return;
    if (note === "b1" && !first) throw new Error("b came first");
    first = true;
  });
}
let first = false;

describe("failures", () => {
  test("the error has the seed, the smallest choices and the story, and simulate plays it again", async () => {
    const program = (runtime: Runtime) => {
      first = false;
      return hasty(runtime);
    };
    const error = await failure(explore(program));
    expect(error.reason).toBe("b came first");
    expect(error.seed).toBeGreaterThan(0);
    expect(error.choices.filter(choice => choice > 0)).toHaveLength(1);
    expect(error.message).toContain(`choices: [${error.choices.join(", ")}]`);
    expect(error.story.join("\n")).toMatch(/gets "b1" from host \d+ +<- choice/);
    const again = await failure(simulate(program, { choices: error.choices }));
    expect([again.reason, again.choices, again.story]).toEqual([error.reason, error.choices, error.story]);
    await expect(simulate(program)).resolves.toMatchObject({ seeds: 0 });
  });

  test("an actor that crashes fails the run, unless it may be killed", async () => {
    const program = (runtime: Runtime) =>
      runtime.actor(async () => {
        throw new Error("broken");
      });
    const error = await failure(explore(program));
    expect([error.kind, error.reason, error.seed]).toEqual(["crash", "host crashed: Error: broken", undefined]);
  });

  test("a program that waits for what nobody sends is a deadlock, and the reason says who waits", async () => {
    const error = await failure(
      explore(async runtime => {
        await runtime.mailbox().receive();
      }),
    );
    expect(error.kind).toBe("deadlock");
    expect(error.reason).toBe("deadlock: nobody can act; host waits for a message");
  });

  test("a program that never ends is a livelock", async () => {
    const error = await failure(
      explore(
        async runtime => {
          const mailbox = runtime.mailbox();
          for (;;) await mailbox.receive({ timeoutMs: 1 });
        },
        { steps: 50 },
      ),
    );
    expect([error.kind, error.reason]).toEqual(["livelock", "the program goes on after 50 steps"]);
  });

  test("an invariant that throws fails the run", async () => {
    let received: Pid[] = [];
    const error = await failure(
      explore(
        async runtime => {
          received = [];
          const to = runtime.mailbox();
          for (let i = 0; i < 2; i++) {
            runtime.actor(async mailbox => {
              mailbox.send(to.pid, "");
            });
          }
          for (let i = 0; i < 2; i++) received.push(((await to.receive()) as Message).from);
        },
        {
          invariant: () => {
            if (received.length === 2 && received[0] > received[1]) throw new Error("they came in the other order");
          },
        },
      ),
    );
    expect([error.kind, error.reason]).toEqual(["invariant", "they came in the other order"]);
  });

  test("what awaits something outside of the simulation is refused in words", async () => {
    const never = new Promise<void>(() => {});
    const ofProgram = await failure(explore(() => never));
    expect(ofProgram.reason).toMatch(/^the program awaits something outside of the simulation/);
    const ofActor = await failure(explore(async runtime => void (await runtime.exited(runtime.actor(() => never)))));
    expect(ofActor.reason).toMatch(/^host awaits something outside of the simulation/);
  });

  test("an error of a callback fails the run", async () => {
    const error = await failure(
      explore(
        async runtime => {
          await runtime.exited(runtime.actor(async () => {}));
        },
        {
          runtime: {
            onExit() {
              throw new Error("no exits today");
            },
          },
        },
      ),
    );
    expect(error.reason).toBe("onExit: no exits today");
  });
});
