/**
 * `isopod bench`: plays a scenario of bench/ and prints what it measured. With `--json`, stdout has JSON lines and nothing else. Three scenarios can be
 * watched for some seconds; every one can be played in rounds, by turns with the peers.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Arguments, type Command, numberIn, UsageError } from "../host/node/cli/command.ts";
import { relaunch } from "../host/node/cli/relaunch.ts";
import { ProgressLine } from "../host/node/cli/terminal.ts";
import { suggest } from "../host/wire/suggest.ts";
import { calls } from "./call.ts";
import { contest, peerNames, roundName } from "./contest.ts";
import { everything } from "./everything.ts";
import { faultRecovery } from "./fault-recovery.ts";
import { maxPairs, type PingPongResult, type Progress, pingPong, type Style, styles } from "./ping-pong.ts";
import { reportHtml } from "./report.ts";
import { failuresOf, type Results, setting } from "./results.ts";
import type { Parameters, Scenario, Style as ScenarioStyle } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { failuresTable, marksTable, sweepTable, table } from "./table.ts";

/** Styles of the scenarios whose guests are processes. */
const processStyles = ["process", "jspi"] as const;

/** Those that can be watched for some seconds. */
const timed: Readonly<Record<string, (given: Arguments) => Promise<number>>> = {
  "ping-pong": playPingPong,
  call: playCall,
  "fault-recovery": playFaultRecovery,
};

const list = scenarios.map(({ name, summary }) => `  ${name.padEnd(22)}${summary}`).join("\n");

export const bench: Command = {
  name: "bench",
  help: `Plays a scenario with guests compiled on the spot, and measures it.

Usage: isopod bench                                 lists the scenarios
       isopod bench SCENARIO [options]              plays it in rounds
       isopod bench SCENARIO [seconds] [options]    ping-pong, call and fault-recovery
                                                    without --rounds and --peers: plays
                                                    for 5 seconds, or as long as it says
       isopod bench all --out DIR [options]         plays all of them, and some at several
                                                    sizes; writes results.json, report.html

Scenarios:
${list}

Options:
  --rounds N      rounds that count, after a warm-up; default 5
  --peers NAMES   plays by turns with these, for example erlang,go; all or none;
                  default none, with "bench all" all. There are ${peerNames.join(", ")}
  --style STYLE   handler (run to completion; ping-pong only), process (default;
                  waits by Asyncify) or jspi; several times for several runs
  --pairs N       ping-pong: pairs of guests; default 1
  --bytes N       ping-pong: payload of a message; default 8
  --out DIR       where "bench all" writes
  --json          print one object a line, and no tables
  -h, --help      print this

A contestant that fails, or counts another total than it must reach, is out and named;
the others go on, and the exit code is 1. Played for seconds, a message counts when a
guest has received it, after one second of warm-up.
`,
  options: {
    rounds: { type: "string" },
    peers: { type: "string" },
    out: { type: "string" },
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
    if (name === "all") return playAll(given);
    const scenario = scenarios.find(known => known.name === name);
    if (scenario === undefined) {
      const likely = suggest(name, [...scenarios.map(known => known.name), "all"]);
      throw new UsageError(`there is no scenario ${name}${likely === undefined ? "" : `; did you mean ${likely}?`}`);
    }
    if (given.has("out")) throw new UsageError("--out is for isopod bench all; use --json");
    const inRounds = given.has("rounds") || given.has("peers") || !Object.hasOwn(timed, name);
    return inRounds ? playRounds(scenario, given) : timed[name](given);
  },
};

async function playRounds(scenario: Scenario, given: Arguments): Promise<number> {
  if (given.positionals.length > 1) throw new UsageError(`played in rounds, ${scenario.name} takes no seconds`);
  if (scenario.name !== "ping-pong") refuse(given, scenario.name, ["pairs", "bytes"]);
  const options = {
    styles: stylesOf<ScenarioStyle>(given, scenario.styles),
    peers: peersOf(given, "none"),
    rounds: given.whole("rounds", 5, 1, 1000),
    parameters: scenario.name === "ping-pong" ? sizesOf(given) : {},
  };
  const code = await relaunch();
  if (code !== undefined) return code;
  const live = given.has("json") ? undefined : new LiveLine();
  const preparing = prepares();
  const played = await contest(scenario, {
    ...options,
    onRound: (contestant, round, of) => {
      preparing.clear();
      live?.say(`${scenario.name}: ${roundName(round, of)}, ${contestant}`, true);
    },
  }).finally(() => preparing.clear());
  live?.clear();
  process.stdout.write(given.has("json") ? `${JSON.stringify({ ...setting(), contests: [played] })}\n` : table(played));
  return played.failed.length > 0 ? 1 : 0;
}

