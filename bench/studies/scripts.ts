/**
 * Scripts in isopod and in other sandboxes for JavaScript: `npm run bench:scripts`. The sandboxes play the rounds of
 * each scenario in turns, each in a process of its own. `--write` puts the table into docs/javascript.md.
 *
 * First: `npm ci --prefix bench/peers/sandboxes`.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formatCount, formatNs } from "../report/format.ts";

interface Row {
  readonly scenario: string;
  readonly label: string;
  /** The parameters of each sandbox; "" for all others. */
  readonly settings: Readonly<Record<string, string>>;
  readonly what: "time" | "bytes";
}

const rows: readonly Row[] = [
  {
    scenario: "script-load",
    label: "a script loaded",
    settings: { isopod: "scripts=500", "": "scripts=20" },
    what: "time",
  },
  {
    scenario: "script-life",
    label: "a loaded script begins, is called once, and ends",
    settings: { isopod: "lives=5000", "": "lives=100", "vm-worker": "lives=10" },
    what: "time",
  },
  {
    scenario: "script-call",
    label: "a call of the host and its answer",
    settings: { "": "calls=20000" },
    what: "time",
  },
  { scenario: "script-limit", label: '`new Array(3e8) + ""` with a limit of 100 ms', settings: {}, what: "time" },
  {
    scenario: "script-memory",
    label: "memory of the process for each script that waits",
    settings: { isopod: "scripts=100000", "": "scripts=100", "vm-worker": "scripts=20" },
    what: "bytes",
  },
];

const sandboxes = ["isopod", "quickjs-wasi", "quickjs-emscripten", "vm-worker"] as const;
const PEER = fileURLToPath(new URL("../peers/sandboxes/peer.js", import.meta.url));
const PAGE = fileURLToPath(new URL("../../docs/javascript.md", import.meta.url));
const BEGIN = "<!-- figures: written by npm run bench:scripts -->";
const END = "<!-- end of figures -->";

interface Played {
  readonly operations: number;
  readonly elapsedMs: number;
  readonly bytesEach?: number;
}

class Sandbox {
  readonly #stdin: Writable;
  readonly #lines: AsyncIterator<string>;
  readonly figures: number[] = [];

  constructor(name: string, { scenario, settings }: Row) {
    const given = settings[name] ?? settings[""];
    const args = [
      "--expose-gc",
      "--disable-wasm-trap-handler",
      PEER,
      name,
      scenario,
      ...(given === undefined ? [] : [given]),
    ];
    const { stdin, stdout } = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#stdin = stdin;
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async round(what: Row["what"]): Promise<void> {
    this.#stdin.write("round\n");
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the sandbox has ended before its answer");
    const { operations, elapsedMs, bytesEach = 0 } = JSON.parse(value) as Played;
    this.figures.push(what === "bytes" ? bytesEach : (elapsedMs * 1e6) / operations);
  }

  end(): void {
    this.#stdin.end();
  }
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[figures.length >> 1];
}

async function play(row: Row, rounds: number): Promise<string[]> {
  // A limit that does not hold takes up to a minute.
  const count = row.scenario === "script-limit" ? 1 : rounds;
  const warmUps = row.what === "bytes" || row.scenario === "script-limit" ? 0 : 1;
  const playing = sandboxes.map(name => new Sandbox(name, row));
  for (let i = 0; i < count + warmUps; i++) for (const sandbox of playing) await sandbox.round(row.what);
  return playing.map(sandbox => {
    sandbox.end();
    const [first, ...others] = sandbox.figures;
    if (row.what === "bytes") return `${formatCount(Math.round(first))} bytes`;
    return formatNs(median(warmUps === 0 ? [first, ...others] : others));
  });
}

const { values } = parseArgs({ options: { write: { type: "boolean" }, rounds: { type: "string", default: "5" } } });
const lines = [`| | ${sandboxes.join(" | ")} |`, `|---|${"---|".repeat(sandboxes.length)}`];
for (const row of rows) {
  const figures = await play(row, Number(values.rounds));
  lines.push(`| ${row.label} | ${figures.join(" | ")} |`);
  console.log(lines.at(-1));
}
if (values.write === true) {
  const page = readFileSync(PAGE, "utf8");
  const [before, after] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  if (before < BEGIN.length || after < 0) throw new Error(`${PAGE} has no place for the figures`);
  writeFileSync(PAGE, `${page.slice(0, before)}\n${lines.join("\n")}\n${page.slice(after)}`);
} else {
  console.log(`\n${lines.join("\n")}`);
}
