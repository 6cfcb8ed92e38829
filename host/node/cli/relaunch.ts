/**
 * Starts the CLI again with the engine's best settings: in Node a flag, in Bun an environment
 * variable.
 *
 * Guarantee: the parent of this process sees no difference. Streams, exit code and signals are the
 * child's.
 */
import { spawn } from "node:child_process";
import { BUN_VARIABLE, hasTrapHandlerFlag, TRAP_HANDLER_FLAG } from "../engine.ts";

/** Set in the child, which must not start another child even when it does not see the flag. */
const GUARD = "ISOPOD_RELAUNCHED";
const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
/** The exit code after SIGINT, by the convention of shells. */
export const INTERRUPTED = 130;
/**
 * How long after SIGINT the child is killed. A guest in an endless loop never lets its process see
 * the signal.
 */
const GRACE_MS = 1000;

/** The exit code of the child. Undefined where this process should do the work itself. */
export async function relaunch(): Promise<number | undefined> {
  const guarded = process.env[GUARD] !== undefined;
  delete process.env[GUARD];
  // Bun also reports a version of Node. It has a variable instead of the flag; Deno has neither.
  const inBun = process.versions.bun !== undefined;
  const isBest = inBun ? process.env[BUN_VARIABLE] === "0" : hasTrapHandlerFlag();
  if (guarded || isBest || !(inBun || process.allowedNodeEnvironmentFlags.has(TRAP_HANDLER_FLAG))) return undefined;
  const args = [...(inBun ? [] : [TRAP_HANDLER_FLAG]), ...process.execArgv, ...process.argv.slice(1)];
  const env = { ...process.env, [GUARD]: "1", ...(inBun && { [BUN_VARIABLE]: "0" }) };
  const child = spawn(process.execPath, args, { stdio: "inherit", env });
  return new Promise((done, fail) => {
    let kill: NodeJS.Timeout | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      child.kill(signal);
      if (signal === "SIGINT") kill ??= setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
    child.on("error", fail);
    child.on("exit", (code, signal) => {
      const interrupted = kill !== undefined;
      clearTimeout(kill);
      for (const signal of SIGNALS) process.off(signal, onSignal);
      if (code !== null) done(code);
      else if (interrupted || signal === null) done(INTERRUPTED);
      else process.kill(process.pid, signal);
    });
  });
}
