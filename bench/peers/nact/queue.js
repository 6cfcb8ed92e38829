/** First in, first out. Taking from the front of a long array would move all the rest of it. */
export class Queue {
  /** Only those from `#head` on are waiting. */
  #items = [];
  #head = 0;

  constructor(items = []) {
    this.#items = items;
  }

  get length() {
    return this.#items.length - this.#head;
  }

  push(item) {
    this.#items.push(item);
  }

  /** The first, or undefined. */
  shift() {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    }
    return item;
  }
}
