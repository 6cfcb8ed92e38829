/**
 * `isopod run`: one actor of a guest, from its first turn to its end. What it logs is printed as plain text: no guest can send
 * control sequences to the terminal.
 */

import { basename, resolve } from "node:path";
import {
  defaultLimits,
  escapeControls,
  formatPid,
  type Grants,
  type LogLevel,
  type ModuleSource,
  type RuntimeLimits,
  type SpawnOptions,
} from "../../../index.ts";
import { suggest } from "../../../wire/suggest.ts";
import { build } from "../../compile/build.ts";
import { entryWarning } from "../../compile/entries.ts";
import { createRuntime } from "../../index.ts";
import { missing } from "../../read.ts";
import { type Arguments, type Command, numberIn, UsageError } from "../command.ts";
import { crashReport, crashStack } from "../crash-report.ts";
import { printDiagnostics } from "../diagnostics.ts";
import { INTERRUPTED, relaunch } from "../relaunch.ts";
import { ProgressLine, painted } from "../terminal.ts";
import { compileOptions, PARK_CHOICES } from "./build.ts";

const GRANT_CHOICES = ["log", "clock", "random", "register", "lookup", "kill", "spawn", "none"];
const REDUCTION_POLICIES = ["yield", "kill"] as const;
const LEVELS = ["debug", "info", "warning", "error"] as const;

export const run: Command = {
  name: "run",
  help: `Runs one actor of a guest until it ends. A .ts guest is compiled first.

Usage: isopod run <guest.ts | guest.wasm> [arguments…] [options]

The arguments, joined by a space, are the actor's args. Behind -- even those
that begin with a dash are the guest's.

Options:
  --entry NAME    the export to run; default run, or else handle
  --park WAY      how it waits: asyncify (default) or jspi
  --grant NAME    what the guest may do beyond sending and receiving: log, clock,
                  random, register, lookup, kill, spawn or none; may be given
                  several times; without it, everything
  --limit NAME=N  a limit of the actor's or of the runtime's, for example
                  memoryPages=16; may be given several times
  --reductions POLICY
                  count what it computes, and when it has computed for long:
                  yield (let others go on) or kill
  --log LEVEL     show what is logged at this level and above: debug (with how
                  each actor ends), info (default), warning or error
  --stack BYTES   for references to objects: how deep functions with objects may
                  call each other (default 8192)
  --debug         compile with names and without inlining, and show of a crash
                  which functions had called each other
  --observe       serve a page about the actors on 127.0.0.1; its address, with the
                  token that it needs, is printed on stderr
  --port N        the page's port; default a free one
  -h, --help      print this

Info goes to stdout, everything else that is logged to stderr. A crash is one
line on stderr: the actor, the reason, and the line of the AssemblyScript source.
Exit code: 0; 1 where an actor crashed or exited with a reason of its own, or
where the guest does not compile or load; 2 where the command line is wrong;
130 after SIGINT.
`,
  options: {
    entry: { type: "string" },
    park: { type: "string", choices: PARK_CHOICES },
    grant: { type: "string", multiple: true, choices: GRANT_CHOICES },
    limit: { type: "string", multiple: true },
    reductions: { type: "string", choices: REDUCTION_POLICIES },
    log: { type: "string", choices: LEVELS },
    observe: { type: "boolean" },
    port: { type: "string" },
    stack: { type: "string" },
    debug: { type: "boolean" },
  },

  run: given => runGuest(given, given.has("observe")),
};

/** `isopod observe`: the same, observed. */
export const observe: Command = {
  ...run,
  name: "observe",
  help: run.help
    .replace("Usage: isopod run ", "Usage: isopod observe ")
    .replace(/^/, "Runs a guest as isopod run does, and serves a page about its actors.\n\n"),
  run: given => runGuest(given, true),
};

