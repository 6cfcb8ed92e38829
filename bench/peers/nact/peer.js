/** The peer in JavaScript with nact, with the protocol of ../README.md. */
import { createInterface } from "node:readline";
import { stopAll } from "./actors.js";
import { boundedBuffer } from "./buffer.js";
import { chameneos } from "./chameneos.js";
import { big, forkJoinCreate, forkJoinThroughput } from "./crowd.js";
import { memory, spawnOneByOne, spawnStorm } from "./lives.js";
import { counting, fanIn, fanOut, pingPong, threadRing } from "./messages.js";
import { banking, logMap } from "./requests.js";

/**
 * The function of a round, and its parameters with their defaults. One whose default is 0 is an
 * option. All others are at least 1, except bytes.
 */
const scenarios = {
  "ping-pong": [pingPong, { pairs: 1, bytes: 8, messages: 200_000, move: 0 }],
  "fan-in": [fanIn, { senders: 1000, messages: 200_000 }],
  "fan-out": [fanOut, { receivers: 1000, messages: 200_000 }],
  "thread-ring": [threadRing, { actors: 100, hops: 100_000 }],
  counting: [counting, { messages: 1_000_000 }],
  "fork-join-throughput": [forkJoinThroughput, { actors: 60, messages: 10_000 }],
  "fork-join-create": [forkJoinCreate, { workers: 40_000 }],
  big: [big, { actors: 120, pings: 20_000 }],
  chameneos: [chameneos, { chameneos: 100, meetings: 200_000 }],
  "bounded-buffer": [boundedBuffer, { buffer: 50, producers: 40, consumers: 40, items: 1000, cost: 0 }],
  banking: [banking, { accounts: 1000, transactions: 50_000 }],
  "log-map": [logMap, { terms: 25_000, series: 10 }],
  spawn: [spawnOneByOne, { count: 20_000 }],
  "spawn-storm": [spawnStorm, { count: 10_000 }],
  memory: [memory, { actors: 10_000 }],
};

async function main([name, ...settings]) {
  if (name === undefined) throw new Error("usage: peer <scenario> [key=value ...], or peer --list");
  if (name === "--list") {
    for (const [scenario, [, parameters]] of Object.entries(scenarios)) {
      console.log(JSON.stringify({ scenario, parameters }));
    }
    return;
  }
  if (!Object.hasOwn(scenarios, name)) {
    throw new Error(`there is no scenario ${name}; --list prints those that there are`);
  }
  const [run, defaults] = scenarios[name];
  const parameters = settings.reduce(set, defaults);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== "round") throw new Error(`stdin: expected "round", not ${JSON.stringify(line)}`);
    const played = await run(parameters);
    if (played.check !== played.operations) {
      throw new Error(`${name}: ${played.operations} operations, but ${played.check} were counted`);
    }
    stopAll();
    console.log(JSON.stringify({ scenario: name, ...played }));
  }
}

function set(parameters, setting) {
  const [key, text = ""] = setting.split("=");
  const value = /^\d+$/.test(text) ? Number(text) : -1;
  const least = key === "bytes" ? 0 : Math.min(1, parameters[key]);
  if (!Object.hasOwn(parameters, key) || value < least) {
    throw new Error(`${setting} is no setting of this scenario; --list prints the parameters`);
  }
  return { ...parameters, [key]: value };
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  // Ends at once: actors of the failed round may still run.
  process.exit(1);
}
