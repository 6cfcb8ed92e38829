/** What scripts do with other actors: spawns, links, monitors, exits, names and groups. And what they are refused. */
import { describe, expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import type { Grants, HostMailbox, Limits, Pid, Runtime } from "../../host/index.ts";
import { loadScript } from "../../host/js/index.ts";
import { newRuntime } from "../support/runtimes.ts";
import { functionsOf, scriptOptions, spawnScript } from "../support/scripts.ts";

interface Evaluator {
  run(code: string): unknown;
}

/** A script that evaluates code with the library in reach. */
function evaluator(runtime: Runtime, grants: Grants | "all" = "all", limits: Partial<Limits> = {}) {
  const source = `import * as isopod from "isopod";
    export const run = async code => await new Function("isopod", "with (isopod) { return (" + code + ") }")(isopod);`;
  return functionsOf<Evaluator>(runtime, source, { grants, limits });
}

async function next(runtime: Runtime, mailbox: HostMailbox): Promise<unknown> {
  await runtime.settled();
  const item = mailbox.poll();
  return item?.kind === "message" ? cbor.decode(item.bytes) : item;
}

/** A script that tells what happens to it. */
const watcher = (boss: Pid, begin: string) => `
  import * as isopod from "isopod";
  import { exit, link, monitor, parent, receive, self, send, spawn, spawnMonitor, trapExit, unlink } from "isopod";
  const boss = ${boss};
  const tell = value => send(boss, value);
  export async function main() {
    ${begin}
    for (;;) {
      const { kind, from, ref, reason, value } = await receive();
      tell([kind, from, ref, reason ?? value]);
    }
  }`;

describe("exits", () => {
  test.each([
    ["exit()", { kind: "normal" }],
    [`exit("shutdown")`, { kind: "shutdown" }],
    [`exit({ kind: "noproc" })`, { kind: "noproc" }],
    ["exit(new Uint8Array([1, 2]))", { kind: "custom", bytes: new Uint8Array([1, 2]) }],
    [`exit({ kind: "custom", bytes: new Uint8Array([3]) })`, { kind: "custom", bytes: new Uint8Array([3]) }],
    [
      `exit({ kind: "crashed", message: "given up", stack: "at x" })`,
      { kind: "crashed", message: "given up", stack: "at x" },
    ],
    ["undefined", { kind: "normal" }],
  ])("%s ends the actor with this reason", async (code, reason) => {
    const runtime = newRuntime();
    const source = `import { exit, receive } from "isopod"; export async function main() { await receive(); ${code}; }`;
    const pid = await spawnScript(runtime, source);
    const exited = runtime.exited(pid);
    runtime.send(pid, "");
    expect(await exited).toEqual(reason);
  });

  test.each([
    [
      `exit("odd")`,
      /odd is no reason to give: normal, shutdown, killed, crashed, noproc, noconnection, custom, or a Uint8Array/,
    ],
    [`exit("toString")`, /is no reason to give/],
    ["exit(new Uint8Array(4097))", /at most 4096 bytes/],
    [`exit(self(), "crashed")`, /crashed is no reason to give: normal, shutdown, killed, custom/],
    [`exit(1.5, "killed")`, /a pid is a whole number/],
  ])("%s is an error, and the actor lives", async (code, message) => {
    const script = await evaluator(newRuntime());
    await expect(script.run(code)).rejects.toThrow(message);
    expect(await script.run("1")).toBe(1);
  });

  test("of other actors are signals: shutdown where nothing is given", async () => {
    const runtime = newRuntime();
    const script = await evaluator(runtime);
    for (const [given, reason] of [
      ["", "shutdown"],
      [`, "killed"`, "killed"],
    ] as const) {
      const other = await spawnScript(runtime, "export function onMessage() {}");
      const exited = runtime.exited(other);
      expect(await script.run(`exit(${other}${given})`)).toBe(true);
      expect(await exited).toEqual({ kind: reason });
      expect(await script.run(`exit(${other})`)).toBe(false);
    }
  });
});

describe("links and monitors", () => {
  test("tell of ends in the order of Erlang: the Exit, then the Down", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const other = await spawnScript(
      runtime,
      `import { exit } from "isopod"; export function onMessage({ value }) { exit(value); }`,
    );
    await spawnScript(
      runtime,
      watcher(mailbox.pid, `tell([trapExit(), trapExit()]); tell(link(${other})); tell(monitor(${other}) < -1023);`),
    );
    expect(
      [await next(runtime, mailbox), mailbox.poll(), mailbox.poll()].map(item =>
        Array.isArray(item) ? item : cbor.decode((item as { bytes: Uint8Array }).bytes),
      ),
    ).toEqual([[false, true], true, true]);
    runtime.send(other, cbor.encode("shutdown"));
    expect(await next(runtime, mailbox)).toEqual(["exit", other, 0, { kind: "shutdown" }]);
    expect(await next(runtime, mailbox)).toEqual(["down", other, expect.any(Number), { kind: "shutdown" }]);
  });

  test("end an actor that does not trap exits, and a link to nobody does", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const ended = await spawnScript(runtime, "export function onMessage() {}");
    runtime.kill(ended);
    const pid = await spawnScript(runtime, watcher(mailbox.pid, `await receive(); link(${ended}); tell("lives");`));
    const exited = runtime.exited(pid);
    runtime.send(pid, "");
    expect(await exited).toEqual({ kind: "noproc" });
    expect(await next(runtime, mailbox)).toBeUndefined();
  });

  test("of an actor that unlinks tell nothing", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const other = await spawnScript(runtime, "export function onMessage() {}");
    await spawnScript(
      runtime,
      watcher(
        mailbox.pid,
        `trapExit(); link(${other}); tell([unlink(${other}), isopod.demonitor(monitor(${other}))]);`,
      ),
    );
    expect(await next(runtime, mailbox)).toEqual([true, true]);
    runtime.kill(other);
    expect(await next(runtime, mailbox)).toBeUndefined();
  });

  test("a Down is received by its ref, as the tag", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const other = await spawnScript(runtime, "export function onMessage() {}");
    await spawnScript(
      runtime,
      watcher(mailbox.pid, `const ref = monitor(${other}); tell("ready"); tell((await receive({ tag: ref })).kind);`),
    );
    expect(await next(runtime, mailbox)).toBe("ready");
    runtime.kill(other);
    expect(await next(runtime, mailbox)).toBe("down");
  });

  test("onMessage gets Downs and trapped Exits", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const other = await spawnScript(runtime, "export function onMessage() {}");
    const pid = await spawnScript(
      runtime,
      `import { monitor, send } from "isopod"; export function onMessage({ kind, value }) { if (kind === "message") monitor(value); else send(${mailbox.pid}, kind); }`,
    );
    runtime.send(pid, cbor.encode(other));
    await runtime.settled();
    runtime.kill(other);
    expect(await next(runtime, mailbox)).toBe("down");
  });
});