/** What comes before the first round takes seconds, and minutes where a peer is built. */
function prepares(): ProgressLine {
  const progress = new ProgressLine();
  progress.say("compiling guests, and peers that are not built yet");
  return progress;
}

/** Only what was given: the rest are the scenario's defaults. */
function sizesOf(given: Arguments): Parameters {
  return {
    ...(given.has("pairs") && { pairs: given.whole("pairs", 1, 1, maxPairs("jspi")) }),
    ...(given.has("bytes") && { bytes: given.whole("bytes", 8, 0, 2 ** 20) }),
  };
}

async function playAll(given: Arguments): Promise<number> {
  if (given.positionals.length > 1) throw new UsageError("isopod bench all takes no seconds");
  refuse(given, "all", ["pairs", "bytes", "style"]);
  const out = given.text("out");
  if (out === undefined) throw new UsageError("where to? Say isopod bench all --out results/");
  const options = { peers: peersOf(given, "all"), rounds: given.whole("rounds", 5, 1, 1000) };
  const code = await relaunch();
  if (code !== undefined) return code;
  mkdirSync(out, { recursive: true });
  const live = new LiveLine();
  const preparing = prepares();
  const print = (text: string) => {
    live.clear();
    if (!given.has("json")) process.stdout.write(text);
  };
  const results = await everything({
    ...options,
    onRound: text => {
      preparing.clear();
      live.say(text, true);
    },
    onContest(played, sofar) {
      print(`${table(played)}\n`);
      writeJson(out, sofar);
    },
    onSweep: played => print(`${sweepTable(played)}\n`),
  }).finally(() => preparing.clear());
  writeJson(out, results);
  writeFileSync(join(out, "report.html"), reportHtml(results));
  const failures = failuresOf(results);
  print(`${marksTable(results.marks)}\n${failures.length > 0 ? `${failuresTable(failures)}\n` : ""}`);
  print(`${results.seconds} s\n${join(out, "results.json")}\n${join(out, "report.html")}\n`);
  if (given.has("json")) process.stdout.write(`${JSON.stringify(results)}\n`);
  return failures.length > 0 ? 1 : 0;
}

/** Whole at any time, also where the run is cut off while it is written. */
function writeJson(out: string, results: Results): void {
  const path = join(out, "results.json");
  writeFileSync(`${path}.new`, `${JSON.stringify(results)}\n`);
  renameSync(`${path}.new`, path);
}

function peersOf(given: Arguments, otherwise: "all" | "none"): typeof peerNames {
  const text = given.text("peers") ?? otherwise;
  if (text === "none") return [];
  if (text === "all") return peerNames;
  const asked = text.split(",");
  const unknown = asked.find(name => !peerNames.some(known => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`--peers is all, none or some of ${peerNames.join(",")}, not "${unknown}"`);
  }
  return peerNames.filter(name => asked.includes(name));
}

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

/** On stderr: one line that is written over on a terminal; elsewhere a line each second. */
class LiveLine {
  readonly #rewrites = process.stderr.isTTY && process.env.TERM !== "dumb";
  readonly everyMs = this.#rewrites ? 500 : 1000;

  /** `brief`: not worth a line of its own. */
  say(text: string, brief = false): void {
    if (this.#rewrites) process.stderr.write(`\r\x1b[K${text}`);
    else if (!brief) process.stderr.write(`${text}\n`);
  }

  rate({ warmingUp, seconds, messagesPerSecond }: Progress, of: number): void {
    const rate = `${count(messagesPerSecond)} messages/s`;
    this.say(warmingUp ? `warming up  ${rate}` : `${seconds.toFixed(1)} of ${of} s  ${rate}`);
  }

  clear(): void {
    if (this.#rewrites) process.stderr.write("\r\x1b[K");
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
