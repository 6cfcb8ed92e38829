/**
 * Colours, and a line that shows progress. Both appear only on a terminal. NO_COLOR and FORCE_COLOR
 * are respected.
 */
import { styleText } from "node:util";

const styles = { error: "red", warning: "yellow", quiet: "dim" } as const;

/** The text in the colour of its kind, for stderr. */
export function painted(kind: keyof typeof styles, text: string): string {
  return styleText(styles[kind], text, { stream: process.stderr });
}

/** Work that takes less shows no line. The line is rewritten at this interval. */
const INTERVAL_MS = 1000;
const CLEAR = "\r\x1b[K";

/** What `ProgressLine` uses of a terminal. */
type Terminal = Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;

/**
 * One line on stderr that says what the command is doing. It is rewritten in place, and erased at
 * the end.
 */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #shows: boolean;
  #timer: NodeJS.Timeout | undefined;
  #text = "";
  #beganMs = 0;

  constructor(terminal: Terminal = process.stderr) {
    this.#terminal = terminal;
    this.#shows = terminal.isTTY && process.env.TERM !== "dumb";
  }

  /** Sets the text. The line appears after a second. */
  say(text: string): void {
    this.#text = text;
    if (!this.#shows || this.#timer !== undefined) return;
    this.#beganMs = Date.now();
    this.#timer = setInterval(() => this.#write(), INTERVAL_MS);
    // The timer must not keep a process alive that has failed.
    this.#timer.unref();
  }

  /** Erases the line: the work is done, or other output follows. */
  clear(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#terminal.write(CLEAR);
  }

  #write(): void {
    const seconds = Math.round((Date.now() - this.#beganMs) / 1000);
    const text = `${this.#text} … ${seconds} s`.slice(0, (this.#terminal.columns || 80) - 1);
    this.#terminal.write(`${CLEAR}${painted("quiet", text)}`);
  }
}
