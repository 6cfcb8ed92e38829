/**
 * The cost of an observer. Ping-pong runs in processes of its own, in turns unobserved and
 * observed. This process asks the observer once a second, as its page does. The measure is the
 * processor time of a message, the observer's included. The fastest windows count, because other
 * load on the machine only makes them slower.
 *
 *     npm run bench:observer -- [rounds] [idle actors]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { engineFlags, engineName } from "../../host/node/engine.ts";
import { createRuntime } from "../../host/node/index.ts";
import { compiledExamples } from "../harness/compiled.ts";

const WARM_UP_MS = 1000;
/** In each window the observer is asked once, and ten probes go through the run queue. */
const WINDOW_MS = 1000;
const WINDOWS = 4;

const styles = { handler: ["ping-handler", "pong-handler"], process: ["ping", "pong"] } as const;

/** The order for a child process. */
interface Game {
  readonly isObserved: boolean;
  /** The number of idle actors, in addition to the two that play. */
  readonly idle: number;
  /** Ping, pong and the idle guest. */
  readonly wasm: readonly Uint8Array<ArrayBuffer>[];
}

/** For each window: nanoseconds of processor time per message. */
type Played = readonly number[];

if (process.send === undefined) await compare(Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 0));
else process.once("message", game => play(game as Game));

async function compare(rounds: number, idle: number): Promise<void> {
  console.log(
    `${engineName()} ${engineFlags().join(" ")}; ${rounds} rounds, ${idle} idle actors in addition to the two that play`,
  );
  for (const [style, names] of Object.entries(styles)) {
    const wasm = await compiledExamples(...names, "echo");
    const plain: number[] = [];
    const observed: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // Each comes first equally often.
      for (const isObserved of round % 2 === 0 ? [true, false] : [false, true]) {
        (isObserved ? observed : plain).push(...(await playedBy({ isObserved, idle, wasm })));
      }
    }
    const lines = [0, 0.25, 0.5].map(share => {
      const [before, after] = [at(plain, share), at(observed, share)];
      return `${before.toFixed(1)} → ${after.toFixed(1)} ns (${((after / before - 1) * 100).toFixed(1)} %)`;
    });
    console.log(
      `${style}, a message, plain → observed: fastest ${lines[0]}; lower quartile ${lines[1]}; median ${lines[2]}`,
    );
  }
}

function at(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.round(share * (values.length - 1))];
}

/**
 * Plays one game in a process of its own. If it is observed, this process asks the observer until
 * the game ends.
 */
async function playedBy(game: Game): Promise<Played> {
  const child = fork(fileURLToPath(import.meta.url), { serialization: "advanced" });
  let played: Played | undefined;
  let asking: NodeJS.Timeout | undefined;
  child.on("message", (message: Played | { readonly url: string }) => {
    if ("url" in message) asking = setInterval(() => void look(message.url), WINDOW_MS);
    else played = message;
  });
  child.send(game);
  await once(child, "exit");
  clearInterval(asking);
  if (played === undefined) throw new Error(`the player ended early, with ${child.exitCode}`);
  return played;
}

/** Asks for what the page shows. */
async function look(url: string): Promise<void> {
  const { origin, hash } = new URL(url);
  const headers = { Authorization: `Bearer ${hash.slice("#token=".length)}` };
  for (const path of ["overview?after=0", "actors?count=60&sort=items&descending=1"]) {
    await fetch(`${origin}/api/${path}`, { headers })
      .then(response => response.json())
      .catch(() => {});
  }
}

async function play({ isObserved, idle, wasm }: Game): Promise<void> {
  const runtime = createRuntime({ grants: "all" });
  const [ping, pong, echo] = await Promise.all(wasm.map(bytes => runtime.load(bytes)));
  for (let i = 0; i < idle; i++) runtime.spawn(echo);
  const args = new DataView(new ArrayBuffer(28));
  args.setBigUint64(0, BigInt(runtime.spawn(pong)), true);
  args.setUint32(8, 8, true);
  runtime.spawn(ping, { args: new Uint8Array(args.buffer) });
  if (isObserved) process.send?.({ url: (await runtime.observe()).url });

  await pause(WARM_UP_MS);
  const played: number[] = [];
  for (let window = 0; window < WINDOWS; window++) {
    const messages = runtime.counters.received;
    const before = process.cpuUsage();
    await pause(WINDOW_MS);
    const { user, system } = process.cpuUsage(before);
    played.push(((user + system) * 1000) / (runtime.counters.received - messages));
  }
  process.send?.(played, () => process.exit());
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
