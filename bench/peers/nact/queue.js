/** First in, first out. An array would move all its items for each one that is taken from the front. */
export class Queue {
  /** Only the items from `#head` on are in the queue. */
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
