/** What `isopod top` shows, and what each key changes. It knows no terminal. */
import type { ActorPage, SortKey } from "../../../web/observer/protocol.ts";
import { INTERRUPTED } from "../relaunch.ts";
import { type Position, positionAfter, TOP } from "./observer-client.ts";

const sortKeyOf: Readonly<Record<string, SortKey>> = {
  i: "items",
  s: "rate",
  u: "cpu",
  b: "bytes",
  r: "reductions",
  m: "memory",
  l: "links",
  a: "age",
  p: "pid",
  n: "name",
};
const [UP, DOWN, PAGE_UP, PAGE_DOWN] = ["\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~"];
const [ENTER, ESCAPE, CONTROL_C] = ["\r", "\x1b", "\x03"];
const BACKSPACES = ["\x7f", "\b"];

/** They fit into 80 columns. */
export const HINT = "q)uit /)filter c)rashes ↑↓ PgUp PgDn  by i)tems s)/sec u)sed CPU a)ge p)id n)ame";
export const CRASHES_HINT = "q)uit /)filter c) back to actors ↑↓ PgUp PgDn";
export const TYPING_HINT = "Enter keeps the filter, Esc clears it";

export class ViewState {
  sort: SortKey;
  isReversed = false;
  filter: string;
  isTyping = false;
  showsCrashes = false;
  position: Position = TOP;
  /** The first line of the crashes that is shown. */
  firstLine = 0;
  /** Where the pages before this one begin. */
  #before: Position[] = [];

  constructor(sort: SortKey, filter: string) {
    this.sort = sort;
    this.filter = filter;
  }

  get hint(): string {
    if (this.isTyping) return TYPING_HINT;
    return this.showsCrashes ? CRASHES_HINT : HINT;
  }

  /**
   * @param page the actors that are shown; undefined before the first answer
   * @param room how many lines a page has
   * @returns an exit code, if the key ends the command
   */
  press(key: string, page: ActorPage | undefined, room: number): number | undefined {
    if (key === CONTROL_C) return INTERRUPTED;
    if (this.isTyping) {
      this.#type(key);
      return undefined;
    }
    if (key === "q") return 0;
    if (key === "/") this.isTyping = true;
    else if (key === "c") this.#showCrashes(!this.showsCrashes);
    else if (this.showsCrashes) this.#scrollCrashes(key, room);
    else if (Object.hasOwn(sortKeyOf, key)) this.#sortBy(sortKeyOf[key]);
    else this.#scroll(key, page);
    return undefined;
  }

  #type(key: string): void {
    if (key === ENTER || key === ESCAPE) this.isTyping = false;
    if (key === ESCAPE) this.filter = "";
    else if (BACKSPACES.includes(key)) this.filter = [...this.filter].slice(0, -1).join("");
    // Arrows and the like begin with a control character.
    else if (!/^\p{Cc}/u.test(key)) this.filter += key;
    this.#toTop();
  }

  #showCrashes(showsCrashes: boolean): void {
    this.showsCrashes = showsCrashes;
    this.firstLine = 0;
  }

  #sortBy(key: SortKey): void {
    this.isReversed = key === this.sort && !this.isReversed;
    this.sort = key;
    this.#toTop();
  }

  #scrollCrashes(key: string, room: number): void {
    const step = { [UP]: -1, [DOWN]: 1, [PAGE_UP]: -room, [PAGE_DOWN]: room }[key] ?? 0;
    this.firstLine = Math.max(0, this.firstLine + step);
  }

  #scroll(key: string, page: ActorPage | undefined): void {
    const next = page && positionAfter(page, this.position);
    if (key === UP && this.position.from > 0) {
      this.position = { ...this.position, from: this.position.from - 1 };
    } else if (key === DOWN && next?.at === this.position.at) {
      this.position = { ...this.position, from: this.position.from + 1 };
    } else if ((key === DOWN || key === PAGE_DOWN) && next !== undefined) {
      this.#before.push(this.position);
      this.position = next;
    } else if (key === UP || key === PAGE_UP) {
      this.position = this.#before.pop() ?? TOP;
    }
  }

  #toTop(): void {
    this.position = TOP;
    this.#before = [];
    this.firstLine = 0;
  }
}
