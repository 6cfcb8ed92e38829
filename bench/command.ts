/** The command `isopod bench`. It lists the scenarios, plays one of them, or plays all. */
import type { Command } from "../host/node/cli/command.ts";
import { playAll } from "./command/all.ts";
import { playOne } from "./command/one.ts";
import { scenarioOf, styles } from "./command/options.ts";
import { peerNames } from "./harness/peers.ts";
import { scenarios } from "./scenarios/index.ts";

const list = scenarios.map(({ name, summary }) => `  ${name.padEnd(22)}${summary}`).join("\n");

export const bench: Command = {
  name: "bench",
  help: `Plays a scenario with guests that are compiled on the spot, and measures it.

Usage: isopod bench                             lists the scenarios
       isopod bench SCENARIO [options]          plays 5 rounds
       isopod bench SCENARIO SECONDS [options]  plays until the rounds of each
                                                contestant have taken so long
       isopod bench all --out DIR [options]     plays all, some at several sizes;
                                                writes results.json, report.html

Scenarios:
${list}

Options:
  --rounds N      rounds that count, after a warm-up; default 5
  --peers NAMES   takes turns with these peers, for example erlang,go; or all,
                  or none. Default: none; for "bench all" all.
                  The peers are ${peerNames.join(", ")}
  --style STYLE   how the guests wait: handler (ping-pong only), process (by
                  Asyncify; the default) or jspi; may be given several times
  --pairs N       ping-pong: pairs of guests; default 1
  --bytes N       ping-pong: bytes of a message; default 8
  --out DIR       "bench all": the folder to write to
  --json          print JSON, one object per line, and no tables
  -h, --help      print this

A contestant that fails, or counts a wrong number of operations, is stopped and
named. The others go on, and the exit code is 1.
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
    if (name === "all") return playAll(given);
    if (name !== undefined) return playOne(scenarioOf(name), given);
    process.stdout.write(`Scenarios:\n${list}\n\nPlay one: isopod bench ping-pong 5\n`);
    return 0;
  },
};
