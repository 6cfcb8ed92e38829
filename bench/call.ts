/**
 * The scenario call: a client that calls a server of the guest library and waits for each answer, guest to guest, and then the host in the
 * client's place. A call is a monitor, a request, an answer that bears the monitor's ref, and the monitor taken back.
 */
import { setTimeout as delay } from "node:timers/promises";
import { engineFlags, engineName } from "../host/node/engine.ts";
import { loadExamples } from "./examples.ts";
import { percentile } from "./percentile.ts";

export interface CallOptions {
  readonly style: "process" | "jspi";
  /** How long to measure each of the two. */
  readonly seconds: number;
}

export interface CallResult {
  readonly scenario: "call";
  readonly style: "process" | "jspi";
  readonly pairs: 1;
  readonly threads: 1;
  readonly payloadBytes: number;
  readonly messages: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  /** Guest to guest. */
  readonly callsPerSecond: number;
  /** From the host, each awaited before the next. */
  readonly hostCallsPerSecond: number;
  /** Of single calls, guest to guest, timed by the guest. */
  readonly roundTripNs: { readonly p50: number | null; readonly p99: number | null };
  readonly engine: string;
  readonly flags: readonly string[];
}

const WARM_UP_MS = 1000;
const EVERY = 500;
const REQUEST = new TextEncoder().encode("get");

export async function calls({ style, seconds }: CallOptions): Promise<CallResult> {
  const park = style === "jspi" ? "jspi" : "asyncify";
  const { runtime, modules } = await loadExamples(["supervised-counter", "caller"], park);
  await using _stopped = runtime;
  const [counter, caller] = modules;
  const server = runtime.spawn(counter);
  const reports = runtime.mailbox();
  const args = new DataView(new ArrayBuffer(24 + REQUEST.length));
  args.setBigUint64(0, BigInt(server), true);
  args.setBigUint64(8, BigInt(reports.pid), true);
  args.setUint32(16, EVERY, true);
  args.setUint32(20, REQUEST.length, true);
  new Uint8Array(args.buffer).set(REQUEST, 24);
  const client = runtime.spawn(caller, { args: new Uint8Array(args.buffer) });

  const roundTrips: number[] = [];
  void (async () => {
    for await (const item of reports) {
      if (item.kind === "message")
        roundTrips.push(new DataView(item.bytes.buffer, item.bytes.byteOffset).getFloat64(4, true));
    }
  })();
  await delay(WARM_UP_MS);
  roundTrips.length = 0;
  const before = { messages: runtime.counters.received, ms: performance.now() };
  await delay(seconds * 1000);
  const measuredSeconds = (performance.now() - before.ms) / 1000;
  const messages = runtime.counters.received - before.messages - roundTrips.length;
  const { p50, p99 } = { p50: percentile(roundTrips, 0.5), p99: percentile(roundTrips, 0.99) };
  runtime.kill(client);
  if (!runtime.isAlive(server)) throw new Error("the server ended in the middle of the calls");

  const hostBegan = performance.now();
  let hostCalls = 0;
  while (performance.now() - hostBegan < seconds * 1000) {
    for (let i = 0; i < 100; i++) await runtime.call(server, REQUEST);
    hostCalls += 100;
  }
  return {
    scenario: "call",
    style,
    pairs: 1,
    threads: 1,
    payloadBytes: REQUEST.length,
    messages,
    seconds: measuredSeconds,
    messagesPerSecond: Math.round(messages / measuredSeconds),
    callsPerSecond: Math.round(messages / 2 / measuredSeconds),
    hostCallsPerSecond: Math.round(hostCalls / ((performance.now() - hostBegan) / 1000)),
    roundTripNs: { p50, p99 },
    engine: engineName(),
    flags: engineFlags(),
  };
}