async function runGuest(given: Arguments, observes: boolean): Promise<number> {
  const [path, ...args] = given.positionals;
  if (path === undefined) throw new UsageError("which guest? Name a .ts or a .wasm file");
  const limits = limitsOf(given);
  const grants = grantsOf(given);
  const least = LEVELS.findIndex(level => level === (given.text("log") ?? "info"));
  const port = given.whole("port", 0, 0, 65_535);
  if (given.has("port") && !observes) throw new UsageError("--port is the port of --observe");
  const code = await relaunch();
  if (code !== undefined) return code;
  const guest = await guestFrom(path, given);
  if (guest === undefined) return 1;

  let failed = false;
  let interrupted = false;
  const runtime = createRuntime({
    grants,
    limits,
    onLog: (_pid, level, text) => {
      if (LEVELS.indexOf(level) >= least) print(level, text);
    },
    onDenied: ({ pid, module, call, grant }) => {
      const give = grant === "imports" ? "" : `; --grant ${grant} gives it`;
      process.stderr.write(
        `isopod: ${formatPid(pid)} ${escapeControls(module)} called ${call}, which it is not granted${give}\n`,
      );
    },
    onExit: exit => {
      const hasFailed = exit.reason.kind !== "normal" && exit.reason.kind !== "shutdown";
      // What SIGINT ended has not failed.
      if (hasFailed && !interrupted) {
        failed = true;
        process.stderr.write(`${painted("error", "isopod:")} ${crashReport(exit, path, given.has("reductions"))}\n`);
        if (given.has("debug")) process.stderr.write(crashStack(exit));
      } else if (least === 0) {
        print("debug", crashReport(exit, path, false));
      }
    },
  });
  const observer = observes ? await runtime.observe({ port }) : undefined;
  if (observer !== undefined) process.stderr.write(`isopod: observe at ${observer.url}\n`);
  const counted = given.has("reductions") && !path.endsWith(".ts");
  const module = await runtime.load(guest, {
    name: basename(path),
    reductions: counted ? "count" : "none",
  });
  runtime.spawn(module, { args: args.join(" "), ...spawnOptions(given, path) });

  const keepAlive = waitForSignals();
  const onInterrupt = () => {
    interrupted = true;
    void runtime.stop();
  };
  process.on("SIGINT", onInterrupt);
  await runtime.idle();
  await observer?.close();
  process.off("SIGINT", onInterrupt);
  keepAlive.end();
  return interrupted ? INTERRUPTED : failed ? 1 : 0;
}

/** Undefined where it does not compile; then the compiler's messages are printed. */
async function guestFrom(path: string, given: Arguments): Promise<ModuleSource | undefined> {
  if (!path.endsWith(".ts")) {
    if (!path.endsWith(".wasm") && missing(path) === undefined) {
      throw new UsageError(`a guest is AssemblyScript (.ts) or WebAssembly (.wasm), and ${path} is neither`);
    }
    return path;
  }
  const policy = given.text("reductions");
  const reductions = policy === "yield" ? "yield" : policy === "kill" ? "count" : "none";
  const progress = new ProgressLine();
  progress.say(`compiling ${path}`);
  const options = { ...compileOptions(given), reductions } as const;
  const [compiled] = await build([path], options).finally(() => progress.clear());
  printDiagnostics(compiled.diagnostics);
  if (compiled.wasm === undefined) return undefined;
  const message = given.has("entry") ? undefined : entryWarning(compiled.wasm);
  if (message === undefined) return compiled;
  printDiagnostics([{ severity: "error", message, code: 0, file: resolve(path) }]);
  return undefined;
}

function spawnOptions(given: Arguments, path: string): SpawnOptions {
  const entry = given.text("entry");
  // A source has been compiled for the way that was asked for; a module says itself whether it has it.
  const way = path.endsWith(".ts") ? undefined : PARK_CHOICES.find(way => way === given.text("park"));
  const policy = REDUCTION_POLICIES.find(policy => policy === given.text("reductions"));
  return { ...(entry !== undefined && { entry }), ...(way && { way }), ...(policy && { reductions: { policy } }) };
}

function grantsOf(given: Arguments): Grants | "all" {
  if (!given.has("grant")) return "all";
  const names = given.all("grant").filter(name => name !== "none");
  return Object.fromEntries(names.map(name => [name, name === "spawn" ? "any" : true]));
}

/** Throws a UsageError where one is not `name=number`, or is no limit. */
function limitsOf(given: Arguments): Partial<RuntimeLimits> {
  return Object.fromEntries(
    given.all("limit").map(text => {
      const [name, value = ""] = text.split("=");
      if (!Object.hasOwn(defaultLimits, name)) {
        const known = Object.keys(defaultLimits);
        const likely = suggest(name, known);
        const hint = likely === undefined ? `there are ${known.join(", ")}` : `did you mean ${likely}?`;
        throw new UsageError(`--limit: there is no limit ${name}; ${hint}`);
      }
      return [name, numberIn(`--limit ${name}`, value, 0, Number.MAX_SAFE_INTEGER, true)];
    }),
  );
}

function print(level: LogLevel, text: string): void {
  const shown = escapeControls(text, true);
  if (level === "info") process.stdout.write(`${shown}\n`);
  // Further lines are indented: on stderr a guest shall not write lines that look like isopod's own.
  else
    process.stderr.write(
      `${level === "debug" ? painted("quiet", "debug:") : painted(level, `${level}:`)} ${shown.replaceAll("\n", "\n  ")}\n`,
    );
}

/**
 * Parked actors do not keep Node alive; as it would end, all of them wait for what nobody can send. That is said once, and
 * then it waits for a signal, as a server does.
 */
function waitForSignals(): { end(): void } {
  let timer: NodeJS.Timeout | undefined;
  const onEmpty = () => {
    process.stderr.write("isopod: the actor waits, and nobody is left who could send to it; Ctrl-C ends it\n");
    timer = setInterval(() => {}, 2 ** 30);
  };
  process.once("beforeExit", onEmpty);
  return {
    end() {
      process.off("beforeExit", onEmpty);
      clearInterval(timer);
    },
  };
}
