/** The source with its line numbers, and the compiler's diagnostics below it. */

import { byId } from "../page/dom.ts";
import type { Diagnostic } from "./protocol.ts";

export class Editor {
  readonly #source = byId("source", HTMLTextAreaElement);
  readonly #lines = byId("lines");
  readonly #diagnostics = byId("diagnostics");
  /** Lines with errors. */
  #wrong: ReadonlySet<number> = new Set();

  constructor(onChange: () => void, onRun: () => void) {
    this.#source.addEventListener("input", () => {
      this.#number();
      onChange();
    });
    this.#source.addEventListener("scroll", () => {
      this.#lines.scrollTop = this.#source.scrollTop;
    });
    this.#source.addEventListener("keydown", event => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      onRun();
    });
  }

  get text(): string {
    return this.#source.value;
  }

  set text(text: string) {
    this.#source.value = text;
    this.#source.scrollTop = 0;
    this.show([]);
  }

  show(diagnostics: readonly Diagnostic[]): void {
    this.#wrong = new Set(diagnostics.flatMap(({ line }) => line ?? []));
    this.#number();
    this.#diagnostics.hidden = diagnostics.length === 0;
    // The compiler reports along the calls, not along the lines.
    const inOrder = diagnostics.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    this.#diagnostics.replaceChildren(...inOrder.map(diagnostic => this.#item(diagnostic)));
  }

  #item({ severity, message, line, column }: Diagnostic): HTMLElement {
    const item = document.createElement("li");
    item.dataset.severity = severity;
    const place = document.createElement(line === undefined ? "span" : "button");
    place.className = "place";
    place.textContent = line === undefined ? severity : `${line}:${column}`;
    if (line !== undefined) place.addEventListener("click", () => this.#goTo(line, column ?? 1));
    item.append(place, message);
    return item;
  }

  #goTo(line: number, column: number): void {
    const before = this.text.split("\n", line - 1).reduce((length, text) => length + text.length + 1, 0);
    this.#source.focus();
    this.#source.setSelectionRange(before + column - 1, before + column - 1);
  }

  #number(): void {
    const numbers = this.text.split("\n").map((_, i) => {
      const number = document.createElement("span");
      number.textContent = `${i + 1}\n`;
      if (this.#wrong.has(i + 1)) number.className = "wrong";
      return number;
    });
    this.#lines.replaceChildren(...numbers);
    this.#lines.scrollTop = this.#source.scrollTop;
  }
}
