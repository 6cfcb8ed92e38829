/** `isopod run` and `isopod observe`: one actor of a guest, from its first turn to its end. */
import { type Arguments, type Command, UsageError } from "../command.ts";
import { COMPILE_OPTIONS } from "../compile-options.ts";
import { relaunch } from "../relaunch.ts";
import { guestFrom } from "../run/guest.ts";
import { GRANT_CHOICES, grantsOf, LEVELS, limitsOf, POLICY_CHOICES, spawnOptions } from "../run/options.ts";
import { runGuest } from "../run/session.ts";

const options: Command["options"] = {
  entry: { type: "string" },
  ...COMPILE_OPTIONS,
  grant: { type: "string", multiple: true, choices: GRANT_CHOICES },
  limit: { type: "string", multiple: true },
  reductions: { type: "string", choices: POLICY_CHOICES },
  log: { type: "string", choices: LEVELS },
  observe: { type: "boolean" },
  port: { type: "string" },
};

export const run: Command = {
  name: "run",
  help: `Runs one actor of a guest until it ends. A .ts guest is compiled first.

Usage: isopod run <guest.ts | guest.wasm> [arguments…] [options]

The arguments, joined by spaces, become the actor's args. After --, arguments
that begin with a dash belong to the guest as well.

Options:
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
  --log LEVEL     shows log lines of this level and above: debug (also shows how
                  each actor ends), info (default), warning or error
  --stack BYTES   room for references to objects: how deep functions with objects
                  may call each other (default 8192)
  --transform NAME
                  a transform of the compiler, as in isopod build
  --enable NAME   simd, relaxed-simd or reference-types, as in isopod build
  --debug         compiles with function names and without inlining; a crash shows
                  which functions had called each other
  --observe       serves a page about the actors on 127.0.0.1; the address, with
                  its token, is printed on stderr
  --port N        the port of that page; default: a free port
  -h, --help      prints this

Log lines of level info go to stdout, all others to stderr. A crash is one line
on stderr: the actor, the exit reason, and the line of the AssemblyScript source.
Exit code: 0; 1 if an actor crashed or exited with a reason of its own, or if the
guest does not compile or load; 2 if the command line is wrong; 130 after SIGINT.
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

async function runActor(given: Arguments, observes: boolean): Promise<number> {
  const [path, ...args] = given.positionals;
  if (path === undefined) throw new UsageError("which guest? Name a .ts or a .wasm file");
  const limits = limitsOf(given);
  const grants = grantsOf(given);
  const level = LEVELS.find(known => known === given.text("log")) ?? "info";
  const port = given.whole("port", 0, 0, 65_535);
  if (given.has("port") && !observes) throw new UsageError("--port is the port of --observe");
  const code = await relaunch();
  if (code !== undefined) return code;
  const guest = await guestFrom(path, given);
  if (guest === undefined) return 1;
  const isDebug = given.has("debug");
  const isCounted = given.has("reductions");
  const spawn = { args: args.join(" "), ...spawnOptions(given, path) };
  return runGuest({ path, guest, spawn, grants, limits, level, isDebug, isCounted, ...(observes && { port }) });
}
