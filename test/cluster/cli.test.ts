/** The command line's part of clusters: a guest on a node, and the list of nodes. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join as joined } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { join } from "../../host/cluster/join.ts";
import { Runtime } from "../../host/runtime.ts";
import { NatsServer, NO_NATS, natsServer } from "../support/nats.ts";
import { ROOT } from "../support/pages.ts";

const CLI = joined(ROOT, "bin/isopod.js");
const ECHO = joined(ROOT, "guest/examples/echo.ts");
const run = promisify(execFile);
const env = { ...process.env, NO_COLOR: "1" };

describe.skipIf(natsServer === undefined)(`isopod in a cluster${natsServer ? "" : ` (${NO_NATS})`}`, () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await NatsServer.start();
  });
  afterAll(() => nats?.stop());

  test("run --join is a node that offers what --define names, and cluster ls lists it", async () => {
    const address = `nats://127.0.0.1:${nats.port}`;
    const args = ["run", ECHO, "--join", address, "--cluster", "cli", "--define", `echo=${ECHO}`, "--stay"];
    const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
    try {
      let id = 0;
      for await (const line of createInterface({ input: child.stderr })) {
        id = Number(/this is node (\d+) of cli/.exec(line)?.[1] ?? 0);
        if (id !== 0) break;
      }
      expect(id).toBeGreaterThan(0);
      const { stdout } = await run(process.execPath, [CLI, "cluster", "ls", address, "--cluster", "cli"], { env });
      expect(stdout).toMatch(new RegExp(`^ *${id}  peer   protocol 1  revision \\d+\n$`));

      const runtime = new Runtime();
      const node = await join(runtime, await nats.connect(), { cluster: "cli" });
      if (!node.nodes().includes(id)) await new Promise<void>(resolve => node.onNode(() => resolve()));
      const mailbox = runtime.mailbox();
      mailbox.send(await node.spawn(id, "echo"), "over there");
      expect(await mailbox.receive()).toMatchObject({ bytes: new TextEncoder().encode("over there") });
      await node.close();
      await runtime.stop();
    } finally {
      const ended = once(child, "exit");
      child.kill("SIGINT");
      await ended;
    }
  });

  test("what is missing is said", async () => {
    const failed = async (...args: string[]) => {
      const { code, stderr } = await run(process.execPath, [CLI, ...args], { env }).catch(error => error);
      return `${code} ${stderr}`;
    };
    expect(await failed("run", ECHO, "--cluster", "x")).toMatch(/^2 .*need the address of a server/);
    expect(await failed("run", ECHO, "--join", "nats://127.0.0.1:1")).toMatch(/^2 .*which cluster/);
    expect(await failed("cluster", "ls", "nats://127.0.0.1:1", "--cluster", "x")).toMatch(
      /^1 .*nothing answers as NATS/,
    );
    const empty = ["cluster", "ls", `127.0.0.1:${nats.port}`, "--cluster", "none", "--wait", "50"];
    expect(await failed(...empty)).toMatch(/^1 .*no node of none was heard/);
  });
});
