/** The buttons that break the script in the editor. Each writes its line where the one is that ends with `// break`. */
import { button, byId } from "../page/dom.ts";
import type { Break } from "./scenes.ts";

const MARK = "// break";
const MARKED = new RegExp(`^.*${MARK}$`, "m");

export class Breaks {
  readonly #row = byId("breaks");
  readonly #onBreak: (change: (source: string) => string) => void;

  constructor(onBreak: (change: (source: string) => string) => void) {
    this.#onBreak = onBreak;
  }

  show(breaks: readonly Break[] = []): void {
    this.#row.hidden = breaks.length === 0;
    const buttons = breaks.map(({ title, line }) => button(title, {}, () => this.#onBreak(broken(line))));
    this.#row.replaceChildren("Break it with ", ...buttons);
  }
}

/** Where the reader has removed the mark, the line is the first one of the first function. */
function broken(line: string): (source: string) => string {
  const marked = `${line} ${MARK}`;
  return source =>
    MARKED.test(source)
      ? source.replace(MARKED, () => marked)
      : source.replace(/\{[ \t]*$/m, open => `${open}\n${marked}`);
}
