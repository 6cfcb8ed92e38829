#!/usr/bin/env node
/**
 * The command `isopod`: finds the command that is meant and runs it. A wrong command line ends with exit code 2 and says what is wrong;
 * no error that has a message ends in a stack trace.
 */
import { type Command, parseArguments, suggest, UsageError } from "./command.ts";
import { bench } from "./commands/bench.ts";
import { build } from "./commands/build.ts";
import { demo } from "./commands/demo.ts";
import { run } from "./commands/run.ts";
import { packageVersion } from "./installation.ts";

const commands: readonly Command[] = [build, run, demo, bench];

const help = `isopod: WebAssembly instances as Erlang-style actors

Usage: isopod <command> [arguments]

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(8)}${summary}`).join("\n")}

  isopod <command> --help   says more about a command
  isopod --version          prints the version
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
  const command = commands.find(({ name }) => name === asked);
  try {
    if (command === undefined) throw new UsageError(unknown(asked));
    const given = parseArguments(rest, command.options);
    if (first !== "help" && !given.has("help")) return await command.run(given);
    process.stdout.write(command.help);
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`isopod: ${process.env.ISOPOD_DEBUG ? error.stack : error.message}\n`);
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write(`Try: isopod ${command === undefined ? "" : `${command.name} `}--help\n`);
    return 2;
  }
}

function unknown(word: string): string {
  if (/\.(ts|wasm)$/.test(word)) return `there is no command "${word}"; did you mean: isopod run ${word}`;
  const what = word.startsWith("-") ? "option" : "command";
  const known = [...commands.map(({ name }) => name), "help", "--help", "--version"];
  const likely = suggest(word, known);
  return `there is no ${what} ${word}${likely === undefined ? "" : `; did you mean ${likely}?`}`;
}

// `isopod … | head` closes the pipe early, which is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
