/** How an actor ended, for people at a terminal, with nothing that a terminal obeys: one line that names the actor, the reason and the place, and what to do where the place is not known. */

import { escapeControls } from "../../wire/escape-controls.ts";
import type { ActorExit } from "../../wire/events.ts";
import { formatPid } from "../../wire/pid.ts";
import { formatReason } from "../../wire/reason.ts";

/** A reason that ends in a place, as `abort` and the runtime write it. */
const PLACED = /\(\S+:\d+:\d+(, from \S+)?\)$/;
/** A place in a library, of which the guest's author cannot know who called it. */
const IN_LIBRARY = /\(~lib\/\S+:\d+:\d+\)$/;

/**
 * @param path the guest that was run, as it was typed
 * @param counted it was compiled with its reductions counted
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
  // Other crashes are broken rules, which say what is wrong.
  if (PLACED.test(message) || !stack.startsWith("RuntimeError")) return undefined;
  if (!isSource) return `the line is not known: ${path} came without ${path}.map, which isopod build writes beside it`;
  return counted ? `the line is not known of a build with --reductions yield; isopod run ${path} names it` : undefined;
}

/** Which of the guest's functions had called each other, innermost first: a line each. */
export function crashStack({ reason }: ActorExit): string {
  if (reason.kind !== "crashed") return "";
  const frames = [...reason.stack.matchAll(/^\s*at (.*?) ?(?:wasm:\/\/\S+)?wasm-function\[\d+\]:0x[0-9a-f]+(\)?)$/gm)];
  return frames
    .map(([, frame, end]) => `${frame}${end}`.replace(" ()", "").replace(/ \($/, ""))
    .filter(frame => frame !== "" && !frame.startsWith("resume:"))
    .map(frame => `    at ${escapeControls(frame)}\n`)
    .join("");
}
