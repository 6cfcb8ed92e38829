/** The list of crashes as lines of a terminal. No line is cut; a long one goes on in the next. */
import type { EndGroup } from "../../../web/observer/protocol.ts";
import { count, timeOfDay } from "../../../web/page/text.ts";
import { escapeControls } from "../../../wire/escape-controls.ts";

const INDENT = "  ";

export function crashLines(ends: readonly EndGroup[], columns: number): string[] {
  if (ends.length === 0) return ["No actor has crashed or was killed since the observer began, or none matches."];
  return ends.flatMap(end => {
    const { atMs, firstMs, pid, name, module, times, reason, child } = end;
    const who = [name, module].filter(word => word !== undefined && word !== "").join(" · ");
    const often = times > 1 ? `, ${count(times)} times since ${timeOfDay(firstMs)}` : "";
    const what = child === undefined ? "" : `, supervisor: ${child.action}`;
    const head = escapeControls(`${timeOfDay(atMs)} ${pid} ${who}${often}${what}`);
    return [...wrapped(head, columns), ...wrapped(INDENT + escapeControls(reason), columns)];
  });
}

/** Breaks at spaces where that is possible. Further lines are indented. */
function wrapped(text: string, columns: number): string[] {
  const most = Math.max(columns, 2 * INDENT.length + 1);
  const lines: string[] = [];
  let rest = text.replaceAll("\t", " ");
  while (rest.length > most) {
    const space = rest.lastIndexOf(" ", most);
    const at = space > INDENT.length * 2 ? space : most;
    lines.push(rest.slice(0, at).trimEnd());
    rest = INDENT + INDENT + rest.slice(at).trimStart();
  }
  return [...lines, rest];
}
