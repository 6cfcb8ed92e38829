/**
 * A runtime with one actor, until all of its actors have ended, the lines of stdin are handled, or
 * SIGINT comes. What guests log is printed as plain text: no guest can send control sequences to the
 * terminal.
 */
import { join as inFolder } from "node:path";
import { join } from "../../../cluster/join.ts";
import { ENGINE_NAME } from "../../../js/index.ts";
import {
  type ActorExit,
  createRuntime,
  type Denial,
  escapeControls,
  formatPid,
  type Grants,
  type LogLevel,
  type ModuleDefaults,
  type NodeRuntimeOptions,
  type Runtime,
  type RuntimeLimits,
  type SpawnOptions,
} from "../../index.ts";
import { crashReport, crashStack } from "../crash-report.ts";
import { type ClusterPlace, connectTo } from "../nats.ts";
import { INTERRUPTED } from "../relaunch.ts";
import { painted } from "../terminal.ts";
import { Lines } from "./lines.ts";
import { type GivenLines, LEVELS, linesFor } from "./options.ts";
import type { Load } from "./script.ts";

export interface Session {
  /** The guest as the user typed it. */
  readonly path: string;
  readonly load: Load;
  readonly spawn: SpawnOptions;
  /** What guests can spawn, by name. */
  readonly definitions: readonly Definition[];
  readonly lines: GivenLines;
  /** The name of the actor that gets the lines. Default: the actor of the session. */
  readonly to?: string;
  /** Goes on after the last line. */
  readonly stays: boolean;
  readonly grants: Grants | "all";
  readonly limits: Partial<RuntimeLimits>;
  /** The least important level of log lines that is shown. */
  readonly level: LogLevel;
  /** A crash shows which functions had called each other. */
  readonly isDebug: boolean;
  readonly isCounted: boolean;
  readonly isScript: boolean;
  /** Crashes are recorded into this folder. */
  readonly folder?: string;
  /** Serves the observer's page at this port; 0 takes a free port. */
  readonly port?: number;
  /** Joins this cluster. */
  readonly cluster?: ClusterPlace;
  /** How many threads; not with a cluster. */
  readonly threads?: number | "all";
}

export interface Definition {
  readonly name: string;
  readonly load: Load;
  readonly defaults: ModuleDefaults;
}

/** Resolves to the exit code. */
export async function runGuest(session: Session): Promise<number> {
  const { spawn, grants, limits, port, folder } = session;
  let failed = false;
  let interrupted = false;
  const options: NodeRuntimeOptions = {
    grants,
    limits,
    ...(folder !== undefined && { record: { modules: "all" as const, folder } }),
    onLog: (_pid, level, text) => {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(session.level)) print(level, text);
    },
    onDenied: printDenial,
    onExit: exit => {
      // The mailbox that the lines come from, and what has loaded a script.
      if (exit.module === undefined || exit.module === ENGINE_NAME) return;
      const hasFailed = exit.reason.kind !== "normal" && exit.reason.kind !== "shutdown";
      // An actor that SIGINT has ended did not fail.
      if (hasFailed && !interrupted) {
        failed = true;
        printFailure(exit, session);
        if (exit.recording !== undefined) printRecording(exit.recording.name, folder);
      } else if (session.level === "debug") {
        print("debug", crashReport(exit, { ...session, isCounted: false }));
      }
    },
  };
  const { threads } = session;
  const runtime = threads === undefined ? createRuntime(options) : await createRuntime({ ...options, threads });
  const leave = session.cluster === undefined ? undefined : await joined(runtime, session.cluster, session.definitions);
  const observer = port === undefined ? undefined : await runtime.observe({ port });
  if (observer !== undefined) process.stderr.write(`isopod: observe at ${observer.url}\n`);
  const close = async () => {
    await runtime.stop();
    await observer?.close();
    await leave?.();
  };
  for (const { name, load, defaults } of session.definitions) {
    const module = await load(runtime);
    if (module === undefined) return close().then(() => 1);
    runtime.define(name, module, defaults);
  }
  const module = await session.load(runtime);
  if (module === undefined) return close().then(() => 1);
  const lineOptions = linesFor(session.lines, module, session.to);
  const pid = runtime.spawn(module, spawn);
  const lines = new Lines(runtime, session.to ?? pid, lineOptions);

  const keepAlive = waitForSignals();
  const onInterrupt = () => {
    interrupted = true;
    lines.close();
    void runtime.stop();
  };
  process.on("SIGINT", onInterrupt);
  const idle = runtime.idle();
  const read = lines.read();
  // An input without a line is that of a program in the background, which runs until its actor ends.
  await Promise.race([idle, read.then(count => (count === 0 || session.stays ? idle : runtime.settled()))]);
  lines.close();
  await read;
  await close();
  process.off("SIGINT", onInterrupt);
  keepAlive.end();
  return interrupted ? INTERRUPTED : failed || lines.areRefused ? 1 : 0;
}

/** Joins a cluster. Returns what leaves it. */
async function joined(
  runtime: Runtime,
  { server, cluster, id }: ClusterPlace,
  definitions: readonly Definition[],
): Promise<() => Promise<void>> {
  const connection = await connectTo(server);
  const offers = definitions.map(({ name }) => name);
  const node = await join(runtime, connection, { cluster, offers, ...(id !== undefined && { id }) });
  process.stderr.write(`isopod: this is node ${node.id} of ${cluster}\n`);
  node.onNode(({ kind, node: other, why }) => process.stderr.write(`isopod: node ${other} is ${kind}: ${why}\n`));
  return async () => {
    await node.close();
    await connection.close();
  };
}

function print(level: LogLevel, text: string): void {
  const shown = escapeControls(text, true);
  if (level === "info") {
    process.stdout.write(`${shown}\n`);
    return;
  }
  const label = painted(level === "debug" ? "quiet" : level, `${level}:`);
  // Further lines are indented, so that no guest can write a line on stderr that looks like
  // isopod's own.
  process.stderr.write(`${label} ${shown.replaceAll("\n", "\n  ")}\n`);
}

function printFailure(exit: ActorExit, session: Session): void {
  process.stderr.write(`${painted("error", "isopod:")} ${crashReport(exit, session)}\n`);
  if (session.isDebug) process.stderr.write(crashStack(exit));
}

function printRecording(name: string, folder = ""): void {
  process.stderr.write(`  isopod replay ${inFolder(folder, name)} plays it again\n`);
}

function printDenial({ pid, module, call, grant }: Denial): void {
  const hint = grant === "imports" ? "" : `; --grant ${grant} gives it`;
  process.stderr.write(
    `isopod: ${formatPid(pid)} ${escapeControls(module)} called ${call}, which it is not granted${hint}\n`,
  );
}

/**
 * Parked actors do not keep Node alive. When Node is about to exit, no timer and no socket is left
 * that could lead to a message. This is said once, and then the process waits for a signal, as a
 * server does.
 */
function waitForSignals(): { end(): void } {
  let timer: NodeJS.Timeout | undefined;
  const onEmpty = () => {
    const { isTTY, readableEnded } = process.stdin;
    const hint = isTTY && !readableEnded ? "each line that you type is one; Ctrl-D ends them" : "no sender is left";
    process.stderr.write(`isopod: the actor waits for a message, and ${hint}; Ctrl-C ends it\n`);
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
