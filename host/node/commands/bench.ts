/** `isopod bench`: plays a scenario of bench/ and prints what it measured. With `--json`, stdout has JSON lines and nothing else. */
import {
  maxPairs,
  type PingPongResult,
  type Progress,
  pingPong,
  type Style,
  styles,
} from "../../../bench/ping-pong.ts";
import { type Arguments, type Command, numberIn, suggest, UsageError } from "../command.ts";
import { relaunch } from "../relaunch.ts";

const scenarios: Readonly<Record<string, { readonly summary: string; play(given: Arguments): Promise<number> }>> = {
  "ping-pong": { summary: "pairs of guests that send one message to and fro", play: playPingPong },
};

const list = Object.entries(scenarios)
  .map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`)
  .join("\n");

export const bench: Command = {
  name: "bench",
  summary: "measure messages per second and round trips",
  help: `Plays a scenario with guests compiled on the spot, and measures it.

Usage: isopod bench                                 lists the scenarios
       isopod bench ping-pong [seconds] [options]   plays for 5 seconds, or as long as it says

Scenarios:
${list}

Options:
  --pairs N       pairs of guests; default 1
  --style STYLE   handler (run to completion), process (default; waits by
                  Asyncify) or jspi; give it several times for several runs
  --bytes N       payload of a message; default 8
  --json          print one object a line, and no live rate
  -h, --help      print this

A message counts when a guest has received it. One second of warm-up comes first
and does not count.
`,
  options: {
    pairs: { type: "string" },
    style: { type: "string", choices: styles, multiple: true },
    bytes: { type: "string" },
    json: { type: "boolean" },
  },

  async run(given) {
    const name = given.positionals[0];
    if (name === undefined) {
      process.stdout.write(`Scenarios:\n${list}\n\nPlay one: isopod bench ping-pong 5\n`);
      return 0;
    }
    const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
    if (scenario === undefined) {
      const likely = suggest(name, Object.keys(scenarios));
      throw new UsageError(`there is no scenario ${name}${likely === undefined ? "" : `; did you mean ${likely}?`}`);
    }
    return scenario.play(given);
  },
};

async function playPingPong(given: Arguments): Promise<number> {
  const [, secondsText, ...more] = given.positionals;
  if (more.length > 0)
    throw new UsageError(`ping-pong takes the seconds and nothing else, but got "${more.join(" ")}"`);
  const seconds = secondsText === undefined ? 5 : numberIn("seconds", secondsText, 0.1, 3600, false);
  const payloadBytes = given.whole("bytes", 8, 0, 2 ** 20);
  const asked = styles.filter(style => given.all("style").includes(style));
  const played: readonly Style[] = asked.length > 0 ? asked : ["process"];
  const pairs = given.whole("pairs", 1, 1, Math.min(...played.map(maxPairs)));
  const code = await relaunch();
  if (code !== undefined) return code;

  const json = given.has("json");
  for (const style of played) {
    const live = json ? undefined : new LiveLine();
    live?.say(`ping-pong, ${style}: compiles the guests, then warms up for 1 s`);
    const result = await pingPong({
      ...{ style, pairs, payloadBytes, seconds },
      ...(live && { progressMs: live.everyMs, onProgress: progress => live.rate(progress, seconds) }),
    });
    live?.clear();
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : report(result));
  }
  return 0;
}

/** One line that is written over on a terminal; elsewhere a line each second. */
class LiveLine {
  readonly #rewrites = process.stdout.isTTY && process.env.TERM !== "dumb";
  readonly everyMs = this.#rewrites ? 500 : 1000;

  say(text: string): void {
    process.stdout.write(this.#rewrites ? `\r\x1b[K${text}` : `${text}\n`);
  }

  rate({ warmingUp, seconds, messagesPerSecond }: Progress, of: number): void {
    const rate = `${count(messagesPerSecond)} messages/s`;
    this.say(warmingUp ? `warming up  ${rate}` : `${seconds.toFixed(1)} of ${of} s  ${rate}`);
  }

  clear(): void {
    if (this.#rewrites) process.stdout.write("\r\x1b[K");
  }
}

function report(result: PingPongResult): string {
  const { roundTripNs, messages, seconds } = result;
  const lines = [
    [
      "messages/s",
      `${count(result.messagesPerSecond)}   (${count(messages)} in ${seconds.toFixed(2)} s, after 1 s of warm-up)`,
    ],
    ["round trip", `p50 ${nanoseconds(roundTripNs.p50)}, p99 ${nanoseconds(roundTripNs.p99)}`],
    ["pairs", String(result.pairs)],
    ["threads", String(result.threads)],
    ["payload", `${result.payloadBytes} bytes`],
    ["engine", result.engine],
    ["flags", result.flags.join(" ") || "none"],
  ];
  return `ping-pong, ${result.style}\n${lines.map(([name, value]) => `  ${name.padEnd(12)}${value}\n`).join("")}`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function nanoseconds(value: number | null): string {
  if (value === null) return "?";
  return value < 10_000
    ? `${value} ns`
    : value < 10_000_000
      ? `${(value / 1e3).toFixed(1)} µs`
      : `${(value / 1e6).toFixed(1)} ms`;
}
