/**
 * What the commands write for people beyond plain lines: a little colour, and one line that says what takes its time. Both only where a terminal reads along;
 * NO_COLOR and FORCE_COLOR are respected.
 */
import { styleText } from "node:util";

const styles = { error: "red", warning: "yellow", quiet: "dim" } as const;

/** The text in the colour of its kind, for stderr. */
export function painted(kind: keyof typeof styles, text: string): string {
  return styleText(styles[kind], text, { stream: process.stderr });
}

/** What takes less time is not worth a line. */
const PATIENCE_MS = 1000;
const CLEAR = "\r\x1b[K";

/** The part of a terminal that it needs. */
type Terminal = Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;

/** One line on stderr that says what is being done, written over and at last taken away. Nothing where stderr is no terminal. */
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

  /** From now on this is what is being done. */
  say(text: string): void {
    this.#text = text;
    if (!this.#shows || this.#timer !== undefined) return;
    this.#beganMs = Date.now();
    this.#timer = setInterval(() => this.#write(), PATIENCE_MS);
    // What has failed is to end all the same.
    this.#timer.unref();
  }

  /** It is done, or something else is to be written. */
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
