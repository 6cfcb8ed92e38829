/**
 * What a cluster on NATS costs, beside raw NATS in the same run: `npm run bench:cluster`. Two processes and a
 * nats-server on this machine.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { NatsConnection } from "@nats-io/transport-node";
import { join } from "../../host/cluster/join.ts";
import type { HostMailbox } from "../../host/javascript/host-mailbox.ts";
import { createRuntime } from "../../host/node/index.ts";
import type { Pid } from "../../host/wire/pid.ts";
import { NatsServer, NO_NATS, natsServer } from "../../test/support/nats.ts";

const ROUNDS = 5;
const [role, port] = process.argv.slice(2);

/** Guests that send and answer, as WebAssembly of the library: those of the benchmarks. */
async function node(connection: NatsConnection, id: number) {
  const runtime = createRuntime({ grants: "all", quiet: true });
  const joined = await join(runtime, connection, { cluster: "bench", id });
  return { runtime, joined };
}

/** The other process: a mailbox that answers calls, and one that counts. */
async function answer(connection: NatsConnection): Promise<void> {
  const { runtime } = await node(connection, 2);
  connection.subscribe("raw", { callback: (_, message) => void message.respond(message.data) });
  const echo = runtime.mailbox();
  runtime.register("echo", echo.pid);
  echo.onArrival(() => {
    for (let item = echo.poll(); item !== undefined; item = echo.poll()) {
      if (item.kind === "message") echo.send(item.from, item.bytes);
    }
    return false;
  });
  const sink = runtime.mailbox();
  runtime.register("sink", sink.pid);
  let count = 0;
  sink.onArrival(() => {
    for (let item = sink.poll(); item !== undefined; item = sink.poll()) {
      if (item.kind !== "message") continue;
      count++;
      // The last of a stream asks how many have come.
      if (item.tag === 1) {
        sink.send(item.from, `${count}`);
        count = 0;
      }
    }
    return false;
  });
  process.stdout.write("ready\n");
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

async function roundTrip(mailbox: HostMailbox, echo: Pid, count: number): Promise<number> {
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    mailbox.send(echo, "12345678");
    await mailbox.receive();
  }
  return ((performance.now() - begin) * 1_000) / count;
}

async function rawRoundTrip(connection: NatsConnection, count: number): Promise<number> {
  const begin = performance.now();
  for (let i = 0; i < count; i++) await connection.request("raw", "12345678");
  return ((performance.now() - begin) * 1_000) / count;
}

async function stream(mailbox: HostMailbox, sink: Pid, count: number, bytes: number): Promise<number> {
  const payload = new Uint8Array(bytes);
  const begin = performance.now();
  for (let i = 0; i < count - 1; ) {
    if (mailbox.send(sink, payload)) i++;
    // The window is full: the event loop takes acknowledgements.
    else await new Promise(resolve => setImmediate(resolve));
    if (i % 1_000 === 0) await null;
  }
  while (!mailbox.send(sink, payload, { tag: 1 })) await new Promise(resolve => setImmediate(resolve));
  await mailbox.receive();
  return count / ((performance.now() - begin) / 1_000);
}

async function measure(): Promise<void> {
  if (natsServer === undefined) throw new Error(NO_NATS);
  const server = await NatsServer.start("", false);
  const args = [fileURLToPath(import.meta.url), "answer", `${server.port}`];
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    if (child.stdout !== null) await once(child.stdout, "data");
    const connection = await server.connect();
    const { runtime, joined } = await node(connection, 1);
    while (!joined.nodes().includes(2)) await new Promise(resolve => setTimeout(resolve, 10));
    const [echo, sink] = await Promise.all([joined.find(2, "echo"), joined.find(2, "sink")]);
    if (echo === undefined || sink === undefined) throw new Error("the other process has no names");
    const mailbox = runtime.mailbox();
    const results: Record<string, number[]> = {};
    const note = (what: string, value: number) => {
      results[what] = [...(results[what] ?? []), value];
    };
    for (let i = 0; i <= ROUNDS; i++) {
      const raw = await rawRoundTrip(connection, 500);
      const ours = await roundTrip(mailbox, echo, 500);
      const [short, long] = [await stream(mailbox, sink, 200_000, 8), await stream(mailbox, sink, 20_000, 4_096)];
      // The first round warms up.
      if (i === 0) continue;
      note("round trip, raw NATS request (µs)", raw);
      note("round trip, actors (µs)", ours);
      note("ratio", ours / raw);
      note("8 B (messages/s)", short);
      note("4 KiB (MB/s)", (long * 4_096) / 1e6);
    }
    for (const [what, values] of Object.entries(results)) {
      const shown = [median(values), Math.min(...values), Math.max(...values)].map(value =>
        value.toLocaleString("en", { maximumSignificantDigits: 3 }),
      );
      process.stdout.write(`${what}: ${shown[0]} (${shown[1]} to ${shown[2]})\n`);
    }
    process.stdout.write(`sent again: ${joined.link(2)?.resent} frames\n`);
  } finally {
    child.kill("SIGKILL");
    await server.stop();
  }
  process.exit();
}

if (role === "answer") {
  const { connect } = await import("@nats-io/transport-node");
  await answer(await connect({ servers: `127.0.0.1:${port}` }));
} else await measure();
