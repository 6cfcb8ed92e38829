/**
 * The interactive terminal of `isopod top`: the alternate screen, no cursor, and keys as they are
 * pressed.
 */
import type { SortKey } from "../../../web/observer/protocol.ts";
import { INTERRUPTED } from "../relaunch.ts";
import { frame, rowsThatFit } from "./frame.ts";
import { type ObserverClient, type Position, positionAfter, type Reading, TOP } from "./observer-client.ts";

const EVERY_MS = 1000;
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const keys: Readonly<Record<string, SortKey>> = {
  i: "items",
  b: "bytes",
  r: "reductions",
  m: "memory",
  l: "links",
  a: "age",
  p: "pid",
  n: "name",
};
const NEXT_PAGE = "\x1b[6~";
const PREVIOUS_PAGE = "\x1b[5~";
/** It fits into 80 columns. */
export const HINT = "q quit  PgDn PgUp  by i)tems b)ytes r)eductions m)emory l)inks a)ge p)id n)ame";

/**
 * Redraws every second until the user presses q or Ctrl-C. The terminal is then as it was before.
 *
 * @returns the exit code
 * @throws where the observer does not answer
 */
export async function watch(observer: ObserverClient, first: SortKey, filter: string): Promise<number> {
  const { stdin, stdout } = process;
  let sort = first;
  let isReversed = false;
  let code: number | undefined;
  let last: Reading | undefined;
  let position = TOP;
  /** Where the pages before this one begin. */
  let before: Position[] = [];
  let wake = () => {};
  const color = (process.env.NO_COLOR ?? "") === "";
  const draw = () => {
    if (last === undefined || code !== undefined) return;
    const { columns, rows } = stdout;
    const lines = frame(last, { columns, rows, color, sort, hint: HINT });
    stdout.write(`\x1b[H${lines.map(line => `${line}\x1b[K`).join("\r\n")}\x1b[J`);
  };
  const onKey = (data: Buffer) => {
    const key = data.toString();
    if (key === "q" || key === "\x03") code = key === "q" ? 0 : INTERRUPTED;
    const wanted = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (wanted !== undefined) {
      isReversed = wanted === sort && !isReversed;
      sort = wanted;
      position = TOP;
      before = [];
    }
    const next = key === NEXT_PAGE && last !== undefined ? positionAfter(last.page, position) : undefined;
    if (next !== undefined) {
      before.push(position);
      position = next;
    }
    if (key === PREVIOUS_PAGE) position = before.pop() ?? TOP;
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
      last = await observer.read({ sort, isReversed, rows: Math.min(rowsThatFit(stdout.rows), 500), filter, position });
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