describe("spawns", () => {
  test("start scripts and other modules, with arguments, links and monitors", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const child = `import { args, exit, parent, self, send } from "isopod";
      export async function main() { send(${mailbox.pid}, [self(), parent() ?? null, new TextDecoder().decode(args())]); exit("shutdown"); }`;
    runtime.define("child", await loadScript(runtime, child, await scriptOptions()));
    const pid = await spawnScript(
      runtime,
      watcher(
        mailbox.pid,
        `trapExit(); const linked = spawn("child", { args: "hé", link: true }); const { pid, ref } = spawnMonitor("child", { args: new Uint8Array([65]) });
        tell([parent() ?? null, linked, pid, ref]);`,
      ),
    );
    const [none, linked, monitored, ref] = (await next(runtime, mailbox)) as [null, Pid, Pid, number];
    expect(none).toBe(null);
    expect(await next(runtime, mailbox)).toEqual([linked, pid, "hé"]);
    expect(await next(runtime, mailbox)).toEqual([monitored, pid, "A"]);
    expect(await next(runtime, mailbox)).toEqual(["exit", linked, 0, { kind: "shutdown" }]);
    expect(await next(runtime, mailbox)).toEqual(["down", monitored, ref, { kind: "shutdown" }]);
  });

  test("fail with what is missing", async () => {
    const runtime = newRuntime();
    runtime.define("known", await loadScript(runtime, "export function onMessage() {}", await scriptOptions()));
    const all = await evaluator(runtime, "all", { familyActors: 1 });
    await expect(all.run(`spawn("unknown")`)).rejects.toThrow("spawn of unknown: no module is defined by this name");
    await expect(all.run(`spawn("known")`)).rejects.toMatchObject({
      remoteName: "LimitError",
      remoteMessage: expect.stringMatching(/familyActors/),
    });
    const none = await evaluator(runtime, {});
    await expect(none.run(`spawn("known")`)).rejects.toMatchObject({
      remoteName: "NotGrantedError",
      remoteMessage: "spawn of known: the host has not granted spawn for known",
    });
  });
});

