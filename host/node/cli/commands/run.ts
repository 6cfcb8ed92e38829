/** `isopod run` and `isopod observe`: one actor of a guest, from its first turn to its end. */
import { MOST_THREADS } from "../../../wire/pid.ts";
import { PAYLOAD_FORMATS } from "../../payload-text.ts";
import { type Arguments, type Command, UsageError } from "../command.ts";
import { COMPILE_OPTIONS } from "../compile-options.ts";
import { clusterOf } from "../nats.ts";
import { relaunch } from "../relaunch.ts";
import { guestFrom } from "../run/guest.ts";
import { isScript, LANGUAGES } from "../run/language.ts";
import {
  definitionsOf,
  GRANT_CHOICES,
  grantsOf,
  LEVELS,
  limitsOf,
  lineOptions,
  POLICY_CHOICES,
  spawnOptions,
} from "../run/options.ts";
import { type Definition, runGuest } from "../run/session.ts";

const options: Command["options"] = {
  language: { type: "string", choices: LANGUAGES },
  entry: { type: "string" },
  ...COMPILE_OPTIONS,
  grant: { type: "string", multiple: true, choices: GRANT_CHOICES },
  limit: { type: "string", multiple: true },
  reductions: { type: "string", choices: POLICY_CHOICES },
  define: { type: "string", multiple: true },
  call: { type: "boolean" },
  lines: { type: "string", choices: PAYLOAD_FORMATS },
  tag: { type: "string" },
  to: { type: "string" },
  stay: { type: "boolean" },
  log: { type: "string", choices: LEVELS },
  record: { type: "string" },
  observe: { type: "boolean" },
  port: { type: "string" },
  join: { type: "string" },
  cluster: { type: "string" },
  id: { type: "string" },
  threads: { type: "string" },
};

export const run: Command = {
  name: "run",
  help: `Runs one actor of a guest until it ends. A .ts guest is compiled first; a .js,
.mjs or .mts is a script, which runs in the engine of isopod/js.

Usage: isopod run <guest.ts | guest.js | guest.wasm> [arguments…] [options]

The arguments, joined by spaces, become the actor's args. After --, arguments
that begin with a dash belong to the guest as well.

Each line of stdin is a message to the actor. What it answers is printed. After
the last line, the command waits until all that came is handled, and stops the
actors. If stdin has no line at all, the actor runs until it ends. A script gets
values; if it exports functions, a line calls one: add 1 2, or ["add", 1, 2].

Options:
  --language NAME js: the .ts files are scripts, and their types are taken out;
                  default: assemblyscript
  --entry NAME    the export to run; default: run, or else handle
  --park WAY      how the guest waits: asyncify (default) or jspi
  --grant NAME    what the guest may do besides sending and receiving: log, clock,
                  random, register, lookup, kill, spawn or none; may be given
                  several times; default: everything
  --limit NAME=N  sets a limit of the actor or of the runtime, for example
                  memoryPages=16; may be given several times
  --reductions POLICY
                  counts what the guest computes; after a long time without a
                  receive: yield (other actors get their turns) or kill
  --define NAME=FILE
                  a guest that other guests can spawn by this name; may be given
                  several times
  --call          each line is a call; the next one waits for its answer
  --lines FORMAT  what the lines are: text (default), json (a line that is not JSON
                  is refused), value (CBOR of the JSON, or else of the text; default
                  of scripts; answers are printed as JSON) or hex (answers, too)
  --tag N         the tag of the messages; default 0
  --to NAME       sends the lines to the actor that has registered this name
  --stay          goes on after the last line; default with --observe
  --log LEVEL     shows log lines of this level and above: debug (also shows how
                  each actor ends), info (default), warning or error
  --stack BYTES   room for references to objects: how deep functions with objects
                  may call each other (default 8192)
  --transform NAME
                  a transform of the compiler, as in isopod build
  --enable NAME   simd, relaxed-simd or reference-types, as in isopod build
  --debug         compiles with function names and without inlining; a crash shows
                  which functions had called each other
  --record DIR    records all actors; a crash leaves a file in this folder, which
                  isopod replay plays; it holds all messages of the actor
  --observe       serves a page about the actors on 127.0.0.1; the address, with
                  its token, is printed on stderr
  --port N        the port of that page; default: a free port
  --join ADDRESS  joins a cluster on the NATS server there, for example
                  nats://127.0.0.1:4222; its nodes can spawn what --define names
  --cluster NAME  which cluster
  --id N          the number of this node; default: a free one, by JetStream
  --threads N     runs on so many threads, or on all; actors of --define begin on
                  each in turn
  -h, --help      prints this

Log lines of level info go to stdout, all others to stderr. A crash is one line
on stderr: the actor, the exit reason, and the line of the source.
Exit code: 0; 1 if an actor crashed or exited with a reason of its own, if the
guest does not compile or load, or if a line was refused or not answered; 2 if the
command line is wrong; 130 after SIGINT.
`,
  options,
  run: given => runActor(given, given.has("observe")),
};

