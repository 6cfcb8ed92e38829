/**
 * What it costs a runtime to be observed: ping-pong in processes of their own, by turns unobserved and observed, while this process asks once a second as the page
 * does. What counts is the processor time that a message takes, the observer's included: other programs of the machine do not change that as much as the clock's.
 *
 *     node --disable-wasm-trap-handler bench/observer.ts [rounds] [idle actors]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { engineFlags, engineName } from "../host/node/engine.ts";
import { loadExamples } from "./examples.ts";
import { median } from "./percentile.ts";

const WARM_UP_MS = 1500;
const MEASURE_MS = 3000;
const EVERY_MS = 1000;

type Style = "handler" | "process";

/** What a player measured. */
interface Played {
  readonly messages: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

if (process.send === undefined) await compare(Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 0));
else await play(process.argv[2] as Style, process.argv[3] === "observed", Number(process.argv[4]));

async function compare(rounds: number, idle: number): Promise<void> {
  console.log(
    `${engineName()} ${engineFlags().join(" ")}; ${rounds} rounds, ${idle} idle actors beside the two that play`,
  );
  for (const style of ["handler", "process"] as const) {
    const [cpu, wall]: [number[], number[]] = [[], []];
    const plainNs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // By turns, and each first as often: whatever else the machine does meets both.
      const played: Record<string, Played> = {};
      for (const mode of round % 2 === 0 ? ["plain", "observed"] : ["observed", "plain"]) {
        played[mode] = await player(style, mode, idle);
      }
      const { plain, observed } = played;
      const perMessage = ({ cpuMs, messages }: Played) => cpuMs / messages;
      cpu.push(perMessage(observed) / perMessage(plain));
      wall.push(observed.wallMs / observed.messages / (plain.wallMs / plain.messages));
      plainNs.push(perMessage(plain) * 1e6);
    }
    const percent = (ratios: number[]) => `${((median(ratios) - 1) * 100).toFixed(1)} %`;
    console.log(
      `${style}: ${median(plainNs).toFixed(0)} ns a message; observed, median of the rounds' ratios: processor time ${percent(cpu)}, time ${percent(wall)}`,
    );
  }
}

/** One run in a process of its own; asks its observer, where it has one, until it ends. */
async function player(style: Style, mode: string, idle: number): Promise<Played> {
  const child = fork(fileURLToPath(import.meta.url), [style, mode, String(idle)]);
  const exited = once(child, "exit");
  let played: Played | undefined;
  let asking: NodeJS.Timeout | undefined;
  child.on("message", (message: Played | { readonly url: string }) => {
    if ("messages" in message) {
      played = message;
      clearInterval(asking);
    } else {
      asking = setInterval(() => void look(message.url), EVERY_MS);
    }
  });
  await exited;
  clearInterval(asking);
  if (played === undefined) throw new Error(`the player ended early, with ${child.exitCode}`);
  return played;
}

/** As the page does. */
async function look(url: string): Promise<void> {
  const { origin, hash } = new URL(url);
  const headers = { Authorization: `Bearer ${hash.slice("#token=".length)}` };
  for (const path of ["overview?after=0", "actors?count=60&sort=items&descending=1"]) {
    await fetch(`${origin}/api/${path}`, { headers })
      .then(response => response.json())
      .catch(() => {});
  }
}

async function play(style: Style, isObserved: boolean, idle: number): Promise<void> {
  const names = style === "handler" ? ["ping-handler", "pong-handler", "echo"] : ["ping", "pong", "echo"];
  const { runtime, modules } = await loadExamples(names, "asyncify");
  const [ping, pong, echo] = modules;
  for (let i = 0; i < idle; i++) runtime.spawn(echo);
  const args = new DataView(new ArrayBuffer(28));
  args.setBigUint64(0, BigInt(runtime.spawn(pong)), true);
  args.setUint32(8, 8, true);
  runtime.spawn(ping, { args: new Uint8Array(args.buffer) });
  if (isObserved) process.send?.({ url: (await runtime.observe()).url });

  await pause(WARM_UP_MS);
  const before = { messages: runtime.counters.received, cpu: process.cpuUsage(), ms: performance.now() };
  await pause(MEASURE_MS);
  const { user, system } = process.cpuUsage(before.cpu);
  const wallMs = performance.now() - before.ms;
  const messages = runtime.counters.received - before.messages;
  process.send?.({ messages, cpuMs: (user + system) / 1000, wallMs } satisfies Played, () => process.exit());
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
