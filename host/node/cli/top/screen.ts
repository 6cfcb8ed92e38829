/**
 * The interactive terminal of `isopod top`: the alternate screen, no cursor, and keys as they are
 * pressed.
 */
import type { SortKey } from "../../../web/observer/protocol.ts";
import { crashLines } from "./crash-lines.ts";
import { frame, rowsThatFit } from "./frame.ts";
import type { ObserverClient, Reading } from "./observer-client.ts";
import { ViewState } from "./view-state.ts";

const EVERY_MS = 1000;
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const MOST_ROWS = 500;

/**
 * Redraws every second until the user presses q or Ctrl-C. The terminal is then as it was before.
 *
 * @returns the exit code
 * @throws where the observer does not answer
 */
export async function watch(observer: ObserverClient, sort: SortKey, filter: string): Promise<number> {
  const { stdin, stdout } = process;
  const state = new ViewState(sort, filter);
  let code: number | undefined;
  let last: Reading | undefined;
  let wake = () => {};
  const color = (process.env.NO_COLOR ?? "") === "";
  const room = () => Math.min(rowsThatFit(stdout.rows), MOST_ROWS);
  const draw = () => {
    if (last === undefined || code !== undefined) return;
    const { columns, rows } = stdout;
    const { sort, filter, isTyping, hint } = state;
    const lines = frame(last, { columns, rows, color, sort, filter, isTyping, hint, ...crashes(last, columns) });
    stdout.write(`\x1b[H${lines.map(line => `${line}\x1b[K`).join("\r\n")}\x1b[J`);
  };
  const crashes = ({ ends }: Reading, columns: number) => {
    if (!state.showsCrashes) return {};
    const lines = crashLines(ends ?? [], columns);
    state.firstLine = Math.min(state.firstLine, Math.max(0, lines.length - room()));
    return { crashes: lines.slice(state.firstLine) };
  };
  const onKey = (data: Buffer) => {
    code = state.press(data.toString(), last?.page, room());
    wake();
  };
  const onTerminate = () => {
    code = 143;
    wake();
  };
  stdout.write(ENTER);
  stdin.setRawMode?.(true);
  stdin.on("data", onKey).resume();
  stdout.on("resize", draw);
  process.on("SIGTERM", onTerminate);
  try {
    while (code === undefined) {
      const { sort, isReversed, filter, position, showsCrashes: withEnds } = state;
      last = await observer.read({ sort, isReversed, rows: room(), filter, position, withEnds });
      draw();
      if (code !== undefined) break;
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, EVERY_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return code;
  } finally {
    process.off("SIGTERM", onTerminate);
    stdout.off("resize", draw);
    stdin.off("data", onKey).pause();
    stdin.setRawMode?.(false);
    stdout.write(LEAVE);
  }
}