/** The same as `run --observe`. */
export const observe: Command = {
  ...run,
  name: "observe",
  help: run.help
    .replace("Usage: isopod run ", "Usage: isopod observe ")
    .replace(/^/, "Runs a guest as isopod run does, and serves a page about its actors.\n\n"),
  run: given => runActor(given, true),
};

function checkScriptOptions(path: string, given: Arguments): void {
  if (given.has("entry")) throw new UsageError(`--entry is for WebAssembly: ${path} is a script, which has no entries`);
  if (given.text("reductions") === "yield")
    throw new UsageError(`scripts are counted and killed, not preempted: leave out --reductions yield`);
}

async function runActor(given: Arguments, observes: boolean): Promise<number> {
  const [path, ...args] = given.positionals;
  if (path === undefined) throw new UsageError("which guest? Name a .ts, .js or .wasm file");
  if (isScript(path, given)) checkScriptOptions(path, given);
  const limits = limitsOf(given);
  const grants = grantsOf(given);
  const files = definitionsOf(given);
  const lines = lineOptions(given);
  const level = LEVELS.find(known => known === given.text("log")) ?? "info";
  const port = given.whole("port", 0, 0, 65_535);
  if (given.has("port") && !observes) throw new UsageError("--port is the port of --observe");
  const cluster = clusterOf(given);
  const threads = threadsOf(given);
  if (threads !== undefined && cluster !== undefined) throw new UsageError("a node of a cluster has one thread");
  const code = await relaunch();
  if (code !== undefined) return code;
  const entry = given.text("entry");
  const load = await guestFrom(path, given, entry !== undefined);
  if (load === undefined) return 1;
  const definitions: Definition[] = [];
  for (const [name, path] of files) {
    const load = await guestFrom(path, given, false);
    if (load === undefined) return 1;
    const placement = threads === undefined ? {} : { placement: "spread" as const };
    definitions.push({ name, load, defaults: { ...spawnOptions(given, path), ...placement } });
  }
  const to = given.text("to");
  return runGuest({
    ...{ path, load, definitions, grants, limits, level, lines },
    spawn: { args: args.join(" "), ...(entry !== undefined && { entry }), ...spawnOptions(given, path) },
    ...(to !== undefined && { to }),
    // A page is of use as long as its actors live.
    stays: given.has("stay") || observes,
    isDebug: given.has("debug"),
    isCounted: given.has("reductions"),
    isScript: isScript(path, given),
    ...(given.has("record") && { folder: given.text("record") ?? "" }),
    ...(observes && { port }),
    ...(cluster !== undefined && { cluster }),
    ...(threads !== undefined && { threads }),
  });
}

function threadsOf(given: Arguments): number | "all" | undefined {
  if (!given.has("threads")) return undefined;
  return given.text("threads") === "all" ? "all" : given.whole("threads", 1, 1, MOST_THREADS);
}
