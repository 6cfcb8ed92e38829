/**
 * How an actor ended, as text for a terminal: one line with the actor, the exit reason and the
 * place in the source. Where the place is not known, a second line says how to find it. No control
 * sequence of a guest gets through.
 */
import type { ActorExit } from "../../index.ts";
import { escapeControls } from "../../wire/escape-controls.ts";
import { formatPid } from "../../wire/pid.ts";
import { formatReason, placeInScript } from "../../wire/reason.ts";

/** A message that ends with a place, as `abort` and the runtime write it. */
const PLACED = /\(\S+:\d+:\d+(, from \S+)?\)$/;
/** A place in a library, which does not tell which line of the guest called it. */
const IN_LIBRARY = /\(~lib\/\S+:\d+:\d+\)$/;

/** What was run, as far as it says where to look for the line of a crash. */
export interface Ran {
  /** As it was typed. */
  readonly path: string;
  /** Whether `--reductions` was given. */
  readonly isCounted: boolean;
  /** Crashes of scripts always name their lines, as far as they have one. */
  readonly isScript: boolean;
}

export function crashReport({ pid, module, name, reason }: ActorExit, ran: Ran): string {
  const who = escapeControls(name === undefined ? `${module}` : `${name} (${module})`);
  const head = `${formatPid(pid)} ${who} ${formatReason(reason)}`;
  const hint = reason.kind === "crashed" ? whereToLook(reason, ran) : undefined;
  return hint === undefined ? head : `${head}\n  ${hint}`;
}

function whereToLook(
  { message, stack }: { readonly message: string; readonly stack: string },
  { path, isCounted, isScript }: Ran,
): string | undefined {
  if (isScript) return undefined;
  const isSource = path.endsWith(".ts");
  if (IN_LIBRARY.test(message)) return isSource ? `isopod run --debug ${path} shows who called the library` : undefined;
  // Any other crash breaks a rule of the ABI, and its message says which.
  if (PLACED.test(message) || !stack.startsWith("RuntimeError")) return undefined;
  if (!isSource) return `the line is not known: ${path} came without ${path}.map, which isopod build writes beside it`;
  return isCounted
    ? `the line is not known, because --reductions yield keeps no source map; isopod run ${path} names it`
    : undefined;
}

/**
 * The guest's functions on the stack, one a line, the innermost first. Empty where the actor did
 * not crash.
 */
export function crashStack({ reason }: ActorExit): string {
  if (reason.kind !== "crashed") return "";
  if (placeInScript(reason.stack) !== undefined) return escapeControls(reason.stack, true);
  const frames = [...reason.stack.matchAll(/^\s*at (.*?) ?(?:wasm:\/\/\S+)?wasm-function\[\d+\]:0x[0-9a-f]+(\)?)$/gm)];
  return frames
    .map(([, frame, end]) => `${frame}${end}`.replace(" ()", "").replace(/ \($/, ""))
    .filter(frame => frame !== "" && !frame.startsWith("resume:"))
    .map(frame => `    at ${escapeControls(frame)}\n`)
    .join("");
}
