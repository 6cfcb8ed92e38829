#!/usr/bin/env node
/**
 * The command `isopod`: finds the command that the user named, and runs it. The first file of
 * `cli/`.
 *
 * Guarantee: a wrong command line ends with exit code 2 and a message that says what is wrong. An
 * error that has a message never prints a stack trace, unless ISOPOD_DEBUG is set.
 *
 * This folder imports everything of `node/`, host/index.ts, wire/, and bench/ for `isopod bench`.
 */
import { escapeControls } from "../../wire/escape-controls.ts";
import { suggest } from "../../wire/suggest.ts";
import { packageVersion } from "../installation.ts";
import { type Command, parseArguments, UsageError } from "./command.ts";
import { painted } from "./terminal.ts";

/** A command that is loaded only when it runs. */
interface CommandEntry {
  readonly name: string;
  /** Its line in the list of commands. */
  readonly summary: string;
  load(): Promise<Command>;
}

const commands: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "make a project: two guests, a host, a test",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "run",
    summary: "run one guest until it ends",
    load: async () => (await import("./commands/run.ts")).run,
  },
  {
    name: "build",
    summary: "compile guests, AssemblyScript to WebAssembly",
    load: async () => (await import("./commands/build.ts")).build,
  },
  {
    name: "test",
    summary: "run the tests of guests, in many orders",
    load: async () => (await import("./commands/test.ts")).test,
  },
  {
    name: "replay",
    summary: "play the recording of a crash",
    load: async () => (await import("./commands/replay.ts")).replay,
  },
  {
    name: "observe",
    summary: "run one guest, and serve a page about its actors",
    load: async () => (await import("./commands/run.ts")).observe,
  },
  {
    name: "top",
    summary: "watch the actors of an observed runtime in a terminal",
    load: async () => (await import("./commands/top.ts")).top,
  },
  {
    name: "cluster",
    summary: "list the nodes of a cluster",
    load: async () => (await import("./commands/cluster.ts")).cluster,
  },
  {
    name: "demo",
    summary: "serve a page to write, run and watch guests",
    load: async () => (await import("./commands/demo.ts")).demo,
  },
  {
    name: "bench",
    summary: "measure messages per second and round trips",
    load: async () => (await import("../../../bench/command.ts")).bench,
  },
];

const help = `isopod: WebAssembly instances as Erlang-style actors

Usage: isopod <command> [arguments]

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join("\n")}

  isopod <command> --help   describes a command
  isopod --version          prints the version

Exit codes: 0 success; 1 failure; 2 wrong command line; 130 after Ctrl-C.
Environment: NO_COLOR and FORCE_COLOR; ISOPOD_QUIET=1 hides the notice about the
engine's flag; ISOPOD_CACHE names the folder of compiled guests (off: none);
ISOPOD_DEBUG=1 prints the stack trace of an error.
`;

async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  const asked = first === "help" && rest[0] !== undefined ? rest[0] : first;
  if (asked === undefined || asked === "--help" || asked === "-h" || asked === "help") {
    (asked === undefined ? process.stderr : process.stdout).write(help);
    return asked === undefined ? 2 : 0;
  }
  if (asked === "--version" || asked === "-v") {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const listed = commands.find(({ name }) => name === asked);
  try {
    if (listed === undefined) throw new UsageError(unknown(asked));
    const command = await listed.load();
    const given = parseArguments(rest, command.options);
    if (first !== "help" && !given.has("help")) return await command.run(given);
    process.stdout.write(command.help);
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const text = process.env.ISOPOD_DEBUG ? error.stack : error.message;
    process.stderr.write(`${painted("error", "isopod:")} ${escapeControls(String(text), true)}\n`);
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write(`Try: isopod ${listed === undefined ? "" : `${listed.name} `}--help\n`);
    return 2;
  }
}

function unknown(word: string): string {
  if (/\.(ts|m?js|mts|wasm)$/.test(word)) return `there is no command "${word}"; did you mean: isopod run ${word}`;
  const what = word.startsWith("-") ? "option" : "command";
  const known = [...commands.map(({ name }) => name), "help", "--help", "--version"];
  const likely = suggest(word, known);
  return `there is no ${what} ${word}${likely === undefined ? "" : `; did you mean ${likely}?`}`;
}

// `isopod … | head` closes the pipe early. That is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
