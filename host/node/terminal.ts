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

/** Text of a guest's, which cannot send control sequences to the terminal: control characters other than tab and line end are shown, not obeyed. */
export function plain(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, c => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** What takes less time is not worth a line. */
const PATIENCE_MS = 1000;
const CLEAR = "\r\x1b[K";

/** One line on stderr, written over and at last taken away. */
export class Progress {
  readonly #shows = process.stderr.isTTY && process.env.TERM !== "dumb";
  #timer: NodeJS.Timeout | undefined;
  #text = "";
  #beganMs = 0;

  /** From now on this is what is being done. */
  say(text: string): void {
    this.#text = text;
    if (!this.#shows || this.#timer !== undefined) return;
    this.#beganMs = performance.now();
    this.#timer = setInterval(() => this.#write(), PATIENCE_MS);
  }

  /** It is done, or something else is to be written. */
  clear(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    process.stderr.write(CLEAR);
  }

  #write(): void {
    const seconds = Math.round((performance.now() - this.#beganMs) / 1000);
    const text = `${this.#text} … ${seconds} s`.slice(0, (process.stderr.columns ?? 80) - 1);
    process.stderr.write(`${CLEAR}${painted("quiet", text)}`);
  }
}
