/** Says which part of a long list is shown, and turns its pages. */
import { button, el, setText } from "../page/dom.ts";
import { count } from "../page/text.ts";
import type { ActorPage } from "./protocol.ts";

export class Pager {
  /** The pid at which the page begins, without brackets; "": the first page. */
  at = "";
  readonly #host: HTMLElement;
  readonly #note = el("span", {});
  readonly #first: HTMLButtonElement;
  readonly #next: HTMLButtonElement;
  #nextAt = "";

  /** @param turned is called after a button was pressed */
  constructor(host: HTMLElement, turned: () => void) {
    const turn = (at: string) => {
      this.at = at;
      turned();
    };
    this.#host = host;
    this.#first = button("First page", {}, () => turn(""));
    this.#next = button("Next page", {}, () => turn(this.#nextAt));
    host.replaceChildren(this.#note, this.#first, this.#next);
  }

  /** @param inPids whether the rows are in the order of pids, in which another page can follow */
  show({ total, matching, next }: ActorPage, inPids: boolean): void {
    this.#nextAt = next === undefined || !inPids ? "" : next.replaceAll(/[<>]/g, "");
    this.#host.hidden = this.at === "" && total >= matching;
    setText(this.#note, `${inPids ? "" : "the first "}${count(total)} of ${count(matching)}`);
    this.#first.hidden = this.at === "";
    this.#next.hidden = this.#nextAt === "";
  }

  hide(): void {
    this.at = "";
    this.#host.hidden = true;
  }
}
