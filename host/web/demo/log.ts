/** What guests log, what supervisors do, and what was answered; the newest line last, and in view unless somebody reads older ones. */
import { element } from "./dom.ts";

const MAX_LINES = 300;

export class Log {
  readonly #list = element("log", HTMLElement);

  add(kind: string, who: string, text: string): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    const follows = scrollHeight - scrollTop - clientHeight < 30;
    const line = document.createElement("li");
    line.dataset.kind = kind;
    line.append(part("time", timeOfDay()), part("b", who), part("span", text));
    this.#list.append(line);
    if (this.#list.childElementCount > MAX_LINES) this.#list.firstElementChild?.remove();
    if (follows) this.#list.scrollTop = this.#list.scrollHeight;
  }

  clear(): void {
    this.#list.replaceChildren();
  }
}

function part(tag: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8);
}
