/**
 * How an actor ended, as text for a terminal: one line with the actor, the exit reason and the
 * place in the source. Where the place is not known, a second line says how to find it. No control
 * sequence of a guest gets through.
 */
import type { ActorExit } from "../../index.ts";
import { escapeControls } from "../../wire/escape-controls.ts";
import { formatPid } from "../../wire/pid.ts";
import { formatReason } from "../../wire/reason.ts";

/** A message that ends with a place, as `abort` and the runtime write it. */
const PLACED = /\(\S+:\d+:\d+(, from \S+)?\)$/;
/** A place in a library, which does not tell which line of the guest called it. */
const IN_LIBRARY = /\(~lib\/\S+:\d+:\d+\)$/;

/**
 * @param path the guest that was run, as it was typed
 * @param counted whether `--reductions` was given
 */
export function crashReport({ pid, module, name, reason }: ActorExit, path: string, counted: boolean): string {
  const who = escapeControls(name === undefined ? `${module}` : `${name} (${module})`);
  const head = `${formatPid(pid)} ${who} ${formatReason(reason)}`;
  const hint = reason.kind === "crashed" ? whereToLook(reason, path, counted) : undefined;
  return hint === undefined ? head : `${head}\n  ${hint}`;
}

function whereToLook(
  { message, stack }: { readonly message: string; readonly stack: string },
  path: string,
  counted: boolean,
): string | undefined {
  const isSource = path.endsWith(".ts");
  if (IN_LIBRARY.test(message)) return isSource ? `isopod run --debug ${path} shows who called the library` : undefined;
  // Any other crash breaks a rule of the ABI, and its message says which.
  if (PLACED.test(message) || !stack.startsWith("RuntimeError")) return undefined;
  if (!isSource) return `the line is not known: ${path} came without ${path}.map, which isopod build writes beside it`;
  return counted
    ? `the line is not known, because --reductions yield keeps no source map; isopod run ${path} names it`
    : undefined;
}

/**
 * The guest's functions on the stack, one a line, the innermost first. Empty where the actor did
 * not crash.
 */
export function crashStack({ reason }: ActorExit): string {
  if (reason.kind !== "crashed") return "";
  const frames = [...reason.stack.matchAll(/^\s*at (.*?) ?(?:wasm:\/\/\S+)?wasm-function\[\d+\]:0x[0-9a-f]+(\)?)$/gm)];
  return frames
    .map(([, frame, end]) => `${frame}${end}`.replace(" ()", "").replace(/ \($/, ""))
    .filter(frame => frame !== "" && !frame.startsWith("resume:"))
    .map(frame => `    at ${escapeControls(frame)}\n`)
    .join("");
}
