/** `isopod bench`: plays a scenario of bench/ and prints what it measured. With `--json`, stdout has JSON lines and nothing else. */
import { calls } from "../../../bench/call.ts";
import { faultRecovery } from "../../../bench/fault-recovery.ts";
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

/** Styles of the scenarios whose guests are processes. */
const processStyles = ["process", "jspi"] as const;

const scenarios: Readonly<Record<string, { readonly summary: string; play(given: Arguments): Promise<number> }>> = {
  "ping-pong": { summary: "pairs of guests that send one message to and fro", play: playPingPong },
  call: { summary: "a client that calls a server and waits for each answer", play: playCall },
  "fault-recovery": {
    summary: "a supervised server that crashes, is restarted and answers again",
    play: playFaultRecovery,
  },
};

const list = Object.entries(scenarios)
  .map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`)
  .join("\n");

export const bench: Command = {
  name: "bench",
  summary: "measure messages per second and round trips",
  help: `Plays a scenario with guests compiled on the spot, and measures it.

Usage: isopod bench                                 lists the scenarios
       isopod bench SCENARIO [seconds] [options]    plays for 5 seconds, or as long as it says

Scenarios:
${list}

Options:
  --style STYLE   handler (run to completion; ping-pong only), process (default;
                  waits by Asyncify) or jspi; several times for several runs
  --pairs N       ping-pong: pairs of guests; default 1
  --bytes N       ping-pong: payload of a message; default 8
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
  const seconds = secondsOf(given);
  const payloadBytes = given.whole("bytes", 8, 0, 2 ** 20);
  const played = stylesOf(given, styles);
  const pairs = given.whole("pairs", 1, 1, Math.min(...played.map(maxPairs)));
  return play(given, played, async (style, live) => {
    live?.say(`ping-pong, ${style}: compiles the guests, then warms up for 1 s`);
    const result = await pingPong({
      ...{ style, pairs, payloadBytes, seconds },
      ...(live && { progressMs: live.everyMs, onProgress: progress => live.rate(progress, seconds) }),
    });
    const { p50, p99 } = result.roundTripNs;
    const total = `(${count(result.messages)} in ${result.seconds.toFixed(2)} s, after 1 s of warm-up)`;
    return {
      result,
      lines: [
        ["messages/s", `${count(result.messagesPerSecond)}   ${total}`],
        ["round trip", `p50 ${nanoseconds(p50)}, p99 ${nanoseconds(p99)}`],
      ],
    };
  });
}

async function playCall(given: Arguments): Promise<number> {
  const seconds = secondsOf(given);
  refuse(given, "call", ["pairs", "bytes"]);
  return play(given, stylesOf(given, processStyles), async (style, live) => {
    live?.say(`call, ${style}: ${seconds} s from a guest, then ${seconds} s from the host`);
    const result = await calls({ style, seconds });
    const { p50, p99 } = result.roundTripNs;
    return {
      result,
      lines: [
        ["calls/s", `${count(result.callsPerSecond)} from a guest, ${count(result.hostCallsPerSecond)} from the host`],
        ["round trip", `p50 ${nanoseconds(p50)}, p99 ${nanoseconds(p99)}`],
      ],
    };
  });
}

async function playFaultRecovery(given: Arguments): Promise<number> {
  const seconds = secondsOf(given);
  refuse(given, "fault-recovery", ["pairs", "bytes"]);
  return play(given, stylesOf(given, processStyles), async (style, live) => {
    live?.say(`fault-recovery, ${style}: crashes a server for ${seconds} s`);
    const result = await faultRecovery(style, seconds);
    const { p50, p99 } = result.recoveryNs;
    return {
      result,
      lines: [
        ["recoveries/s", count(result.recoveriesPerSecond)],
        ["recovery", `p50 ${nanoseconds(p50)}, p99 ${nanoseconds(p99)}`],
      ],
    };
  });
}

/** What every result has. */
type Result = Pick<PingPongResult, "style" | "pairs" | "threads" | "payloadBytes" | "engine" | "flags"> & {
  readonly scenario: string;
};

/** Runs a scenario once a style, in an engine with the right flags, and prints what came out. */
async function play<S extends Style>(
  given: Arguments,
  played: readonly S[],
  run: (style: S, live: LiveLine | undefined) => Promise<{ result: Result; lines: [name: string, value: string][] }>,
): Promise<number> {
  const code = await relaunch();
  if (code !== undefined) return code;
  const json = given.has("json");
  for (const style of played) {
    const live = json ? undefined : new LiveLine();
    const { result, lines } = await run(style, live);
    live?.clear();
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : report(result, lines));
  }
  return 0;
}

function secondsOf(given: Arguments): number {
  const [name, secondsText, ...more] = given.positionals;
  if (more.length > 0) throw new UsageError(`${name} takes the seconds and nothing else, but got "${more.join(" ")}"`);
  return secondsText === undefined ? 5 : numberIn("seconds", secondsText, 0.1, 3600, false);
}

function stylesOf<S extends Style>(given: Arguments, possible: readonly S[]): readonly S[] {
  const asked = given.all("style");
  const unknown = asked.find(style => !possible.some(known => known === style));
  if (unknown !== undefined) {
    throw new UsageError(`${given.positionals[0]} is not played in style ${unknown}, but ${possible.join(" or ")}`);
  }
  const played = possible.filter(style => asked.includes(style));
  return played.length > 0 ? played : possible.filter(style => style === "process");
}

function refuse(given: Arguments, name: string, options: readonly string[]): void {
  const unused = options.find(option => given.has(option));
  if (unused !== undefined) throw new UsageError(`--${unused} is for ping-pong; ${name} does not use it`);
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

function report(result: Result, measured: readonly [name: string, value: string][]): string {
  const lines = [
    ...measured,
    ["pairs", String(result.pairs)],
    ["threads", String(result.threads)],
    ["payload", `${result.payloadBytes} bytes`],
    ["engine", result.engine],
    ["flags", result.flags.join(" ") || "none"],
  ];
  return `${result.scenario}, ${result.style}\n${lines.map(([name, value]) => `  ${name.padEnd(14)}${value}\n`).join("")}`;
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
