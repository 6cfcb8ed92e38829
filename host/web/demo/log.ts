/**
 * The log of a scene: lines of guests, restarts by the supervisor, answers. It scrolls to a new
 * line unless the reader has scrolled up.
 */
import { byId, el } from "../page/dom.ts";
import { timeOfDay } from "../page/text.ts";

const MAX_LINES = 300;

export class Log {
  readonly #list = byId("log");

  add(kind: string, who: string, text: string): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    const follows = scrollHeight - scrollTop - clientHeight < 30;
    const time = el("time", {}, timeOfDay(Date.now()));
    this.#list.append(el("li", { "data-kind": kind }, time, el("b", {}, who), el("span", {}, text)));
    if (this.#list.childElementCount > MAX_LINES) this.#list.firstElementChild?.remove();
    if (follows) this.#list.scrollTop = this.#list.scrollHeight;
  }

  clear(): void {
    this.#list.replaceChildren();
  }
}
