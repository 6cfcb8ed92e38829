/**
 * `isopod bench all`: plays all scenarios and their sweeps, prints tables, and writes
 * `results.json` and `report.html`.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Arguments, UsageError } from "../../host/node/cli/command.ts";
import { relaunch } from "../../host/node/cli/relaunch.ts";
import { ProgressLine } from "../../host/node/cli/terminal.ts";
import { everything, type Played } from "../harness/everything.ts";
import { reportHtml } from "../report/report.ts";
import { failuresOf, type Results, resultsOf, setting } from "../report/results.ts";
import { failuresTable, marksTable, sweepTable, table } from "../report/table.ts";
import { scenarios } from "../scenarios/index.ts";
import { peersOf, refuse, roundsOf } from "./options.ts";

/** Resolves to the exit code: 1 if a contestant failed. */
export async function playAll(given: Arguments): Promise<number> {
  if (given.positionals.length > 1) throw new UsageError("isopod bench all takes no seconds");
  refuse(given, "all", ["pairs", "bytes", "style"]);
  const out = given.text("out");
  if (out === undefined) throw new UsageError("where to? Say isopod bench all --out results/");
  const options = { scenarios, peers: peersOf(given, "all"), length: { rounds: roundsOf(given) } };
  const code = await relaunch();
  if (code !== undefined) return code;
  mkdirSync(out, { recursive: true });
  const about = setting();
  const beganMs = performance.now();
  const resultsNow = (played: Played) => resultsOf(about, Math.round((performance.now() - beganMs) / 1000), played);
  const progress = new ProgressLine();
  progress.say("compiling the guests, and building peers if necessary");
  const print = (text: string) => {
    progress.clear();
    if (!given.has("json")) process.stdout.write(text);
  };
  const played = await everything({
    ...options,
    onRound: text => progress.say(text),
    onContest(contest, sofar) {
      print(`${table(contest)}\n`);
      writeResults(out, resultsNow(sofar));
    },
    onSweep: sweep => print(`${sweepTable(sweep)}\n`),
  }).finally(() => progress.clear());
  const results = resultsNow(played);
  writeResults(out, results);
  writeFileSync(join(out, "report.html"), reportHtml(results));
  const failures = failuresOf(results);
  print(`${marksTable(results.marks)}\n${failures.length > 0 ? `${failuresTable(failures)}\n` : ""}`);
  print(`${results.seconds} s\n${join(out, "results.json")}\n${join(out, "report.html")}\n`);
  if (given.has("json")) process.stdout.write(`${JSON.stringify(results)}\n`);
  return failures.length > 0 ? 1 : 0;
}

/** Replaces the file in one step, so that it is complete even if the run is cut off. */
function writeResults(out: string, results: Results): void {
  const path = join(out, "results.json");
  writeFileSync(`${path}.new`, `${JSON.stringify(results)}\n`);
  renameSync(`${path}.new`, path);
}