describe("names and groups", () => {
  test("find actors, and end with them", async () => {
    const runtime = newRuntime();
    const [first, second] = [await evaluator(runtime), await evaluator(runtime)];
    const [a, b] = [await first.run("self()"), await second.run("self()")];
    expect(await first.run(`[whereis("x") ?? null, register("x"), register("x"), whereis("x")]`)).toEqual([
      null,
      true,
      false,
      a,
    ]);
    expect(await second.run(`[register("x"), whereis("x"), unregister("none")]`)).toEqual([false, a, false]);
    expect(await first.run(`[unregister("x"), whereis("x") ?? null]`)).toEqual([true, null]);
    expect(await first.run(`[join("all"), join("all"), members("all")]`)).toEqual([true, true, [a]]);
    const mailbox = runtime.mailbox();
    runtime.join("all", mailbox.pid);
    expect(await second.run(`[join("all"), members("all"), broadcast("all", ["hello"], { tag: 4 })]`)).toEqual([
      true,
      [a, mailbox.pid, b],
      2,
    ]);
    expect(mailbox.poll()).toMatchObject({ tag: 4, from: b, bytes: cbor.encode(["hello"]) });
    expect(await second.run(`[leave("all"), leave("all"), members("all"), members("none")]`)).toEqual([
      true,
      false,
      [a, mailbox.pid],
      [],
    ]);
  });

  test("are called by name", async () => {
    const runtime = newRuntime();
    const script = await evaluator(runtime);
    runtime.register("double", await spawnScript(runtime, "export const double = n => 2 * n;"));
    expect(await script.run(`client("double").double(21)`)).toBe(42);
  });
});

describe("without the grant", () => {
  const GRANT = (what: string, grant: string) => `${what}: the host has not granted ${grant}`;
  const OWN = "kill, without which an actor may do this only to itself and its own children";
  const NAMES = "register, which is for this actor and its own children alone";

  test.each([
    [`send("x", 1)`, GRANT("send", "lookup")],
    [`call("x", 1)`, GRANT("call", "lookup")],
    [`whereis("x")`, GRANT("whereis x", "lookup")],
    [`members("x")`, GRANT("members of x", "lookup")],
    [`broadcast("x", 1)`, GRANT("broadcast to x", "lookup")],
    [`register("x")`, GRANT("register x", NAMES)],
    [`unregister("x")`, GRANT("unregister x", NAMES)],
    [`join("x")`, GRANT("join x", "register")],
    ["crypto.getRandomValues(new Uint8Array(1))", "crypto.getRandomValues: the host has not granted random"],
    ["host.db.get(1)", GRANT("db.get", "imports for db.get")],
  ])("%s says what is missing", async (code, message) => {
    const runtime = newRuntime({ grants: {}, imports: { db: { get: () => 1 } } });
    runtime.register("x", runtime.mailbox().pid);
    const script = await evaluator(runtime, {});
    await expect(script.run(code)).rejects.toMatchObject({ remoteMessage: message });
  });

  test.each(["link", "exit"])("%s of a stranger says what is missing", async name => {
    const runtime = newRuntime({ grants: {} });
    const stranger = await spawnScript(runtime, "export function onMessage() {}");
    const script = await evaluator(runtime, {});
    const what = name === "link" ? `link to actor ${stranger}` : `exit of actor ${stranger}`;
    await expect(script.run(`${name}(${stranger})`)).rejects.toMatchObject({
      remoteName: "NotGrantedError",
      remoteMessage: GRANT(what, OWN),
    });
  });

  test("the clock stands at 0, Math.random repeats, and the console is not heard", async () => {
    const lines: string[] = [];
    const runtime = newRuntime({ grants: {}, onLog: (_, __, text) => lines.push(text) });
    const scripts = [await evaluator(runtime, {}), await evaluator(runtime, {})];
    const seen = await Promise.all(
      scripts.map(script =>
        script.run(
          `[Date.now(), new Date().getTime(), performance.now(), performance.timeOrigin, Math.random(), console.log("x") ?? null]`,
        ),
      ),
    );
    expect(seen[0]).toEqual([0, 0, 0, 0, expect.any(Number), null]);
    expect(seen[1]).toEqual(seen[0]);
    expect(lines).toEqual([]);
  });
});

test("receive is for scripts with main, and checks its options", async () => {
  const runtime = newRuntime();
  const script = await evaluator(runtime);
  await expect(script.run("receive()")).rejects.toThrow(/receive\(\) is for scripts with main/);
  const mailbox = runtime.mailbox();
  await spawnScript(
    runtime,
    watcher(
      mailbox.pid,
      `for (const options of [{ tag: "1" }, { tag: 1.5 }, { where: 5 }]) try { receive(options); } catch (error) { tell(error.message); }`,
    ),
  );
  expect(await next(runtime, mailbox)).toBe("a tag is a whole number of 32 bits");
  expect(await next(runtime, mailbox)).toBe("a tag is a whole number of 32 bits");
  expect(await next(runtime, mailbox)).toBe("where is a function of a message");
});
