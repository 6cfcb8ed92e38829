/**
 * A runtime with one actor, until all of its actors have ended or SIGINT comes. What guests log is
 * printed as plain text: no guest can send control sequences to the terminal.
 */
import { basename } from "node:path";
import {
  type ActorExit,
  createRuntime,
  type Denial,
  escapeControls,
  formatPid,
  type Grants,
  type LogLevel,
  type ModuleSource,
  type RuntimeLimits,
  type SpawnOptions,
} from "../../index.ts";
import { crashReport, crashStack } from "../crash-report.ts";
import { INTERRUPTED } from "../relaunch.ts";
import { painted } from "../terminal.ts";
import { LEVELS } from "./options.ts";

export interface Session {
  /** The guest as the user typed it. */
  readonly path: string;
  readonly guest: ModuleSource;
  readonly spawn: SpawnOptions;
  readonly grants: Grants | "all";
  readonly limits: Partial<RuntimeLimits>;
  /** The least important level of log lines that is shown. */
  readonly level: LogLevel;
  /** A crash shows which functions had called each other. */
  readonly isDebug: boolean;
  readonly isCounted: boolean;
  /** Serves the observer's page at this port; 0 takes a free port. */
  readonly port?: number;
}

/** Resolves to the exit code. */
export async function runGuest(session: Session): Promise<number> {
  const { path, guest, spawn, grants, limits, isCounted, port } = session;
  let failed = false;
  let interrupted = false;
  const runtime = createRuntime({
    grants,
    limits,
    onLog: (_pid, level, text) => {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(session.level)) print(level, text);
    },
    onDenied: printDenial,
    onExit: exit => {
      const hasFailed = exit.reason.kind !== "normal" && exit.reason.kind !== "shutdown";
      // An actor that SIGINT has ended did not fail.
      if (hasFailed && !interrupted) {
        failed = true;
        printFailure(exit, session);
      } else if (session.level === "debug") {
        print("debug", crashReport(exit, path, false));
      }
    },
  });
  const observer = port === undefined ? undefined : await runtime.observe({ port });
  if (observer !== undefined) process.stderr.write(`isopod: observe at ${observer.url}\n`);
  const module = await runtime.load(guest, {
    name: basename(path),
    // A source has its reductions counted by the compiler.
    reductions: isCounted && !path.endsWith(".ts") ? "count" : "none",
  });
  runtime.spawn(module, spawn);

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

function printFailure(exit: ActorExit, { path, isCounted, isDebug }: Session): void {
  process.stderr.write(`${painted("error", "isopod:")} ${crashReport(exit, path, isCounted)}\n`);
  if (isDebug) process.stderr.write(crashStack(exit));
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
    process.stderr.write("isopod: the actor waits for a message, and no sender is left; Ctrl-C ends it\n");
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
